import { closeSync, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { reasonOf, TrawlError } from '../../errors.js';
import { holdersOf } from '../../processes.js';
import { DatabaseSync, type DatabaseSyncInstance } from '../../sqlite-driver.js';
import { sideFiles } from './side-files.js';

/** SQLite's primary result codes for a file that this process may not open; the file may well be intact. */
const notAllowed = [3, 8, 14];

/**
 * Locks a database exclusively, with all of its WAL written back. A process that still had it open would otherwise keep
 * using a file that is no longer the store.
 *
 * A damaged database can neither be locked nor be used by others; `force` lets it pass.
 * @returns a function that releases the lock
 * @throws TrawlError BACKUP_REFUSED if the database is in use, or has events and `force` is not set
 */
export function holdUnused(path: string, force: boolean): () => void {
  // SQLite deletes the WAL of an empty file.
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0) return () => undefined;
  let db: DatabaseSyncInstance | undefined;
  try {
    // Opened read-only first: closing a writable connection would write to a damaged file.
    db = new DatabaseSync(path, { timeout: 0, readOnly: true });
    const holds =
      valuesOf(db, 'name', `sqlite_master WHERE name = 'audit_events'`).length > 0 &&
      valuesOf(db, 'seq', 'audit_events LIMIT 1').length > 0;
    db.close();
    if (holds && !force)
      throw refused(
        `The store ${path} has events.`,
        'Use --force to replace it with the backup; the present store is kept beside it.',
      );
    db = new DatabaseSync(path, { timeout: 0 });
    // Leaving WAL mode takes exclusive access and writes all of the WAL back into the file.
    db.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE');
    if (valuesOf(db, 'journal_mode', 'pragma_journal_mode')[0] !== 'delete') throw inUse(path);
    return ended(db);
  } catch (error) {
    if (db?.isOpen) ended(db)();
    if (error instanceof TrawlError) throw error;
    const result = ((error as { errcode?: number }).errcode ?? 0) & 0xff;
    if (result === 5 || result === 6) throw inUse(path, error);
    if (notAllowed.includes(result))
      throw refused(`The store ${path} cannot be opened: ${reasonOf(error)}.`, 'Correct the permissions.', error);
    if (!force)
      throw refused(`The store ${path} cannot be read: ${reasonOf(error)}.`, 'Replace it with --force.', error);
    return () => undefined;
  }
}

const ended = (db: DatabaseSyncInstance) => () => {
  if (db.isTransaction) db.exec('ROLLBACK');
  db.close();
};

/** Not a prepared statement: that would keep the connection and its locks alive after closing. */
function valuesOf(db: DatabaseSyncInstance, column: string, from: string): unknown[] {
  const values: unknown[] = [];
  db.function('collect', (value: unknown) => {
    values.push(value);
    return null;
  });
  db.exec(`SELECT collect(${column}) FROM ${from}`);
  return values;
}

/**
 * Moves `draft`, a complete database that is on the disk, to `path`. The present side files are renamed after `kept`;
 * with `keep`, so is the present database, and together they can be opened as before.
 *
 * If this is interrupted at any point, `path` is one database or the other, never one with the side files of the other,
 * since those are moved first. An intact, locked database has no side files. A damaged one is no worse without them,
 * and they are kept with it.
 * @returns the new names of the side files
 */
export function putInPlace(draft: string, path: string, kept: string, keep: boolean): string[] {
  const exists = existsSync(path);
  if (exists && keep) linkSync(path, kept);
  const aside: string[] = [];
  for (const end of sideFiles) {
    if (!existsSync(path + end)) continue;
    renameSync(path + end, kept + end);
    aside.push(kept + end);
  }
  // A power cut must not undo these renames but keep the next one.
  if (aside.length > 0) sync(dirname(path));
  if (exists) renameSync(draft, path);
  else moveToNew(draft, path);
  sync(dirname(path));
  return aside;
}

/** Moves a file to a name that is free. A rename would replace a store that another process has created meanwhile; a link fails. */
function moveToNew(from: string, to: string): void {
  try {
    linkSync(from, to);
    rmSync(from);
  } catch (error) {
    // A file system without links, as of many network shares and memory cards.
    if (!withoutLinks.has((error as NodeJS.ErrnoException).code ?? '') || existsSync(to)) throw error;
    renameSync(from, to);
  }
}

const withoutLinks: ReadonlySet<string> = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK']);

/** Flushes a file, or the entries of a folder, to the disk. */
export function sync(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function inUse(path: string, cause?: unknown): TrawlError {
  const holders = holdersOf(path).map(({ pid, program }) => `process ${pid}${program && ` (${program})`}`);
  if (holders.length === 0)
    return refused(
      `The store ${path} is in use.`,
      'End "trawl up" and every worker first; the process may be one of another user.',
      cause,
    );
  const them = holders.length === 1 ? 'it' : 'them';
  return refused(`The store ${path} is in use by ${holders.join(', ')}.`, `End ${them} first.`, cause);
}

export function refused(problem: string, hint: string, cause?: unknown): TrawlError {
  return new TrawlError('BACKUP_REFUSED', problem, { hint, cause });
}
