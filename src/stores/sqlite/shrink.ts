import { setImmediate } from 'node:timers/promises';
import { rewrittenBytesMax, type SqliteDatabase } from './database.js';

/** A file that cannot shrink incrementally is rewritten once this share of it is free. */
const freeShareMax = 0.25;
const bytesAtOnce = 8 * 1024 * 1024;

/** Returns free pages to the file system. */
export async function shrink(db: SqliteDatabase): Promise<void> {
  const pragma = (name: string) => Number(Object.values(db.get<object>(`PRAGMA ${name}`)!)[0]);
  const free = pragma('freelist_count');
  if (free === 0) return;
  const pageBytes = pragma('page_size');
  if (pragma('auto_vacuum') !== 2) {
    // Created by an earlier version: rewritten once, it can shrink incrementally from then on.
    const pages = pragma('page_count');
    if (free < pages * freeShareMax || pages * pageBytes > rewrittenBytesMax) return;
    db.run('PRAGMA auto_vacuum = INCREMENTAL');
    db.run('VACUUM');
    return;
  }
  // In steps, since other writers wait meanwhile.
  const pagesAtOnce = Math.ceil(bytesAtOnce / pageBytes);
  for (let left = free; left > 0; left -= pagesAtOnce) {
    db.all(`PRAGMA incremental_vacuum(${pagesAtOnce})`);
    await setImmediate();
  }
  db.all('PRAGMA wal_checkpoint(PASSIVE)');
}
