import type { OpenRepetition } from '../offload.js';
import { droppedNote } from '../page-notes.js';
import { lockedCheckpoint } from './checkpoints.js';
import type { Dialect } from './dialect.js';
import { logLine } from './log.js';
import { all, changes, type Steps } from './steps.js';

/** See `OffloadStore.openRepetitions`. */
export function* openRepetitions({ clockMs }: Dialect, collector: string): Steps<OpenRepetition[]> {
  const rows = yield* all<Omit<OpenRepetition, 'sending'> & { leftMs: number }>(
    `SELECT sink, series, number, events, sent_events AS "sentEvents", fixed_at AS "fixedAt", leased_until_ms - ${clockMs} AS "leftMs"
     FROM offload_batches WHERE collector = $1 AND series <> '' AND confirmed_at IS NULL ORDER BY series, sink`,
    collector,
  );
  return rows.map(({ leftMs, ...repetition }) => ({ ...repetition, sending: leftMs > 0 }));
}

/** See `OffloadStore.dropRepetition`. */
export function* dropRepetition(
  dialect: Dialect,
  collector: string,
  series: string,
  now: string,
): Steps<OpenRepetition[] | null> {
  if (series === '') return null;
  // Whoever fixes a batch waits for this lock, and then finds the series dropped.
  yield* lockedCheckpoint(dialect, collector);
  const cursors = yield* all(
    `SELECT sink FROM offload_cursors WHERE collector = $1 AND series = $2 ${dialect.rowLock}`,
    collector,
    series,
  );
  if (cursors.length === 0) return null;
  const open = (yield* openRepetitions(dialect, collector)).filter((one) => one.series === series);
  yield* changes(
    'DELETE FROM offload_batches WHERE collector = $1 AND series = $2 AND confirmed_at IS NULL',
    collector,
    series,
  );
  const dropped = yield* changes(
    'UPDATE offload_cursors SET dropped_at = $3 WHERE collector = $1 AND series = $2 AND dropped_at IS NULL',
    collector,
    series,
    now,
  );
  if (dropped > 0) yield* logLine(collector, { now, note: droppedNote(series, open), key: null });
  return open;
}
