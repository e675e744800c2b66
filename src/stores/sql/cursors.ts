import type { Dialect } from './dialect.js';
import { all, first, type Steps } from './steps.js';

/** 0 where one of them has confirmed nothing yet. */
export function* leastCursor(dialect: Dialect, collector: string, sinks: readonly string[]): Steps<number> {
  const rows = yield* all<{ sink: string; lastSeq: number }>(
    `SELECT sink, last_seq AS "lastSeq" FROM offload_cursors WHERE collector = $1 AND series = '' AND sink ${dialect.among('$2')}`,
    collector,
    sinks,
  );
  const bySink = new Map(rows.map(({ sink, lastSeq }) => [sink, lastSeq]));
  return Math.min(...sinks.map((sink) => bySink.get(sink) ?? 0));
}

/** How many events at least one of these sinks has not confirmed, counted up to `countMax`. */
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

/** How many events at least one of these sinks has not confirmed, or has refused. */
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

/** The last event that all of these sinks have; where there are none now, that all have which ever had any. */
export function* allSentUpTo(dialect: Dialect, collector: string, sinks: readonly string[]): Steps<number> {
  if (sinks.length > 0) return yield* leastCursor(dialect, collector, sinks);
  const row = yield* first<{ seq: number }>(
    `SELECT coalesce(min(last_seq), 0) AS seq FROM offload_cursors WHERE collector = $1 AND series = '' AND batches > 0`,
    collector,
  );
  return row!.seq;
}
