import type { Clearing } from '../offload.js';
import type { Dialect } from '../sql/dialect.js';
import { changes, type Steps } from '../sql/steps.js';
import { forgetAllEventIds, forgetEventIds } from './event-ids.js';

export function* removeEvents(collector: string): Steps<void> {
  yield* forgetAllEventIds(collector);
  yield* changes('DELETE FROM audit_events WHERE collector = $1', collector);
}

/** In the order of the index by time, so that nothing is looked at that is younger. */
export function* removeSentEvents(
  dialect: Dialect,
  { collector, sinks, beforeNs, eventsMax, upToSeq, now }: Clearing & { upToSeq: number; now: string },
): Steps<number> {
  yield* changes('CREATE TEMP TABLE IF NOT EXISTS chosen_events (seq INTEGER PRIMARY KEY)');
  yield* changes('DELETE FROM chosen_events');
  const chosen = yield* changes(
    `INSERT INTO chosen_events SELECT seq FROM audit_events e
     WHERE collector = $1 AND time_ns < $3 AND seq <= $2 AND NOT EXISTS (
       SELECT 1 FROM refused_events r WHERE r.collector = $1 AND r.seq = e.seq AND r.sink ${dialect.among('$5')})
     ORDER BY time_ns, seq LIMIT $4`,
    collector,
    upToSeq,
    beforeNs,
    eventsMax,
    sinks,
  );
  if (chosen === 0) return 0;
  const chosenOnes = 'collector = $1 AND seq IN (SELECT seq FROM chosen_events)';
  yield* changes(
    `INSERT INTO offloaded_event_ids (collector, id, time_ns, cleared_at)
     SELECT collector, id, time_ns, $2 FROM audit_events WHERE ${chosenOnes} ON CONFLICT DO NOTHING`,
    collector,
    now,
  );
  yield* forgetEventIds(chosenOnes, collector);
  return yield* changes(`DELETE FROM audit_events WHERE ${chosenOnes}`, collector);
}
