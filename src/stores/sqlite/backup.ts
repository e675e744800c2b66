import {
  closeSync,
  existsSync,
  fchmodSync,
  fchownSync,
  mkdirSync,
  openSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { draftBeside, removeDeadDrafts } from '../../drafts.js';
import { reasonOf, TrawlError } from '../../errors.js';
import { DatabaseSync, type DatabaseSyncInstance } from '../../sqlite-driver.js';
import { afterCleared } from '../sql/seen-events.js';
import { backupMark, migrations } from './migrations.js';
import { holdUnused, putInPlace, refused, sync } from './replace.js';

/** Summary of a backup. */
export interface BackedUp {
  schema: number;
  bytes: number;
  collectors: { collector: string; events: number; lastSeq: number; lastDateTime: string | null }[];
  /** Cursor of each sink. */
  sinks: { collector: string; sink: string; lastSeq: number }[];
}

/** The version of the schema that has `audit_checkpoints.durable_seq`. */
const durableSchema = 8;

/** Longest wait of a read for a writer; ms. */
const busyTimeoutMs = 10_000;

/** Side files of a previous database that were moved out of the way, by their new names. */
export interface Aside {
  aside: string[];
}

/**
 * Copies a consistent snapshot of the store to a file while others read and write the store. The file appears complete
 * or not at all, has been verified, and is readable by its owner only.
 * @throws TrawlError BACKUP_REFUSED, or as the store's own errors
 */
export function backUp(
  from: string,
  to: string,
  { force = false, now = new Date() }: { force?: boolean; now?: Date } = {},
): BackedUp & Aside {
  const target = placeOf(to);
  if (!existsSync(from)) throw refused(`There is no store at ${from}.`, 'Correct TRAWL_STORE.');
  if (target === placeOf(from)) throw refused('That is the store itself.', 'Specify another file.');
  if (existsSync(target) && !force)
    throw refused(`${target} already exists.`, 'Specify another file, or replace this one with --force.');
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
 * Reads and verifies a whole backup.
 * @throws TrawlError BACKUP_REFUSED if it is not a store, is damaged, or comes from a newer version of Trawl
 */
function inspectBackup(path: string): BackedUp {
  if (!existsSync(path)) throw refused(`There is no file ${path}.`, 'Specify the path of a backup.');
  let db: DatabaseSyncInstance | undefined;
  try {
    db = new DatabaseSync(path, { readOnly: true });
    const schema = requireStore(db, path);
    const [{ quick_check: said }] = db.prepare('PRAGMA quick_check(1)').all() as [{ quick_check: string }];
    if (said !== 'ok') throw refused(`${path} is damaged: ${said}.`, 'Take another backup.');
    const hasClearings = db.prepare(`SELECT 1 FROM sqlite_master WHERE name = 'clearings'`).get() !== undefined;
    const collectors = db
      .prepare(
        `SELECT collector, last_seq AS lastSeq, last_date_time AS lastDateTime,
           (SELECT COUNT(*) FROM audit_events e
            WHERE e.collector = c.collector AND e.seq > ${hasClearings ? afterCleared('c.collector') : 0}) AS events
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
 * Replaces the store with a backup. The replaced files are kept beside it.
 * @returns a summary of the backup, and the path of the replaced store; null if there was none
 * @throws TrawlError BACKUP_REFUSED if the backup is unusable, the store is in use, or it has events without `force`
 */
export function restore(
  from: string,
  to: string,
  { force = false, now = new Date() }: { force?: boolean; now?: Date } = {},
): BackedUp & Aside & { replaced: string | null } {
  const found = inspectBackup(from);
  const target = placeOf(to);
  if (target === placeOf(from)) throw refused('That is the store itself.', 'Specify a backup.');
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

/** The path with symbolic links resolved: SQLite keeps its side files beside the target of a link. */
function placeOf(path: string): string {
  return existsSync(path) ? realpathSync(path) : resolve(path);
}

const keptName = (path: string, now: Date) => `${path}.replaced-${now.toISOString().replace(/[:.]/g, '-')}`;

/** Not an equality check: a worker that has started meanwhile may have stored more. */
function requireAll(has: BackedUp, wanted: BackedUp, path: string): void {
  const lacking = wanted.collectors.filter(
    ({ collector, events, lastSeq }) =>
      !has.collectors.some((one) => one.collector === collector && one.events >= events && one.lastSeq >= lastSeq),
  );
  if (lacking.length > 0)
    throw refused(
      `${path} lacks events of the backup (${lacking.map(({ collector }) => collector).join(', ')}).`,
      'Check the disk and the system log, then restore again.',
    );
}

/**
 * Uses `VACUUM INTO`. A plain copy of the file would miss the WAL, and SQLite's backup API restarts whenever another
 * process writes.
 */
function copyInto(draft: string, from: string, replacing?: string): void {
  // Created here with tight permissions, so that no other user can ever read it.
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
  finishCopy(draft, replacing === undefined);
  sync(draft);
}

/**
 * What a walk had written, but not yet waited for, is on the disk with this file: nothing of it may stay unseen. A backup
 * is marked as one, and a store that is made from it is not.
 */
function finishCopy(path: string, isBackup: boolean): void {
  const db = new DatabaseSync(path);
  try {
    db.exec(`PRAGMA application_id = ${isBackup ? backupMark : 0}`);
    if (requireStore(db, path) >= durableSchema) db.exec('UPDATE audit_checkpoints SET durable_seq = NULL');
  } finally {
    db.close();
  }
}

/** Copies mode, owner and group, so that those who could open the replaced store can open the restored one. */
function takeRights(file: number, { mode, uid, gid }: { mode: number; uid: number; gid: number }): void {
  fchmodSync(file, 0o600);
  try {
    fchownSync(file, uid, gid);
    fchmodSync(file, 0o600 | (mode & 0o060));
  } catch {
    // Only root can change the owner.
  }
}

/** Runs `body` with the name of a temporary file beside the target, and removes that file afterwards. */
function drafted<T>(target: string, verb: string, body: (draft: string) => T): T {
  let draft: string | undefined;
  try {
    if (verb === 'replaced') mkdirSync(dirname(target), { recursive: true });
    removeDeadDrafts(target);
    draft = draftBeside(target);
    return body(draft);
  } catch (error) {
    if (error instanceof TrawlError) throw error;
    const hint = 'Free space there, correct the permissions, or specify another file.';
    throw refused(`${target} cannot be ${verb}: ${reasonOf(error)}.`, hint, error);
  } finally {
    if (draft) rmSync(draft, { force: true });
  }
}

/** @returns the version of its schema */
function requireStore(db: DatabaseSyncInstance, path: string): number {
  const schema = Number(db.prepare('PRAGMA user_version').get().user_version);
  const { n } = db.prepare(`SELECT COUNT(*) AS n FROM sqlite_master WHERE name = 'audit_checkpoints'`).get();
  if (Number(n) === 0 || schema < 1) throw refused(`${basename(path)} is not a Trawl store.`, 'Specify another file.');
  if (schema > migrations.length)
    throw refused(`${basename(path)} was written by a newer version of Trawl.`, 'Upgrade this installation first.');
  return schema;
}
