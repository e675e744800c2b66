import { closeSync, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { reasonOf, TrawlError } from '../../errors.js';
import { sideFiles } from './side-files.js';

/** SQLite's primary result codes for a file that this process may not open: it may well be whole. */
const notAllowed = [3, 8, 14];

/**
 * Keeps every other process from using a database, with all of its WAL written back into it: whoever has it open would
 * go on with a file that is not its own any more.
 *
 * One that is damaged cannot be held, nor used by anybody else, and is let pass by `force`.
 * @returns what ends it
 * @throws TrawlError BACKUP_REFUSED where it is in use, or has events and `force` is not set
 */
export function holdUnused(path: string, force: boolean): () => void {
  // SQLite deletes the WAL of an empty file.
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0) return () => undefined;
  let db: DatabaseSyncInstance | undefined;
  try {
    // Reading first: a damaged file is not to be written to, as closing it otherwise would.
    db = new DatabaseSync(path, { timeout: 0, readOnly: true });
    const holds =
      valuesOf(db, 'name', `sqlite_master WHERE name = 'audit_events'`).length > 0 &&
      valuesOf(db, 'seq', 'audit_events LIMIT 1').length > 0;
    db.close();
    if (holds && !force)
      throw refused(
        `The store ${path} has events.`,
        'Use --force to put the backup in its place; what is there now is kept beside it.',
      );
    db = new DatabaseSync(path, { timeout: 0 });
    // Leaving WAL takes the file for itself, and writes all of the WAL back into it.
    db.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE');
    if (valuesOf(db, 'journal_mode', 'pragma_journal_mode')[0] !== 'delete') throw inUse(path);
    return ended(db);
  } catch (error) {
    if (db?.isOpen) ended(db)();
    if (error instanceof TrawlError) throw error;
    const result = ((error as { errcode?: number }).errcode ?? 0) & 0xff;
    if (result === 5 || result === 6) throw inUse(path, error);
    if (notAllowed.includes(result))
      throw refused(`The store ${path} cannot be opened: ${reasonOf(error)}.`, 'Correct the rights.', error);
    // A store that is damaged is what a backup is for.
    if (!force)
      throw refused(`The store ${path} cannot be read: ${reasonOf(error)}.`, 'Replace it with --force.', error);
    return () => undefined;
  }
}

const ended = (db: DatabaseSyncInstance) => () => {
  if (db.isTransaction) db.exec('ROLLBACK');
  db.close();
};

/** A prepared statement would keep the connection, and its locks, after it is closed. */
function valuesOf(db: DatabaseSyncInstance, column: string, from: string): unknown[] {
  const values: unknown[] = [];
  db.function('told', (value: unknown) => {
    values.push(value);
    return null;
  });
  db.exec(`SELECT told(${column}) FROM ${from}`);
  return values;
}

/**
 * Puts `draft`, a database that is whole and on the disk, where `path` is. Its side files get the name `kept`, and so
 * does the database itself with `keep`: together they can be opened as before.
 *
 * Wherever this is broken off, `path` is the one database or the other, never one with the side files of the other: they
 * go first. A database that is whole has none, once it is held; one that is damaged is no worse without them, and they
 * are with what is kept.
 * @returns the side files, by their new names
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
  // A power cut must not undo these and leave what follows.
  if (aside.length > 0) sync(dirname(path));
  if (exists) renameSync(draft, path);
  else moveToNew(draft, path);
  sync(dirname(path));
  return aside;
}

/** Moves a file to a name that nobody has. A rename would replace what somebody has made there meanwhile; a link fails. */
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

/** Waits until a file, or the names in a folder, are on the disk. */
export function sync(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function inUse(path: string, cause?: unknown): TrawlError {
  return refused(`The store ${path} is in use.`, 'End "trawl up" and every worker first.', cause);
}

export function refused(problem: string, hint: string, cause?: unknown): TrawlError {
  return new TrawlError('BACKUP_REFUSED', problem, { hint, cause });
}
