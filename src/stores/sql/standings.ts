import type { Standing } from '../store.js';
import { unsettledRejects } from './rejects.js';
import { all, type Steps } from './steps.js';

interface StandingRow extends Omit<Standing, 'due' | 'unsettled'> {
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
  const found: Standing[] = [];
  for (const { dueCron, dueSince, dueTick, ...standing } of rows)
    found.push({
      ...standing,
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
