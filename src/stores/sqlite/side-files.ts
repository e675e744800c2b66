import { statSync } from 'node:fs';
import { TrawlError } from '../../errors.js';

/** SQLite associates these with a database by name alone, and would take those of another database for its own. */
export const sideFiles = ['-wal', '-shm', '-journal'] as const;

/**
 * If the database file is missing, SQLite creates a new one and deletes the side files of the old one, which may hold
 * commits that exist nowhere else. This check prevents that.
 * @throws TrawlError STORE_CORRUPT if a database is gone or empty but its side files are still there
 */
export function requireNoneLeftBehind(path: string): void {
  const size = (name: string) => statSync(name, { throwIfNoEntry: false })?.size;
  // Checked before the database file, since a process that creates a database creates that file first. An empty
  // database may have the journal of its first page.
  const [wal, journal] = [size(`${path}-wal`) ?? 0, size(`${path}-journal`) ?? 0];
  if (wal === 0 && journal === 0) return;
  const bytes = size(path);
  if (bytes !== undefined && (bytes > 0 || wal === 0)) return;
  const left = wal > 0 ? `${path}-wal` : `${path}-journal`;
  throw new TrawlError(
    'STORE_CORRUPT',
    `The store ${path} is ${bytes === undefined ? 'gone' : 'empty'}, but ${left}, which is part of it, still exists.`,
    {
      hint: `Put the file back, or restore a backup ("trawl store restore FILE"); to begin a new store, move ${left} away.`,
    },
  );
}
