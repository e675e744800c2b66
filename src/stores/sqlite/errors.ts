import { dirname } from 'node:path';
import { reasonOf, TrawlError } from '../../errors.js';
import { type Meaning, storeError } from '../errors.js';

/** Meanings of the SQLite primary result codes that a person can act on. */
const meanings: Readonly<Record<number, Meaning>> = {
  5: {
    code: 'STORE_BUSY',
    what: 'is locked by another process',
    hint: 'End the program that has it open for writing. The first start after an upgrade may take minutes, though.',
  },
  6: { code: 'STORE_BUSY', what: 'is locked', hint: 'End the program that has it open for writing.' },
  8: {
    code: 'STORE_READ_ONLY',
    what: 'cannot be written to',
    hint: 'Make the file, its -wal and -shm files and their folder writable for this user.',
  },
  10: { code: 'STORE_FAILED', what: 'could not be read or written', hint: 'Check the disk and the system log.' },
  11: {
    code: 'STORE_CORRUPT',
    what: 'is damaged',
    hint: 'Restore a backup; or rescue its data with "sqlite3 FILE .recover", and copy that with "trawl store copy".',
  },
  13: { code: 'STORE_FULL', what: 'has no room left', hint: 'Free disk space; collecting then resumes.' },
  14: {
    code: 'STORE_FAILED',
    what: 'cannot be opened',
    hint: 'Check that its folder exists and is writable for this user, or set TRAWL_STORE to another file.',
  },
  26: {
    code: 'STORE_CORRUPT',
    what: 'is not a SQLite database',
    hint: 'Set TRAWL_STORE to another file, or move this one away.',
  },
};

/** Why a folder cannot be made. */
const noFolder: ReadonlySet<string> = new Set(
  'EACCES EPERM EROFS ENOSPC EDQUOT ENOTDIR EEXIST ENOENT ELOOP ENAMETOOLONG'.split(' '),
);

export function sqliteError(error: unknown, path: string): TrawlError {
  if (error instanceof TrawlError) return error;
  const result = (error as { errcode?: number }).errcode;
  const system = (error as NodeJS.ErrnoException).code;
  const known = result === undefined ? undefined : meanings[result & 0xff];
  if (system !== undefined && noFolder.has(system)) {
    return new TrawlError(
      system === 'ENOSPC' || system === 'EDQUOT' ? 'STORE_FULL' : 'STORE_READ_ONLY',
      `The store's folder ${dirname(path)} cannot be created: ${reasonOf(error)}.`,
      {
        hint: 'Set TRAWL_DATA or TRAWL_STORE to another place, or make this one writable.',
        cause: error,
      },
    );
  }
  return storeError(error, path, known);
}
