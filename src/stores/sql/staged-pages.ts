import type { StagedPage } from '../store.js';
import type { Dialect } from './dialect.js';
import { changes, first, type Steps } from './steps.js';

/** Staged pages of walks that died are kept this long. */
const ageMaxMs = 24 * 3600 * 1000;

/** See `Store.stagePage`. */
export function* stagePage(page: StagedPage, now: Date): Steps<void> {
  yield* changes('DELETE FROM staged_pages WHERE staged_at < $1', new Date(now.getTime() - ageMaxMs).toISOString());
  yield* changes(
    `INSERT INTO staged_pages (key, collector, "offset", generation, next_offset, body, staged_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
    page.key,
    page.collector,
    page.offset,
    page.generation,
    page.nextOffset,
    page.body,
    now.toISOString(),
  );
}

export function* stagedPage(key: string): Steps<StagedPage | null> {
  const row = yield* first<StagedPage>(
    'SELECT key, collector, "offset", generation, next_offset AS "nextOffset", body FROM staged_pages WHERE key = $1',
    key,
  );
  return row ?? null;
}

export function* dropStagedPages(dialect: Dialect, keys: readonly string[]): Steps<void> {
  yield* changes(`DELETE FROM staged_pages WHERE key ${dialect.among('$1')}`, keys);
}
