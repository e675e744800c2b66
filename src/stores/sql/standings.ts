import { leadsBack, notCaughtUp, notes } from '../../domain.js';
import type { Endless, Standing } from '../store.js';
import { failureBeforeStop, newestFailure } from './log.js';
import { unsettledRejects } from './rejects.js';
import { settingsKey } from './settings.js';
import { all, first, type Steps } from './steps.js';

interface StandingRow
  extends Omit<Standing, 'failureBeforeStop' | 'due' | 'unsettled' | 'endless' | 'failure' | 'anchor'> {
  anchoredAt: string | null;
  behind: number;
  dueCron: string | null;
  dueSince: string;
  dueTick: string | null;
  dueTold: number;
}

/** Progress of one collector, or of each that has run or is expected to. */
export function* standings(collector?: string): Steps<Standing[]> {
  const rows = yield* all<StandingRow>(
    `SELECT collector, last_date_time AS "lastDateTime", caught_up_at AS "caughtUpAt", newest_timestamp AS "newestTimestamp",
       last_seq AS "lastSeq", pages,
       (SELECT COUNT(*) FROM rejected_events AS r WHERE r.collector = c.collector) AS rejected,
       (SELECT forked FROM proof_heads AS h WHERE h.collector = c.collector) AS forked,
       (SELECT max(anchored_at) FROM proof_anchors AS a JOIN proof_heads AS h ON h.collector = a.collector AND h.epoch = a.epoch
        WHERE a.collector = c.collector) AS "anchoredAt",
       (SELECT count(*) FROM proof_heads AS h WHERE h.collector = c.collector AND h.entries > (
          SELECT coalesce(max(size), 0) FROM proof_anchors AS a WHERE a.collector = h.collector AND a.epoch = h.epoch)) AS behind,
       due_cron AS "dueCron", due_since AS "dueSince", due_tick AS "dueTick",
       due_told AS "dueTold"
     FROM audit_checkpoints AS c WHERE CAST($1 AS text) IS NULL OR collector = $1 ORDER BY collector`,
    collector ?? null,
  );
  const found: Standing[] = [];
  for (const row of rows) {
    const { dueCron, dueSince, dueTick, dueTold, anchoredAt, behind, ...standing } = row;
    const before = dueCron === null ? yield* failureBeforeStop(row.collector) : null;
    found.push({
      ...standing,
      anchor: anchoredAt === null ? null : { at: anchoredAt, isBehind: behind > 0 },
      ...(before ? { failureBeforeStop: before } : {}),
      failure: yield* newestFailure(row.collector),
      endless: yield* endlessReading(row),
      unsettled: standing.rejected > 0 ? yield* unsettledRejects(standing.collector) : null,
      due:
        dueCron === null
          ? null
          : { cron: dueCron, since: dueSince, tick: dueTick, ...(dueTold === 1 ? { told: true } : {}) },
    });
  }
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
     SELECT collector FROM audit_checkpoints UNION SELECT collector FROM logged WHERE EXISTS (
       SELECT 1 FROM execution_log l WHERE l.collector = logged.collector AND (l.key IS NULL OR l.key NOT LIKE '${settingsKey}%'))
     ORDER BY collector`,
  );
  return rows.map(({ collector }) => collector);
}

/**
 * Since when the latest pages of a collector, since it last caught up or read an event, are empty or lead back; null if
 * they do not. Read from the end of the ledger, so that it costs little.
 */
function* endlessReading({ collector, pages, lastDateTime, caughtUpAt }: StandingRow): Steps<Endless | null> {
  if (pages === 0 || (caughtUpAt !== null && lastDateTime !== null && caughtUpAt >= lastDateTime)) return null;
  const last = yield* first<{ number: number }>(
    `SELECT number FROM audit_pages WHERE collector = $1 AND note NOT LIKE $2 AND NOT (events = 0 AND note = $3)
     ORDER BY number DESC LIMIT 1`,
    collector,
    `${notCaughtUp}%`,
    notes.fullPage,
  );
  const row = (yield* first<{ since: string | null; pages: number; offsets: number; back: number }>(
    `SELECT MIN(p.committed_at) AS since, COUNT(*) AS pages, COUNT(DISTINCT p."offset") AS offsets,
       COUNT(CASE WHEN p.note = $4 THEN 1 END) AS back
     FROM audit_pages AS p
     WHERE p.collector = $1 AND p.number > $2 AND p.note LIKE $3 AND p.committed_at > $5
       AND p.generation = (SELECT generation FROM audit_checkpoints WHERE collector = $1)`,
    collector,
    last?.number ?? 0,
    `${notCaughtUp}%`,
    `${notCaughtUp}${leadsBack}`,
    caughtUpAt ?? '',
  ))!;
  if (row.since === null) return null;
  return { since: row.since, leadsBack: row.pages > row.offsets || row.back > 0 };
}
