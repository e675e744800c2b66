import type { PageFacts, StagedPage } from '../store.js';
import type { Dialect } from './dialect.js';
import { all, changes, first, type SqlValue, type Steps } from './steps.js';

interface FactsRow extends Pick<PageFacts, 'offset' | 'generation' | 'nextOffset'> {
  key: string;
  more: number;
  gapFrom: string | null;
  gapTo: string | null;
  warning: string | null;
  notCaughtUp: string | null;
}

/** The columns of a staged page, without the time. */
export function stagedRow(page: StagedPage): Record<string, SqlValue> {
  const { key, collector, offset, generation, nextOffset, body, more, gap, warning, notCaughtUp } = page;
  return {
    ...{ key, collector, offset, generation, next_offset: nextOffset, body, more: more ? 1 : 0 },
    ...{ gap_from: gap?.from ?? null, gap_to: gap?.to ?? null },
    ...{ warning: warning ?? null, not_caught_up: notCaughtUp ?? null },
  };
}

/** See `Store.stagedBody`. */
export function* stagedBody(collector: string, key: string): Steps<Uint8Array | null> {
  const sql = 'SELECT body FROM staged_pages WHERE key = $1 AND collector = $2';
  return (yield* first<{ body: Uint8Array }>(sql, key, collector))?.body ?? null;
}

/** See `Store.stagedFacts`. @param since RFC 3339 */
export function* stagedFacts(
  { among }: Dialect,
  collector: string,
  keys: readonly string[],
  since: string,
): Steps<Map<string, PageFacts>> {
  const rows = yield* all<FactsRow>(
    `SELECT key, "offset", generation, next_offset AS "nextOffset", more, gap_from AS "gapFrom", gap_to AS "gapTo", warning,
       not_caught_up AS "notCaughtUp"
     FROM staged_pages WHERE key ${among('$1')} AND collector = $2 AND more IS NOT NULL AND staged_at > $3`,
    keys,
    collector,
    since,
  );
  return new Map(rows.map((row) => [row.key, factsOf(row)]));
}

function factsOf({ offset, generation, nextOffset, more, gapFrom, gapTo, warning, notCaughtUp }: FactsRow): PageFacts {
  return {
    ...{ offset, generation, nextOffset, more: more === 1 },
    ...(gapFrom === null || gapTo === null ? {} : { gap: { from: gapFrom, to: gapTo } }),
    ...(warning === null ? {} : { warning }),
    ...(notCaughtUp === null ? {} : { notCaughtUp }),
  };
}

/** See `Store.dropStagedPages`. */
export function* dropStaged({ among }: Dialect, collector: string, keys: readonly string[]): Steps<void> {
  yield* changes(`DELETE FROM staged_pages WHERE key ${among('$1')} AND collector = $2`, keys, collector);
}
