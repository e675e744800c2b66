import { setImmediate } from 'node:timers/promises';
import type { SqliteDatabase } from './database.js';

/** A file that cannot shrink incrementally is rewritten once this share of it is free. */
const freeShareMax = 0.25;
const pagesAtOnce = 2_000;
/** A larger file is not rewritten, since that blocks the process. */
const rewrittenPagesMax = 100_000;

/** Returns free pages to the file system. */
export async function shrink(db: SqliteDatabase): Promise<void> {
  const pragma = (name: string) => Number(Object.values(db.get<object>(`PRAGMA ${name}`)!)[0]);
  const free = pragma('freelist_count');
  if (free === 0) return;
  if (pragma('auto_vacuum') !== 2) {
    // Created by an earlier version: rewritten once, it can shrink incrementally from then on.
    const pages = pragma('page_count');
    if (free < pages * freeShareMax || pages > rewrittenPagesMax) return;
    db.run('PRAGMA auto_vacuum = INCREMENTAL');
    db.run('VACUUM');
    return;
  }
  // In steps, since other writers wait meanwhile.
  for (let left = free; left > 0; left -= pagesAtOnce) {
    db.all(`PRAGMA incremental_vacuum(${pagesAtOnce})`);
    await setImmediate();
  }
  db.all('PRAGMA wal_checkpoint(PASSIVE)');
}
