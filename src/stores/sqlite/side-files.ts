import { statSync } from 'node:fs';
import { TrawlError } from '../../errors.js';

/** SQLite keeps them beside a database by name alone, and would take those of another one for its own. */
export const sideFiles = ['-wal', '-shm', '-journal'] as const;

/**
 * SQLite makes a new database where there is none, and deletes what it finds of the one that was there: commits that are
 * nowhere else.
 * @throws TrawlError STORE_CORRUPT where a database is gone, or empty, and left such files behind
 */
export function requireNoneLeftBehind(path: string): void {
  const size = (name: string) => statSync(name, { throwIfNoEntry: false })?.size;
  // Before the database, which whoever makes one makes first. An empty one may have the journal of its first page.
  const [wal, journal] = [size(`${path}-wal`) ?? 0, size(`${path}-journal`) ?? 0];
  if (wal === 0 && journal === 0) return;
  const bytes = size(path);
  if (bytes !== undefined && (bytes > 0 || wal === 0)) return;
  const left = wal > 0 ? `${path}-wal` : `${path}-journal`;
  throw new TrawlError(
    'STORE_CORRUPT',
    `The store ${path} is ${bytes === undefined ? 'gone' : 'empty'}, and ${left}, which is a part of it, is still there.`,
    {
      hint: `Put the file back, or restore a backup ("trawl store restore FILE"); to begin a new store, move ${left} away.`,
    },
  );
}
