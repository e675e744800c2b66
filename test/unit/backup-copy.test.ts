import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { SqliteStore } from '../../src/stores/sqlite/store.js';
import { event, page } from '../conformance/pages.js';
import { called, inOwnFolder } from './support/called.js';

it('a backup is copied without --force, a store that is collected into is not, and neither is one made of a backup', async () => {
  const folder = inOwnFolder();
  vi.stubEnv('TRAWL_DATA', folder);
  const store = new SqliteStore(join(folder, 'trawl.db'));
  await store.writePage(page([event('a')]));
  await store.expectRuns('asa', { cron: '* * * * *', tick: null });
  const copy = (from: string, to: string) => called('store', 'copy', `sqlite:${from}`, `sqlite:${to}`);
  const refused = { code: 1, stderr: expect.stringContaining('is still collected into: asa') };
  expect(await copy('trawl.db', 'a.db')).toMatchObject(refused);
  expect(await called('store', 'backup', 'backup.db')).toMatchObject({ code: 0 });
  expect(await copy('backup.db', 'b.db')).toMatchObject({ code: 0 });
  // It was opened and read by that, and is still a backup.
  expect(await copy('backup.db', 'c.db')).toMatchObject({ code: 0 });
  await store.close();
  vi.stubEnv('TRAWL_STORE', 'sqlite:restored.db');
  expect(await called('store', 'restore', 'backup.db')).toMatchObject({ code: 0 });
  expect(await copy('restored.db', 'd.db')).toMatchObject(refused);
  // A backup that a worker uses as its store is one from then on.
  const used = new SqliteStore(join(folder, 'backup.db'));
  await used.beginWork();
  await used.close();
  expect(await copy('backup.db', 'e.db')).toMatchObject(refused);
});
