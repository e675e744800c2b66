import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { OwnFilter } from '../../src/filter/filter.js';
import { parseFilter } from '../../src/filter/parse.js';
import { DatabaseSync } from '../../src/sqlite-driver.js';
import { backUp } from '../../src/stores/sqlite/backup.js';
import { SqliteDatabase } from '../../src/stores/sqlite/database.js';
import { selectEvents, selectLatest } from '../../src/stores/sqlite/events.js';
import { SqliteStore } from '../../src/stores/sqlite/store.js';
import { anchorsSuite } from './anchors-suite.js';
import { clearingSuite } from './clearing-suite.js';
import { eventsSuite } from './events-suite.js';
import { offloadSuite } from './offload-suite.js';
import { event, page } from './pages.js';
import { proofFactsSuite } from './proof-facts-suite.js';
import { proofSuite } from './proof-suite.js';
import { provenFilesSuite } from './proven-files-suite.js';
import { type StoreUnderTest, storeSuite } from './store-suite.js';

async function create(): Promise<StoreUnderTest> {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-store-'));
  return {
    open: async () => new SqliteStore(join(folder, 'trawl.db')),
    execute: async (sql) => {
      const db = new DatabaseSync(join(folder, 'trawl.db'));
      db.exec(sql);
      db.close();
    },
    remove: async () => rmSync(folder, { recursive: true }),
  };
}

storeSuite('SQLite', create);
eventsSuite('SQLite', create);
offloadSuite('SQLite', create);
proofSuite('SQLite', create);
anchorsSuite('SQLite', create);
provenFilesSuite('SQLite', create);
proofFactsSuite('SQLite', create);
clearingSuite('SQLite', create, 100);

describe('a SQLite file', () => {
  function path(): string {
    const folder = mkdtempSync(join(tmpdir(), 'trawl-store-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    return join(folder, 'trawl.db');
  }

  it('of a newer version is refused', () => {
    const file = path();
    new SqliteStore(file).close();
    const db = new DatabaseSync(file);
    db.exec('PRAGMA user_version = 99');
    db.close();
    expect(() => new SqliteStore(file)).toThrow(
      expect.objectContaining({ code: 'STORE_NEWER', hint: expect.stringContaining('Upgrade') }),
    );
  });

  it('that is not a database is refused, and left unchanged', () => {
    const file = path();
    writeFileSync(file, 'no database at all '.repeat(100));
    expect(() => new SqliteStore(file)).toThrow(expect.objectContaining({ code: 'STORE_CORRUPT' }));
  });

  it('in a folder that cannot be created is refused', () => {
    const file = path();
    writeFileSync(file, '');
    expect(() => new SqliteStore(join(file, 'below', 'trawl.db'))).toThrow(
      expect.objectContaining({ code: 'STORE_READ_ONLY' }),
    );
  });

  it('on a full disk fails a write as a whole, and writes when there is room again', async () => {
    const file = path();
    const db = new SqliteDatabase(file);
    const { page_count } = db.get<{ page_count: number }>('PRAGMA page_count')!;
    db.get(`PRAGMA max_page_count = ${page_count + 2}`);
    const fill = () =>
      db.transaction(() => {
        for (let n = 0; n < 100; n += 1)
          db.run('INSERT INTO audit_related_objects VALUES (?, ?, ?, ?, ?)', 'asa', `${n}`, '', 'x'.repeat(1_000), '');
      });
    expect(fill).toThrow(expect.objectContaining({ code: 'STORE_FULL', retry: true }));
    expect(db.get<{ n: number }>('SELECT count(*) AS n FROM audit_related_objects')!.n).toBe(0);
    db.get('PRAGMA max_page_count = 1000000');
    fill();
    expect(db.get<{ n: number }>('SELECT count(*) AS n FROM audit_related_objects')!.n).toBe(100);
    db.close();
  });

  it('that is opened to read stays unchanged and refuses writes', async () => {
    const file = path();
    await expect(async () => new SqliteStore(file, undefined, 'look')).rejects.toMatchObject({ code: 'STORE_FAILED' });
    await new SqliteStore(file).close();
    const before = readFileSync(file);
    const store = new SqliteStore(file, undefined, 'look');
    expect(await store.requestWait('p', { requests: 1, periodMs: 1_000 })).toBe(0);
    await expect(store.setSettings('asa', { searchCount: '1' }, [])).rejects.toMatchObject({ code: 'STORE_READ_ONLY' });
    await store.close();
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it('has all its events in a backup, also those that a walk was just writing', async () => {
    const file = path();
    const store = new SqliteStore(file);
    onTestFinished(() => store.close());
    await store.writePage(page([event('a')], { more: true, nextOffset: 'next', followed: true }));
    backUp(file, `${file}.backup`);
    const backup = new SqliteStore(`${file}.backup`);
    onTestFinished(() => backup.close());
    const events = await backup.events({ collector: 'asa', afterSeq: 0 }, 10);
    expect(events.map(({ id }) => id)).toEqual(['a']);
  });

  it('can be migrated by two processes that start at once', async () => {
    const file = path();
    const script = `import { SqliteStore } from './dist/src/stores/sqlite/store.js'; await new SqliteStore(${JSON.stringify(file)}).close();`;
    const start = () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    await Promise.all([start(), start(), start(), start()]);
    const store = new SqliteStore(file);
    expect(await store.collectors()).toEqual([]);
    await store.close();
  });
});

describe('SQLite finds events by an index', () => {
  /** The plan of the statement that the reader runs. */
  function planOf(read: (db: SqliteDatabase) => unknown): string {
    const folder = mkdtempSync(join(tmpdir(), 'trawl-store-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const db = new SqliteDatabase(join(folder, 'trawl.db'));
    onTestFinished(() => void db.close());
    let plan = '';
    const explained = {
      get: () => undefined,
      arrays: (sql: string, ...values: string[]) => {
        const steps = db.arrays(`EXPLAIN QUERY PLAN ${sql}`, ...values);
        plan = steps.map((step) => step.at(-1)).join('\n');
        return [];
      },
    };
    read(explained as unknown as SqliteDatabase);
    return plan;
  }
  const all = { collector: 'asa', afterSeq: 0 };
  const where = (query: string) => ({ ...all, where: parseFilter(query) as OwnFilter });

  it.each([
    ['the newest', all, /audit_events_time \(collector=\?\)/],
    ['the newest that match', where('user:ada -type:auth.*'), /audit_events_time \(collector=\?\)/],
    ['the newest of some time', { ...all, sinceNs: 1n }, /audit_events_time \(collector=\? AND time_ns>\?\)/],
  ] as const)('%s, without sorting', (_, filter, index) => {
    const plan = planOf((db) => selectLatest(db, filter, 20));
    expect(plan).toMatch(index);
    expect(plan).not.toMatch(/TEMP B-TREE|SCAN audit_/);
  });

  it('one by its id', () => {
    for (const select of [selectLatest, selectEvents]) {
      const plan = planOf((db) => select(db, where('id:a id:b user:ada'), 20));
      expect(plan).toMatch(/audit_events_seq \(collector=\? AND seq=\?\)/);
      expect(plan.match(/audit_event_ids_\d USING PRIMARY KEY \(digest=\?\)/g)).toHaveLength(3);
    }
  });
});
