import type { Clearing } from '../offload.js';
import type { Dialect } from '../sql/dialect.js';
import { changes, first, type Steps } from '../sql/steps.js';

export function* removeEvents(collector: string): Steps<void> {
  yield* changes('DELETE FROM audit_events WHERE collector = $1', collector);
  yield* changes('DELETE FROM audit_event_ids WHERE collector = $1', collector);
}

/** The oldest first, as they were stored. */
export function* removeSentEvents(
  dialect: Dialect,
  { collector, sinks, beforeNs, eventsMax, upToSeq, now }: Clearing & { upToSeq: number; now: string },
): Steps<number> {
  const row = yield* first<{ n: number }>(
    `WITH chosen AS MATERIALIZED (
       SELECT seq, event_time, id, time_ns FROM audit_events e
       WHERE collector = $1 AND seq <= $2 AND time_ns < $3 AND event_time <= to_timestamp($7) AND NOT EXISTS (
         SELECT 1 FROM refused_events r WHERE r.collector = $1 AND r.seq = e.seq AND r.sink ${dialect.among('$5')})
       ORDER BY seq LIMIT $4
     ), ids AS (
       DELETE FROM audit_event_ids i USING chosen c
       WHERE i.collector = $1 AND i.digest = sha256(convert_to(c.id, 'UTF8')) AND i.seq = c.seq
       RETURNING i.digest, c.id, c.time_ns
     ), kept AS (
       INSERT INTO offloaded_event_ids (collector, digest, id, time_ns, cleared_at)
       SELECT $1, digest, id, time_ns, $6 FROM ids
       ON CONFLICT DO NOTHING
     ), gone AS (
       DELETE FROM audit_events e USING chosen c
       WHERE e.collector = $1 AND e.seq = c.seq AND e.event_time = c.event_time RETURNING 1
     ) SELECT count(*) AS n FROM gone`,
    collector,
    upToSeq,
    beforeNs,
    eventsMax,
    sinks,
    now,
    // Months after it are not looked into.
    Math.ceil(Number(beforeNs / 1_000_000n) / 1_000),
  );
  return row!.n;
}
