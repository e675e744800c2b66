import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  cpSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { root } from '../../scripts/setup.mjs';
import { DatabaseSync, type DatabaseSyncInstance } from '../../src/sqlite-driver.js';
import { backUp, restore } from '../../src/stores/sqlite/backup.js';
import { SqliteStore } from '../../src/stores/sqlite/store.js';
import { event, page } from '../conformance/pages.js';

const [backedUp, later] = [300, 200];

/**
 * A folder with a backup, and a store whose last commits are only in its WAL, as after a kill.
 * @param pageOne true if the WAL has the first page of the file, without which a damaged file cannot be read
 */
async function killedStore(pageOne = true) {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-restore-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [live, path, backup] = ['live.db', 'trawl.db', 'backup.db'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const store = new SqliteStore(live);
  const write = (from: number, count: number) =>
    store.writePage(page(Array.from({ length: count }, (_, n) => event(`e${from + n}`))));
  await write(0, backedUp);
  backUp(live, backup);
  if (!pageOne) await write(backedUp, later);
  const db = new DatabaseSync(live);
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  if (pageOne) await write(backedUp, later);
  db.exec("UPDATE audit_events SET type = 'of the former store' WHERE seq = 1");
  for (const end of ['', '-wal', '-shm']) cpSync(live + end, path + end);
  db.close();
  await store.close();
  for (const name of readdirSync(folder)) if (name.startsWith('live')) rmSync(join(folder, name));
  return { folder, path, backup };
}

function overwrite(path: string, at: number, bytes: number): void {
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(bytes, 0x5a), 0, bytes, at);
  closeSync(file);
}

/** The WAL of a different database. */
async function otherWal(path: string): Promise<void> {
  const other = await killedStore();
  cpSync(`${other.path}-wal`, `${path}-wal`);
}

const scenes: Record<string, (path: string) => void | Promise<void>> = {
  'is intact': () => undefined,
  'has a damaged header': (path) => overwrite(path, 0, 4_096),
  'has a damaged header, and no other in its WAL': (path) => overwrite(path, 0, 4_096),
  'is damaged in its first page': (path) => overwrite(path, 100, 3_996),
  'is missing': (path) => rmSync(path),
  'is empty': (path) => truncateSync(path),
  'is missing, but its journal is there': (path) => {
    rmSync(path);
    cpSync(`${path}-wal`, `${path}-journal`);
  },
  'is not a database': (path) => writeFileSync(path, 'not a database, whatever its name says, and rather long as well'),
};

