import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { SqliteStore } from '../../src/stores/sqlite/store.js';
import { Disk } from '../chaos/disk.js';

it('a store that is opened while its disk is read-only is written as soon as the disk is writable', async ({
  skip,
}) => {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-read-only-'));
  const disk = Disk.make(join(folder, 'disk'));
  onTestFinished(() => {
    disk.remove();
    rmSync(folder, { recursive: true });
  });
  if (!disk.small) skip('no file system of its own can be made here');
  const seen = { offset: '', generation: 0, digest: null };
  const before = new SqliteStore(join(folder, 'before.db'));
  await before.logIdleRun('asa', 'first', seen);
  // The files of a process that was killed, including its write-ahead log.
  for (const file of ['', '-wal', '-shm'])
    cpSync(join(folder, `before.db${file}`), join(disk.folder, `trawl.db${file}`));
  await before.close();
  disk.setReadOnly(true);

  const store = new SqliteStore(join(disk.folder, 'trawl.db'), undefined, 'write');
  onTestFinished(() => store.close());
  const readOnly = expect.objectContaining({ code: 'STORE_READ_ONLY' });
  await expect(store.logIdleRun('asa', 'second', seen)).rejects.toThrow(readOnly);
  await expect(store.checkpoint('asa')).rejects.toThrow(readOnly);

  disk.setReadOnly(false);
  await store.logIdleRun('asa', 'second', seen);
  expect(await store.executionLog({ limit: 10 })).toHaveLength(2);
});
