import { notes } from '../../domain.js';
import type { SettingsChange } from '../../environment.js';
import { notClearedNote, refusedAgain, rewoundNote } from '../page-notes.js';
import { holdCheckpoint, isAt, isExpected, lockedCheckpoint, moveBack } from './checkpoints.js';
import { beginClearing } from './clearings.js';
import { type Dialect, namesOf } from './dialect.js';
import { logLine, newestFailure } from './log.js';
import { recordEntries } from './proof.js';
import { recordReset } from './proof-page.js';
import { allSentUpTo, unsentEvents } from './retention.js';
import { afterCleared } from './seen-events.js';
import { setSettings, settingsKey } from './settings.js';
import { all, changes, first, plainText, type Steps } from './steps.js';

/** U03 Reset Checkpoint (see `Store.resetCheckpoint`). */
export function* resetCheckpoint(
  dialect: Dialect,
  collector: string,
  keys: readonly string[],
  now: string,
): Steps<void> {
  yield* holdCheckpoint(dialect, collector);
  for (const key of keys) {
    if ((yield* logLine(collector, { now, note: notes.resetCheckpoint, key })) === 0) continue;
    yield* moveBack(collector, { to: '', refused: null });
    yield* changes('DELETE FROM cleared_event_ids WHERE collector = $1', collector);
    yield* recordReset(dialect, { collector, now }, notes.resetCheckpoint);
  }
}

/** See `Store.rewind`. */
export function* rewind(
  dialect: Dialect,
  collector: string,
  refused: { offset: string; generation: number },
  now: string,
): Steps<void> {
  const checkpoint = yield* holdCheckpoint(dialect, collector);
  if (!isAt(checkpoint, refused)) return;
  if (checkpoint.refusedOffset === plainText(refused.offset)) throw refusedAgain();
  yield* moveBack(collector, { to: '', refused: refused.offset });
  yield* logLine(collector, { now, note: rewoundNote, key: null });
  yield* recordReset(dialect, { collector, now }, rewoundNote);
}

export interface Clear {
  collector: string;
  keys: readonly string[];
  sinks: readonly string[];
  force: boolean;
}

/** U04 Clear Events Table (see `Store.clearEvents`). */
export function* clearEvents(dialect: Dialect, { collector, keys, sinks, force }: Clear, now: string) {
  const checkpoint = yield* holdCheckpoint(dialect, collector);
  const lacking = sinks.length > 0 && !force ? yield* unsentEvents(dialect, collector, sinks) : 0;
  const note = lacking > 0 ? notClearedNote(lacking, sinks) : notes.clearedEvents;
  for (const key of keys) {
    if ((yield* logLine(collector, { now, note, key })) === 0 || lacking > 0) continue;
    yield* keepOpenPageAway(dialect, collector, checkpoint);
    yield* beginClearing(collector, checkpoint.lastSeq, yield* allSentUpTo(dialect, collector, sinks));
    yield* recordEntries(dialect, { collector, now }, [{ kind: 'clear', at: now, upto: checkpoint.lastSeq }]);
  }
  // A repeated key returns the result of its first call.
  const line = yield* first<{ notes: string }>(
    'SELECT notes FROM execution_log WHERE collector = $1 AND key = $2',
    collector,
    keys[0] ?? '',
  );
  return line === undefined || line.notes === notes.clearedEvents ? null : line.notes;
}

/**
 * The open page is read again, and its cleared events must not be stored again. Those events may have been stored
 * before a reset; but if the page has not been read since the reset, they must come back.
 */
function* keepOpenPageAway(
  { ids }: Dialect,
  collector: string,
  at: { lastOffset: string; generation: number },
): Steps<void> {
  yield* changes(
    `INSERT INTO cleared_event_ids (collector, ${namesOf(ids.columns)})
     SELECT e.collector, ${namesOf(ids.columns, 'e.')} FROM audit_pages p
     JOIN ${ids.ofEvents} AS e ON e.collector = p.collector AND e.seq BETWEEN p.first_seq AND p.last_seq
     WHERE p.collector = $1 AND p."offset" = $2 AND e.seq > ${afterCleared('$1')}
       AND EXISTS (SELECT 1 FROM audit_pages WHERE collector = $1 AND "offset" = $2 AND generation = $3)
     ON CONFLICT DO NOTHING`,
    collector,
    at.lastOffset,
    at.generation,
  );
}

/**
 * See `Store.removeCollector`. The row of the checkpoint stays, emptied: its counters keep numbers of events and of pages
 * from being used again.
 */
export function* removeCollector(
  dialect: Dialect,
  collector: string,
  change: SettingsChange,
  now: string,
): Steps<boolean> {
  const checkpoint = yield* lockedCheckpoint(dialect, collector);
  const rows = yield* all<{ name: string }>('SELECT name FROM environment_variables WHERE collector = $1', collector);
  const isMarked =
    checkpoint !== undefined &&
    (checkpoint.lastOffset !== '' ||
      checkpoint.lastDateTime !== null ||
      (yield* isExpected(collector)) ||
      (yield* newestFailure(collector)) !== null);
  if (rows.length === 0 && !isMarked) return false;
  const unset = rows.map(({ name }) => name);
  yield* setSettings(dialect, { collector, rows: {}, unset }, change, now);
  if (isMarked) {
    yield* moveBack(collector, { to: '', refused: null });
    yield* recordReset(dialect, { collector, now }, notes.removed);
  }
  yield* changes(
    `UPDATE audit_checkpoints SET last_date_time = NULL, caught_up_at = NULL, due_cron = NULL, due_since = NULL,
       due_tick = NULL, due_told = 0
     WHERE collector = $1`,
    collector,
  );
  yield* changes('DELETE FROM staged_pages WHERE collector = $1', collector);
  yield* changes('DELETE FROM cleared_event_ids WHERE collector = $1', collector);
  // A name that was only mistyped, and never ran, is no collector from then on.
  yield* logLine(collector, { now, note: notes.removed, key: `${settingsKey}${change.key}/removed` });
  return true;
}
