import { rangesOf, rangeTexts } from '../../proof/journal.js';
import type { ClearRequest, PruneRequest } from '../offload.js';
import { holdCheckpoint } from './checkpoints.js';
import type { Dialect } from './dialect.js';
import { recordEntries } from './proof.js';
import { afterCleared } from './seen-events.js';
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
    `SELECT count(*) AS n FROM (
       SELECT 1 FROM audit_events WHERE collector = $1 AND seq > ${afterCleared('$1', '$2')} LIMIT $3) AS lacking`,
    collector,
    yield* leastCursor(dialect, collector, sinks),
    countMax,
  );
  return row!.n;
}

/** A backlog is counted up to this. */
const countedMax = 1_000_000;

/** Number of events that at least one of these sinks has refused, or has not confirmed; of the latter, no more are counted. */
export function* unsentEvents(dialect: Dialect, collector: string, sinks: readonly string[]): Steps<number> {
  const least = yield* leastCursor(dialect, collector, sinks);
  const row = yield* first<{ n: number }>(
    `SELECT count(DISTINCT r.seq) AS n FROM refused_events r JOIN audit_events e ON e.collector = r.collector AND e.seq = r.seq
     WHERE r.collector = $1 AND r.seq > ${afterCleared('$1')} AND r.seq <= $2 AND r.sink ${dialect.among('$3')}`,
    collector,
    least,
    sinks,
  );
  return row!.n + (yield* lackingEvents(dialect, collector, sinks, countedMax));
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
  const { afterSeq } = (yield* first<{ afterSeq: number }>(`SELECT ${afterCleared('$1')} AS "afterSeq"`, collector))!;
  const removed = yield* dialect.removeSentEvents({ ...clearing, afterSeq, upToSeq, now });
  const entries = rangeTexts(rangesOf(removed)).map((seqs) => ({ kind: 'retention', at: now, seqs }) as const);
  yield* recordEntries(dialect, { collector, now }, entries);
  return removed.length;
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
 * @param batches the table of batches, with the index of open ones if the database does not choose it itself
 */
export function noLongerNeeded(isSink: (column: string) => string, batches = 'offload_batches b'): string {
  return `NOT EXISTS (
      SELECT 1 FROM refused_events r WHERE r.collector = $1 AND r.seq = e.seq AND ${isSink('r.sink')}
    ) AND NOT EXISTS (
      SELECT 1 FROM ${batches} WHERE b.collector = $1 AND b.confirmed_at IS NULL AND ${isSink('b.sink')}
        AND e.seq BETWEEN b.first_seq AND b.last_seq
        AND (b.since_ns IS NULL OR e.time_ns >= b.since_ns) AND (b.until_ns IS NULL OR e.time_ns < b.until_ns))`;
}

/** See `OffloadStore.prune`. */
export function* prune(
  { ids, pruneLog }: Dialect,
  collector: string,
  { before, rowsMax }: PruneRequest,
  now: string,
): Steps<boolean> {
  const { log, related, ids: cleared } = before;
  const removed = [
    log === undefined ? 0 : yield* pruneLog(collector, [log, dayBefore(now)].sort()[0]!, rowsMax),
    related === undefined
      ? 0
      : yield* changes(oldestOf('audit_related_objects', 'seen_at', ids.key), collector, related, rowsMax),
    cleared === undefined
      ? 0
      : yield* changes(oldestOf('offloaded_event_ids', 'cleared_at', ids.key), collector, cleared, rowsMax),
  ];
  if (removed.some((rows) => rows === rowsMax)) return true;
  yield* changes('UPDATE audit_checkpoints SET pruned_at = $2 WHERE collector = $1', collector, now);
  return false;
}

function dayBefore(now: string): string {
  return new Date(Date.parse(now) - 24 * 3_600_000).toISOString();
}

function oldestOf(table: string, time: string, key: string): string {
  return `DELETE FROM ${table} WHERE collector = $1 AND ${key} IN (
    SELECT ${key} FROM ${table} WHERE collector = $1 AND ${time} < $2 ORDER BY ${time} LIMIT $3)`;
}
