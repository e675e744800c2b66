import {
  closeSync,
  existsSync,
  fchmodSync,
  fchownSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { reasonOf, TrawlError } from '../../errors.js';
import { isAlive } from '../../processes.js';
import { migrations } from './migrations.js';
import { holdUnused, putInPlace, refused, sync } from './replace.js';

/** What a backup holds. */
export interface BackedUp {
  schema: number;
  bytes: number;
  collectors: { collector: string; events: number; lastSeq: number; lastDateTime: string | null }[];
  /** How far each sink had come. */
  sinks: { collector: string; sink: string; lastSeq: number }[];
}

/** Reading waits so long for somebody who writes; ms. */
const busyTimeoutMs = 10_000;

/** Files that lay beside the one that was put in place, of a database that was there before, by their new names. */
export interface Aside {
  aside: string[];
}

/**
 * A copy of the store as it is at one moment, in a file of its own, while others read and write it. The file is there
 * as a whole or not at all, has been read back, and is for its owner only.
 * @throws TrawlError BACKUP_REFUSED, or as the store's own errors
 */
export function backUp(
  from: string,
  to: string,
  { force = false, now = new Date() }: { force?: boolean; now?: Date } = {},
): BackedUp & Aside {
  const target = placeOf(to);
  if (!existsSync(from)) throw refused(`There is no store at ${from}.`, 'Name the right one in TRAWL_STORE.');
  if (target === placeOf(from)) throw refused('That is the store itself.', 'Name another file.');
  if (existsSync(target) && !force)
    throw refused(`${target} is there already.`, 'Name another file, or replace it with --force.');
  return drafted(target, 'written', (draft) => {
    const release = holdUnused(target, force);
    try {
      copyInto(draft, from);
      const found = inspectBackup(draft);
      return { ...found, aside: putInPlace(draft, target, keptName(target, now), false) };
    } finally {
      release();
    }
  });
}

/**
 * Reads a backup from end to end.
 * @throws TrawlError BACKUP_REFUSED where it is no store, is damaged, or a newer version of Trawl made it
 */
export function inspectBackup(path: string): BackedUp {
  if (!existsSync(path)) throw refused(`There is no file ${path}.`, 'Name the backup.');
  let db: DatabaseSyncInstance | undefined;
  try {
    db = new DatabaseSync(path, { readOnly: true });
    const schema = requireStore(db, path);
    const [{ quick_check: said }] = db.prepare('PRAGMA quick_check(1)').all() as [{ quick_check: string }];
    if (said !== 'ok') throw refused(`${path} is damaged: ${said}.`, 'Take another backup.');
    const collectors = db
      .prepare(
        `SELECT collector, last_seq AS lastSeq, last_date_time AS lastDateTime,
           (SELECT COUNT(*) FROM audit_events e WHERE e.collector = c.collector) AS events
         FROM audit_checkpoints c ORDER BY collector`,
      )
      .all() as unknown as BackedUp['collectors'];
    const hasSinks = schema >= 5;
    const sinks = hasSinks
      ? db
          .prepare(
            `SELECT collector, sink, last_seq AS lastSeq FROM offload_cursors WHERE series = '' ORDER BY collector, sink`,
          )
          .all()
      : [];
    return { schema, bytes: statSync(path).size, collectors, sinks: sinks as unknown as BackedUp['sinks'] };
  } catch (error) {
    if (error instanceof TrawlError) throw error;
    throw refused(`${path} cannot be read as a store: ${reasonOf(error)}.`, 'Take another backup.', error);
  } finally {
    db?.close();
  }
}

/**
 * Puts a backup in the place of the store. What was there is kept beside it.
 * @returns what the backup holds, and where the replaced store is now; null where there was none
 * @throws TrawlError BACKUP_REFUSED where the backup is no good, the store is in use, or has events and `force` is not set
 */
export function restore(
  from: string,
  to: string,
  { force = false, now = new Date() }: { force?: boolean; now?: Date } = {},
): BackedUp & Aside & { replaced: string | null } {
  const found = inspectBackup(from);
  const target = placeOf(to);
  if (target === placeOf(from)) throw refused('That is the store itself.', 'Name its backup.');
  return drafted(target, 'replaced', (draft) => {
    const release = holdUnused(target, force);
    try {
      copyInto(draft, from, target);
      requireAll(inspectBackup(draft), found, draft);
      const replaced = existsSync(target) ? keptName(target, now) : null;
      const aside = putInPlace(draft, target, keptName(target, now), true);
      requireAll(inspectBackup(target), found, target);
      return { ...found, replaced, aside };
    } finally {
      release();
    }
  });
}

/** Without symbolic links: SQLite has its files beside the one that they lead to. */
function placeOf(path: string): string {
  return existsSync(path) ? realpathSync(path) : resolve(path);
}

const keptName = (path: string, now: Date) => `${path}.replaced-${now.toISOString().replace(/[:.]/g, '-')}`;

/** A worker that has started meanwhile may have stored more. */
function requireAll(has: BackedUp, wanted: BackedUp, path: string): void {
  const lacking = wanted.collectors.filter(
    ({ collector, events, lastSeq }) =>
      !has.collectors.some((one) => one.collector === collector && one.events >= events && one.lastSeq >= lastSeq),
  );
  if (lacking.length > 0)
    throw refused(
      `${path} lacks events of the backup (${lacking.map(({ collector }) => collector).join(', ')}).`,
      'Look at the disk and the system log, and restore again.',
    );
}

/**
 * `VACUUM INTO`, and neither a copy of the file, which may have a WAL, nor SQLite's backup API, which begins again
 * whenever another process has written.
 */
function copyInto(draft: string, from: string, replacing?: string): void {
  rmSync(draft, { force: true });
  // Made here so that nobody else could ever read it.
  const file = openSync(draft, 'wx', replacing ? 0o640 : 0o600);
  try {
    if (replacing && existsSync(replacing)) takeRights(file, statSync(replacing));
  } finally {
    closeSync(file);
  }
  const db = new DatabaseSync(from, { timeout: busyTimeoutMs, readOnly: true });
  try {
    requireStore(db, from);
    db.prepare('VACUUM INTO ?').run(draft);
  } finally {
    db.close();
  }
  sync(draft);
}

/** Its owner and group can open the restored store as they could the former one. */
function takeRights(file: number, { mode, uid, gid }: { mode: number; uid: number; gid: number }): void {
  fchmodSync(file, 0o600);
  try {
    fchownSync(file, uid, gid);
    fchmodSync(file, 0o600 | (mode & 0o060));
  } catch {
    // Only root can give a file away.
  }
}

/** Runs `body` with a name for a file beside the target; nothing is left of it. */
function drafted<T>(target: string, verb: string, body: (draft: string) => T): T {
  let draft: string | undefined;
  try {
    if (verb === 'replaced') mkdirSync(dirname(target), { recursive: true });
    draft = draftOf(target);
    return body(draft);
  } catch (error) {
    if (error instanceof TrawlError) throw error;
    const hint = 'Make room there, correct the rights, or name another file.';
    throw refused(`${target} cannot be ${verb}: ${reasonOf(error)}.`, hint, error);
  } finally {
    if (draft) rmSync(draft, { force: true });
  }
}

/** A name for what is not whole yet; what processes that died left of theirs goes. */
function draftOf(path: string): string {
  const [folder, name] = [dirname(path), basename(path)];
  for (const other of existsSync(folder) ? readdirSync(folder) : []) {
    const pid = other.startsWith(`${name}.`) ? /\.(\d+)\.part(-journal)?$/.exec(other)?.[1] : undefined;
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(folder, other), { force: true });
  }
  return `${path}.${process.pid}.part`;
}

/** @returns its schema's version */
function requireStore(db: DatabaseSyncInstance, path: string): number {
  const schema = Number(db.prepare('PRAGMA user_version').get().user_version);
  const { n } = db.prepare(`SELECT COUNT(*) AS n FROM sqlite_master WHERE name = 'audit_checkpoints'`).get();
  if (Number(n) === 0 || schema < 1) throw refused(`${basename(path)} is no store of Trawl.`, 'Name another file.');
  if (schema > migrations.length)
    throw refused(`${basename(path)} was written by a newer version of Trawl.`, 'Upgrade this installation first.');
  return schema;
}