/** A store's contents, or the reason why it cannot be read. */
function contentOf(path: string): string {
  if (!existsSync(path)) return 'gone';
  // Reads a copy, since SQLite changes files as it reads them.
  const folder = mkdtempSync(join(tmpdir(), 'trawl-read-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const copy = join(folder, 'copy.db');
  for (const end of ['', '-wal', '-journal']) if (existsSync(path + end)) cpSync(path + end, copy + end);
  let db: DatabaseSyncInstance | undefined;
  try {
    db = new DatabaseSync(copy);
    const { n } = db.prepare('SELECT count(*) AS n FROM audit_events').get() as { n: number };
    const [{ quick_check: check }] = db.prepare('PRAGMA quick_check').all() as [{ quick_check: string }];
    const [former] = db.prepare("SELECT 1 FROM audit_events WHERE type = 'of the former store'").all();
    return `${n} events, ${check}${former ? ', the former store' : ''}`;
  } catch {
    return 'damaged';
  } finally {
    db?.close();
  }
}

const theBackup = `${backedUp} events, ok`;
const theStore = `${backedUp + later} events, ok, the former store`;
const digest = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
const digests = (folder: string) => readdirSync(folder).map((name) => digest(join(folder, name)));

/** @returns false if it was killed */
async function run(verb: string, from: string, to: string, nth: number): Promise<boolean> {
  try {
    const script = join(root, 'test', 'fault', 'crashing-restore.mjs');
    await promisify(execFile)(process.execPath, [script, verb, from, to, String(nth)]);
    return true;
  } catch (error) {
    if ((error as { signal?: string }).signal === 'SIGKILL') return false;
    throw error;
  }
}

describe.each(Object.entries(scenes))('a restore when the store %s', (what, prepare) => {
  const killed = () => killedStore(!what.endsWith('no other in its WAL'));

  it('puts the backup in place and moves every file of the former store away without losing one', async () => {
    const { folder, path, backup } = await killed();
    await prepare(path);
    const before = contentOf(path);
    const [wal, main] = [`${path}-wal`, path].map((each) => existsSync(each) && digest(each));
    const { replaced, aside } = restore(backup, path, { force: true });
    expect(contentOf(path)).toBe(theBackup);
    expect(readdirSync(folder).filter((name) => /^trawl\.db-/.test(name))).toEqual([]);
    for (const each of aside) expect(existsSync(each)).toBe(true);
    expect(replaced === null).toBe(main === false);
    if (before === 'damaged') expect(digests(folder)).toEqual(expect.arrayContaining([wal, main]));
    if (replaced) expect(contentOf(replaced)).toBe(before);
    const store = new SqliteStore(path);
    expect(await store.eventCount('asa')).toBe(backedUp);
    await store.close();
  });

  it('leaves either the old store or the backup when it is killed, and can be repeated', async () => {
    for (let nth = 1; ; nth += 1) {
      const { folder, path, backup } = await killed();
      await prepare(path);
      const before = contentOf(path);
      // If SQLite can read the WAL, it also writes it into the file.
      const former = before === theStore ? [] : [path, `${path}-wal`].filter((each) => existsSync(each)).map(digest);
      const finished = await run('restore', backup, path, nth);
      expect([before, theBackup], `step ${nth}`).toContain(contentOf(path));
      expect(digests(folder), `step ${nth}`).toEqual(expect.arrayContaining(former));
      if (finished) {
        expect(nth).toBeGreaterThan(5);
        return;
      }
      restore(backup, path, { force: true });
      expect(contentOf(path), `after step ${nth}`).toBe(theBackup);
      expect(readdirSync(folder).filter((name) => name.includes('.part'))).toEqual([]);
    }
  }, 120_000);
});

it('a store that is kept has its own WAL, and is itself a backup', async () => {
  const { path, backup } = await killedStore(false);
  const header = readFileSync(path).subarray(0, 4_096);
  overwrite(path, 0, 4_096);
  const { replaced } = restore(backup, path, { force: true });
  expect(contentOf(replaced!)).toBe('damaged');
  // As a person with an older copy of the file would.
  const file = openSync(replaced!, 'r+');
  writeSync(file, header, 0, header.length, 0);
  closeSync(file);
  expect(contentOf(replaced!)).toBe(theStore);
  restore(replaced!, path, { force: true });
  expect(contentOf(path)).toBe(theStore);
});

it('a backup leaves no WAL of a former one beside it, even if it is killed', async () => {
  for (const forced of [true, false]) {
    for (let nth = 1; ; nth += 1) {
      const { folder, path } = await killedStore();
      const copy = join(folder, 'copy.db');
      if (forced) writeFileSync(copy, 'no database');
      await otherWal(copy);
      const before = contentOf(copy);
      const finished = await run('backUp', path, copy, nth);
      expect([before, theStore]).toContain(contentOf(copy));
      if (!finished) continue;
      expect(contentOf(copy)).toBe(theStore);
      break;
    }
  }
}, 120_000);

it('a missing store is not recreated over the files that it left behind', async () => {
  const { path } = await killedStore();
  const wal = digest(`${path}-wal`);
  for (const remove of [truncateSync, rmSync] as ((path: string) => void)[]) {
    remove(path);
    for (const access of ['read', 'write', 'look'] as const)
      expect(() => new SqliteStore(path, undefined, access)).toThrow(
        expect.objectContaining({ code: 'STORE_CORRUPT', message: expect.stringContaining(`${path}-wal`) }),
      );
    expect(digest(`${path}-wal`)).toBe(wal);
  }
  rmSync(`${path}-wal`);
  await new SqliteStore(path).close();
});

it('a restored store uses a WAL again, and a store that is in use is not replaced', async () => {
  const { path, backup } = await killedStore();
  const db = new DatabaseSync(path);
  db.exec('BEGIN; SELECT * FROM audit_events');
  expect(() => restore(backup, path, { force: true })).toThrow(/is in use/);
  db.close();
  restore(backup, path, { force: true });
  await new SqliteStore(path).close();
  const restored = new DatabaseSync(path);
  expect(restored.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
  restored.close();
});

it('a store is not restored from itself, under any name', async () => {
  const { folder, path } = await killedStore();
  symlinkSync(path, join(folder, 'link.db'));
  expect(() => restore(join(folder, 'link.db'), path, { force: true })).toThrow(/the store itself/);
  expect(() => backUp(path, join(folder, 'link.db'), { force: true })).toThrow(/the store itself/);
});
