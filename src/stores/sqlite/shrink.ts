import { setImmediate } from 'node:timers/promises';
import type { SqliteDatabase } from './database.js';

/** A file is rewritten once where this share of it is free and it cannot shrink by itself. */
const freeShareMax = 0.25;
const pagesAtOnce = 2_000;
/** A larger one is left as it is: nothing else happens in this process while it is rewritten. */
const rewrittenPagesMax = 100_000;

/** Gives free pages back to the file system. */
export async function shrink(db: SqliteDatabase): Promise<void> {
  const pragma = (name: string) => Number(Object.values(db.get<object>(`PRAGMA ${name}`)!)[0]);
  const free = pragma('freelist_count');
  if (free === 0) return;
  if (pragma('auto_vacuum') !== 2) {
    // A file of before: it is rewritten once, and can shrink from then on.
    const pages = pragma('page_count');
    if (free < pages * freeShareMax || pages > rewrittenPagesMax) return;
    db.run('PRAGMA auto_vacuum = INCREMENTAL');
    db.run('VACUUM');
    return;
  }
  // In parts, for others wait meanwhile.
  for (let left = free; left > 0; left -= pagesAtOnce) {
    db.all(`PRAGMA incremental_vacuum(${pagesAtOnce})`);
    await setImmediate();
  }
  db.all('PRAGMA wal_checkpoint(PASSIVE)');
}
