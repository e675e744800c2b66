import { dirname } from 'node:path';
import { reasonOf, TrawlError } from '../../errors.js';
import { type Meaning, storeError } from '../errors.js';

/** SQLite's primary result codes that a person can do something about. */
const meanings: Readonly<Record<number, Meaning>> = {
  5: {
    code: 'STORE_BUSY',
    what: 'is locked by another process',
    hint: 'End the program that holds it open for writing; the first start after an upgrade may take minutes, though.',
  },
  6: { code: 'STORE_BUSY', what: 'is locked', hint: 'End the program that holds it open for writing.' },
  8: {
    code: 'STORE_READ_ONLY',
    what: 'cannot be written to',
    hint: 'Make the file, its -wal and -shm and their folder writable for this user.',
  },
  10: { code: 'STORE_FAILED', what: 'failed to be read or written', hint: 'Look at the disk and the system log.' },
  11: {
    code: 'STORE_CORRUPT',
    what: 'is damaged',
    hint: 'Restore it from a backup; or save what it has with "sqlite3 FILE .recover", and copy that by "trawl store copy".',
  },
  13: { code: 'STORE_FULL', what: 'has no room left', hint: 'Free disk space: collecting goes on by itself then.' },
  14: {
    code: 'STORE_FAILED',
    what: 'cannot be opened',
    hint: 'See that its folder exists and that this user may write to it, or name another file in TRAWL_STORE.',
  },
  26: {
    code: 'STORE_CORRUPT',
    what: 'is no SQLite database',
    hint: 'Name another file in TRAWL_STORE, or move this one away.',
  },
};

export function sqliteError(error: unknown, path: string): TrawlError {
  if (error instanceof TrawlError) return error;
  const result = (error as { errcode?: number }).errcode;
  const system = (error as NodeJS.ErrnoException).code;
  const known = result === undefined ? undefined : meanings[result & 0xff];
  if (system === 'EACCES' || system === 'EROFS' || system === 'ENOSPC' || system === 'ENOTDIR' || system === 'EEXIST') {
    return new TrawlError(
      system === 'ENOSPC' ? 'STORE_FULL' : 'STORE_READ_ONLY',
      `The store's folder ${dirname(path)} cannot be made: ${reasonOf(error)}.`,
      {
        hint: 'Name another place in TRAWL_DATA or TRAWL_STORE, or make this one writable.',
        cause: error,
      },
    );
  }
  return storeError(error, path, known);
}
