import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { endsStatement } from '../../src/query/statement.js';
import { SqliteStore } from '../../src/stores/sqlite/store.js';
import { answerTo } from '../support/query.js';
import { querySuite } from './query-suite.js';

async function create() {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-query-'));
  const path = join(folder, 'trawl.db');
  const store = new SqliteStore(path);
  onTestFinished(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });
  return { store, place: { kind: 'sqlite' as const, name: path, path }, folder };
}

querySuite('SQLite', create, [
  "ATTACH '/etc/passwd' AS other",
  "VACUUM INTO '/tmp/trawl-must-not-be-there.db'",
  'PRAGMA journal_mode = DELETE',
  'PRAGMA query_only = 0',
  'CREATE TEMP TABLE x (a)',
  "SELECT load_extension('x')",
  'BEGIN IMMEDIATE',
]);

it('a query writes no file', async () => {
  const { folder, place } = await create();
  const target = join(folder, 'copy.db');
  await expect(answerTo(place, `VACUUM INTO '${target}'`)).rejects.toThrow('it may only read');
  expect(existsSync(target)).toBe(false);
});

it.each([
  ['SELECT 1;', true],
  ['SELECT 1; ', true],
  ['SELECT 1; -- more', true],
  ['SELECT 1', false],
  ["SELECT ';", false],
  ["SELECT 'it''s;'", false],
  ['SELECT 1 /* ;', false],
  ['SELECT "a;b";', true],
  ['-- only this;', false],
])('whether %j ends a statement: %s', (sql, ends) => {
  expect(endsStatement(sql)).toBe(ends);
});
