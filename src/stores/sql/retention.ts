import type { ClearRequest } from '../offload.js';
import { holdCheckpoint } from './checkpoints.js';
import type { Dialect } from './dialect.js';
import { all, changes, first, type Steps } from './steps.js';

/** The lowest cursor of these sinks; 0 if one of them has confirmed nothing yet. */
function* leastCursor(dialect: Dialect, collector: string, sinks: readonly string[]): Steps<number> {
  const rows = yield* all<{ sink: string; lastSeq: number }>(
    `SELECT sink, last_seq AS "lastSeq" FROM offload_cursors WHERE collector = $1 AND series = '' AND sink ${dialect.among('$2')}`,
    collector,
    sinks,
  );
  const bySink = new Map(rows.map(({ sink, lastSeq }) => [sink, lastSeq]));
  return Math.min(...sinks.map((sink) => bySink.get(sink) ?? 0));
}

/** Number of events that at least one of these sinks has not confirmed, counted up to `countMax`. */
export function* lackingEvents(
  dialect: Dialect,
  collector: string,
  sinks: readonly string[],
  countMax: number,
): Steps<number> {
  const row = yield* first<{ n: number }>(
    'SELECT count(*) AS n FROM (SELECT 1 FROM audit_events WHERE collector = $1 AND seq > $2 LIMIT $3) AS lacking',
    collector,
    yield* leastCursor(dialect, collector, sinks),
    countMax,
  );
  return row!.n;
}

/** Number of events that at least one of these sinks has not confirmed or has refused. */
export function* unsentEvents(dialect: Dialect, collector: string, sinks: readonly string[]): Steps<number> {
  const row = yield* first<{ n: number }>(
    `SELECT count(*) AS n FROM audit_events e WHERE collector = $1 AND (seq > $2 OR EXISTS (
       SELECT 1 FROM refused_events r WHERE r.collector = $1 AND r.seq = e.seq AND r.sink ${dialect.among('$3')}))`,
    collector,
    yield* leastCursor(dialect, collector, sinks),
    sinks,
  );
  return row!.n;
}

/** Sequence number of the last event that all of these sinks have; without sinks, of those that were ever used. */
export function* allSentUpTo(dialect: Dialect, collector: string, sinks: readonly string[]): Steps<number> {
  if (sinks.length > 0) return yield* leastCursor(dialect, collector, sinks);
  const row = yield* first<{ seq: number }>(
    `SELECT coalesce(min(last_seq), 0) AS seq FROM offload_cursors WHERE collector = $1 AND series = '' AND batches > 0`,
    collector,
  );
  return row!.seq;
}

export function* clearConfirmed(dialect: Dialect, clearing: ClearRequest, now: string): Steps<number> {
  const { collector, sinks } = clearing;
  // The lock also keeps a page that is being written from being seen half-done.
  yield* holdCheckpoint(dialect, collector);
  const least = yield* leastCursor(dialect, collector, sinks);
  const upToSeq = Math.min(least, (yield* firstOfOpenPage(collector)) - 1);
  return yield* dialect.removeSentEvents({ ...clearing, upToSeq, now });
}

/** Sequence number of the first event in the page that may still fill: it is read again. */
function* firstOfOpenPage(collector: string): Steps<number> {
  const row = yield* first<{ seq: number | null }>(
    `SELECT min(p.first_seq) AS seq FROM audit_pages p JOIN audit_checkpoints c ON c.collector = p.collector
     WHERE p.collector = $1 AND p."offset" = c.last_offset`,
    collector,
  );
  return row!.seq ?? Number.MAX_SAFE_INTEGER;
}

/**
 * Condition on an event `e` of the collector `$1`: no sink has refused it, and it is in no batch that is still to be sent.
 * Such a batch keeps its own events and no others: a repetition may stay unfinished for ever.
 * @param isSink condition that a column is one of the sinks
 */
export function noLongerNeeded(isSink: (column: string) => string): string {
  return `NOT EXISTS (
      SELECT 1 FROM refused_events r WHERE r.collector = $1 AND r.seq = e.seq AND ${isSink('r.sink')}
    ) AND NOT EXISTS (
      SELECT 1 FROM offload_batches b WHERE b.collector = $1 AND b.confirmed_at IS NULL AND ${isSink('b.sink')}
        AND e.seq BETWEEN b.first_seq AND b.last_seq
        AND (b.since_ns IS NULL OR e.time_ns >= b.since_ns) AND (b.until_ns IS NULL OR e.time_ns < b.until_ns))`;
}

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
