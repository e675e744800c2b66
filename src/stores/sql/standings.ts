import { leadsBack, notCaughtUp, notes } from '../../domain.js';
import type { Endless, Standing } from '../store.js';
import { unsettledRejects } from './rejects.js';
import { all, type Steps } from './steps.js';

interface StandingRow extends Omit<Standing, 'due' | 'unsettled' | 'endless'> {
  dueCron: string | null;
  dueSince: string;
  dueTick: string | null;
}

/** Progress of one collector, or of each that has run or is expected to. */
export function* standings(collector?: string): Steps<Standing[]> {
  const rows = yield* all<StandingRow>(
    `SELECT collector, last_date_time AS "lastDateTime", caught_up_at AS "caughtUpAt", newest_timestamp AS "newestTimestamp",
       last_seq AS "lastSeq", pages,
       (SELECT COUNT(*) FROM rejected_events AS r WHERE r.collector = c.collector) AS rejected,
       due_cron AS "dueCron", due_since AS "dueSince", due_tick AS "dueTick"
     FROM audit_checkpoints AS c WHERE CAST($1 AS text) IS NULL OR collector = $1 ORDER BY collector`,
    collector ?? null,
  );
  const endless = yield* endlessReading(collector);
  const found: Standing[] = [];
  for (const { dueCron, dueSince, dueTick, ...standing } of rows)
    found.push({
      ...standing,
      endless: endless.get(standing.collector) ?? null,
      unsettled: standing.rejected > 0 ? yield* unsettledRejects(standing.collector) : null,
      due: dueCron === null ? null : { cron: dueCron, since: dueSince, tick: dueTick },
    });
  return found;
}

/** See `Store.collectors`. Skips from one collector's lines to the next one's: the log has millions, and this is read often. */
export function* collectors(): Steps<string[]> {
  const rows = yield* all<{ collector: string }>(
    `WITH RECURSIVE logged AS (
       SELECT min(collector) AS collector FROM execution_log
       UNION ALL
       SELECT (SELECT min(l.collector) FROM execution_log l WHERE l.collector > logged.collector) FROM logged
       WHERE logged.collector IS NOT NULL)
     SELECT collector FROM audit_checkpoints UNION SELECT collector FROM logged WHERE collector IS NOT NULL ORDER BY collector`,
  );
  return rows.map(({ collector }) => collector);
}

/**
 * The collectors whose latest pages, since they last caught up or read an event, are empty or lead back. Read from the
 * end of the ledger, so that it costs little.
 */
function* endlessReading(collector: string | undefined): Steps<Map<string, Endless>> {
  const rows = yield* all<{ collector: string; since: string; pages: number; offsets: number; back: number }>(
    `SELECT p.collector, MIN(p.committed_at) AS since, COUNT(*) AS pages, COUNT(DISTINCT p."offset") AS offsets,
       COUNT(CASE WHEN p.note = $4 THEN 1 END) AS back
     FROM audit_checkpoints AS c JOIN audit_pages AS p ON p.collector = c.collector AND p.generation = c.generation
     WHERE (CAST($1 AS text) IS NULL OR c.collector = $1) AND (c.caught_up_at IS NULL OR c.caught_up_at < p.committed_at)
       AND p.note LIKE $2 AND p.number > coalesce((
         SELECT q.number FROM audit_pages AS q
         WHERE q.collector = c.collector AND q.note NOT LIKE $2 AND NOT (q.events = 0 AND q.note = $3)
         ORDER BY q.number DESC LIMIT 1), 0)
     GROUP BY p.collector`,
    collector ?? null,
    `${notCaughtUp}%`,
    notes.fullPage,
    `${notCaughtUp}${leadsBack}`,
  );
  return new Map(
    rows.map(({ collector, since, pages, offsets, back }) => {
      const isAgain = Number(pages) > Number(offsets) || Number(back) > 0;
      return [collector, { since, leadsBack: isAgain }];
    }),
  );
}
