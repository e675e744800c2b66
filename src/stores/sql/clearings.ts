import { holdCheckpoint } from './checkpoints.js';
import { type Dialect, namesOf } from './dialect.js';
import { all, changes, first, insert, type Steps } from './steps.js';

/** A clearing whose rows are still being removed. */
interface Clearing {
  /** Sequence number of the last event that it takes. */
  upToSeq: number;
  /** Up to this one, sinks have the events: they must not be collected a second time. */
  sentSeq: number;
  /** How far the rows are removed. */
  removedSeq: number;
}

const selected = `SELECT up_to_seq AS "upToSeq", sent_seq AS "sentSeq", removed_seq AS "removedSeq" FROM clearings
  WHERE collector = $1 ORDER BY up_to_seq`;

/** Clears all events up to a number. The caller holds the checkpoint. */
export function* beginClearing(collector: string, upToSeq: number, sentSeq: number): Steps<void> {
  yield* insert('clearings', { collector, up_to_seq: upToSeq, sent_seq: sentSeq }, 'ON CONFLICT DO NOTHING');
}

/**
 * Tells of the sequence number of a row whether its event was cleared: as one that a sink has, which must stay away, or
 * as one that may come back.
 */
export function* clearedEvents(collector: string): Steps<(seq: number) => 'gone' | 'free' | null> {
  const clearings = yield* all<Clearing>(selected, collector);
  return (seq) => {
    const clearing = clearings.find(({ upToSeq }) => seq <= upToSeq);
    if (!clearing) return null;
    return seq <= clearing.sentSeq ? 'gone' : 'free';
  };
}

/** See `Store.removeCleared`. The lock keeps a page that is being written from seeing half of it. */
export function* removeCleared(dialect: Dialect, collector: string, eventsMax: number, now: string): Steps<boolean> {
  if (!(yield* first(selected, collector))) return false;
  yield* holdCheckpoint(dialect, collector);
  const clearing = yield* first<Clearing>(selected, collector);
  if (!clearing) return false;
  const { upToSeq, sentSeq, removedSeq } = clearing;
  const next = (yield* first<{ events: number; lastSeq: number | null }>(
    `SELECT count(*) AS events, max(seq) AS "lastSeq" FROM (
       SELECT seq FROM ${dialect.ids.numbers} WHERE collector = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4) AS next`,
    collector,
    removedSeq,
    upToSeq,
    eventsMax,
  ))!;
  const isLast = next.events < eventsMax;
  const range = { afterSeq: removedSeq, upToSeq: next.lastSeq ?? removedSeq };
  yield* keepSentAway(dialect, collector, { ...range, upToSeq: Math.min(range.upToSeq, sentSeq) }, now);
  yield* dialect.removeEvents(collector, range);
  if (isLast) {
    yield* changes('DELETE FROM clearings WHERE collector = $1 AND up_to_seq = $2', collector, upToSeq);
    return (yield* first(selected, collector)) !== undefined;
  }
  yield* changes(
    'UPDATE clearings SET removed_seq = $3 WHERE collector = $1 AND up_to_seq = $2',
    collector,
    upToSeq,
    range.upToSeq,
  );
  return true;
}

/** Events that a sink already has must not be collected, and so offloaded, a second time. */
function* keepSentAway(
  { ids }: Dialect,
  collector: string,
  { afterSeq, upToSeq }: { afterSeq: number; upToSeq: number },
  now: string,
): Steps<void> {
  if (upToSeq <= afterSeq) return;
  yield* changes(
    `INSERT INTO offloaded_event_ids (collector, ${namesOf(ids.columns)}, time_ns, cleared_at)
     SELECT collector, ${namesOf(ids.columns)}, time_ns, $4 FROM ${ids.ofEvents} AS e
     WHERE collector = $1 AND seq > $2 AND seq <= $3 ON CONFLICT DO NOTHING`,
    collector,
    afterSeq,
    upToSeq,
    now,
  );
}
