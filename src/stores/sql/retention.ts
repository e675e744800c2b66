import type { Clearing } from '../offload.js';
import { holdCheckpoint } from './checkpoints.js';
import { leastCursor } from './cursors.js';
import type { Dialect } from './dialect.js';
import { changes, first, type Steps } from './steps.js';

/** See `OffloadLedger.clearConfirmed`. */
export function* clearConfirmed(dialect: Dialect, clearing: Clearing, now: string): Steps<number> {
  const { collector, sinks } = clearing;
  // Also keeps a page that is written just now from being looked at half.
  yield* holdCheckpoint(dialect, collector);
  const least = yield* leastCursor(dialect, collector, sinks);
  const upToSeq = Math.min(least, (yield* firstStillNeeded(dialect, collector, sinks)) - 1);
  return yield* dialect.removeSentEvents({ ...clearing, upToSeq, now });
}

/** Of the page that may still fill, which is read again, and of batches that are still to be sent. */
function* firstStillNeeded(dialect: Dialect, collector: string, sinks: readonly string[]): Steps<number> {
  const row = yield* first<{ page: number | null; batch: number | null }>(
    `SELECT
       (SELECT min(p.first_seq) FROM audit_pages p JOIN audit_checkpoints c ON c.collector = p.collector
        WHERE p.collector = $1 AND p."offset" = c.last_offset) AS page,
       (SELECT min(first_seq) FROM offload_batches
        WHERE collector = $1 AND confirmed_at IS NULL AND sink ${dialect.among('$2')}) AS batch`,
    collector,
    sinks,
  );
  return Math.min(row!.page ?? Number.MAX_SAFE_INTEGER, row!.batch ?? Number.MAX_SAFE_INTEGER);
}

/** See `OffloadLedger.prune`. */
export function* prune(
  collector: string,
  before: { log?: string; related?: string; ids?: string },
  now: string,
): Steps<void> {
  const { log, related, ids } = before;
  if (log !== undefined)
    yield* changes('DELETE FROM execution_log WHERE collector = $1 AND datetime < $2', collector, log);
  if (related !== undefined)
    yield* changes('DELETE FROM audit_related_objects WHERE collector = $1 AND seen_at < $2', collector, related);
  if (ids !== undefined)
    yield* changes('DELETE FROM offloaded_event_ids WHERE collector = $1 AND cleared_at < $2', collector, ids);
  yield* changes('UPDATE audit_checkpoints SET pruned_at = $2 WHERE collector = $1', collector, now);
}
