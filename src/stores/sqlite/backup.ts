import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { reasonOf, TrawlError } from '../../errors.js';
import { isAlive } from '../../temporal/processes.js';
import { migrations } from './migrations.js';

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

/**
 * A copy of the store as it is at one moment, in a file of its own, while others read and write it. The file is there
 * as a whole or not at all, has been read back, and is for its owner only.
 *
 * `VACUUM INTO` and not SQLite's backup API: that one begins again whenever another process has written.
 * @throws TrawlError BACKUP_REFUSED, or as the store's own errors
 */
export function backUp(from: string, to: string, { force = false }: { force?: boolean } = {}): BackedUp {
  const target = resolve(to);
  if (!existsSync(from)) throw refused(`There is no store at ${from}.`, 'Name the right one in TRAWL_STORE.');
  if (target === resolve(from)) throw refused('That is the store itself.', 'Name another file.');
  if (existsSync(target) && !force)
    throw refused(`${target} is there already.`, 'Name another file, or replace it with --force.');
  const draft = draftOf(target);
  try {
    // Made here so that nobody else could ever read it.
    closeSync(openSync(draft, 'w', 0o600));
    const db = new DatabaseSync(from, { timeout: busyTimeoutMs, readOnly: true });
    try {
      requireStore(db, from);
      db.prepare('VACUUM INTO ?').run(draft);
    } finally {
      db.close();
    }
    const found = inspectBackup(draft);
    sync(draft);
    renameSync(draft, target);
    sync(dirname(target));
    return found;
  } catch (error) {
    if (error instanceof TrawlError) throw error;
    throw refused(`${target} cannot be written: ${reasonOf(error)}.`, 'Make room there, or name another file.', error);
  } finally {
    rmSync(draft, { force: true });
  }
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
): BackedUp & { replaced: string | null } {
  const found = inspectBackup(from);
  const draft = draftOf(to);
  const kept = `${to}.replaced-${now.toISOString().replace(/[:.]/g, '-')}`;
  try {
    mkdirSync(dirname(to), { recursive: true });
    const exists = existsSync(to);
    if (exists) requireUnused(to, force);
    copyFileSync(from, draft, constants.COPYFILE_FICLONE);
    chmodSync(draft, 0o600);
    sync(draft);
    if (exists) linkSync(to, kept);
    // At once: there is always the one store or the other.
    renameSync(draft, to);
    sync(dirname(to));
    return { ...found, replaced: exists ? kept : null };
  } catch (error) {
    if (error instanceof TrawlError) throw error;
    throw refused(`${to} cannot be replaced: ${reasonOf(error)}.`, 'Make room there, or correct the rights.', error);
  } finally {
    rmSync(draft, { force: true });
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

/** Whoever has the store open would go on with a file that is not its own any more. */
function requireUnused(path: string, force: boolean): void {
  const db = new DatabaseSync(path, { timeout: 0 });
  try {
    const events = db.prepare(`SELECT COUNT(*) AS n FROM sqlite_master WHERE name = 'audit_events'`).get();
    const holds = Number(events.n) > 0 && db.prepare('SELECT 1 FROM audit_events LIMIT 1').get() !== undefined;
    if (holds && !force)
      throw refused(
        `The store ${path} has events.`,
        'Use --force to put the backup in its place; what is there now is kept beside it.',
      );
    // Leaving WAL takes the file for itself, and writes all of the WAL back into it.
    const { journal_mode: mode } = db.prepare('PRAGMA journal_mode = DELETE').get() as { journal_mode: string };
    if (mode !== 'delete') throw inUse(path);
  } catch (error) {
    if (error instanceof TrawlError) throw error;
    if (/locked|busy/i.test(reasonOf(error))) throw inUse(path, error);
    // A store that is damaged is what a backup is for.
    if (!force)
      throw refused(`The store ${path} cannot be read: ${reasonOf(error)}.`, 'Replace it with --force.', error);
  } finally {
    db.close();
  }
}

function inUse(path: string, cause?: unknown): TrawlError {
  return refused(`The store ${path} is in use.`, 'End "trawl up" and every worker first.', cause);
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

function sync(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function refused(problem: string, hint: string, cause?: unknown): TrawlError {
  return new TrawlError('BACKUP_REFUSED', problem, { hint, cause });
}
