import { copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { DatabaseSync } from '../../src/sqlite-driver.js';
import { SqliteDatabase } from '../../src/stores/sqlite/database.js';
import { until } from '../support/collection.js';

const megabyte = 1_048_576;

function opened() {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-store-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'trawl.db');
  const db = new SqliteDatabase(path, 'write');
  const write = (key: string) =>
    db.transaction(() =>
      db.run(
        `INSERT INTO staged_pages (key, collector, "offset", generation, next_offset, body, staged_at)
         VALUES (?, 'asa', '', 0, '', ?, '')`,
        key,
        new Uint8Array(megabyte),
      ),
    );
  const walBytes = () => statSync(`${path}-wal`).size;
  return { path, db, write, walBytes };
}

it('the WAL is written back during writing, and begins anew', async () => {
  const { path, db, write, walBytes } = opened();
  const before = statSync(path).size;
  for (let page = 0; page < 40; page += 1) write(`first-${page}`);
  await until('it is in the file', () => statSync(path).size > before + 30 * megabyte);
  // On its own, the writing connection would let it grow to four times as much first.
  for (let page = 0; page < 60; page += 1) {
    write(`second-${page}`);
    await nextTurn();
  }
  await until('it is in the file', () => statSync(path).size > before + 60 * megabyte);
  expect(walBytes()).toBeLessThan(100 * megabyte);
  await db.close();
  const reader = new DatabaseSync(path, { readOnly: true });
  expect(reader.prepare('SELECT COUNT(*) AS n FROM staged_pages').get()).toMatchObject({ n: 100 });
  expect(reader.prepare('PRAGMA integrity_check').get()).toMatchObject({ integrity_check: 'ok' });
  reader.close();
}, 60_000);

it('closing waits for a write-back under way, and an unclosed one does not keep a process alive', async () => {
  const { path, db, write } = opened();
  for (let page = 0; page < 40; page += 1) write(`${page}`);
  await db.close();
  const reader = new DatabaseSync(path, { readOnly: true });
  expect(reader.prepare('SELECT COUNT(*) AS n FROM staged_pages').get()).toMatchObject({ n: 40 });
  reader.close();
});

it('a closed store is whole in its file, without what SQLite keeps beside it', async () => {
  const { path, db, write } = opened();
  write('one');
  await db.close();
  const copy = `${path}.copy`;
  copyFileSync(path, copy);
  const reader = new DatabaseSync(copy, { readOnly: true });
  expect(reader.prepare('SELECT COUNT(*) AS n FROM staged_pages').get()).toMatchObject({ n: 1 });
  reader.close();
});
