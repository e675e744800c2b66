import { type ExecutionLogLine, notCaughtUp, notes, runFailed } from '../../domain.js';
import type { LogFilter, LoggedFailure } from '../store.js';
import { all, insert, type Steps } from './steps.js';

interface LogLine {
  now: string;
  eventsWritten?: number;
  note: string;
  /** The line is written once per key; null writes it every time. */
  key: string | null;
}

/** U20 Write Exec Log Record. Returns 0 if the key has been used before. */
export function* logLine(collector: string, { now, eventsWritten = 0, note, key }: LogLine): Steps<number> {
  const line = { collector, datetime: now, events_written: eventsWritten, notes: note, key };
  return yield* insert('execution_log', line, 'ON CONFLICT DO NOTHING');
}

/** Writes the same line once per key. */
export function* logLines(collector: string, line: Omit<LogLine, 'key'>, keys: readonly string[]): Steps<void> {
  for (const key of keys) yield* logLine(collector, { ...line, key });
}

export function* executionLog({ collector, limit, since, until }: LogFilter): Steps<ExecutionLogLine[]> {
  // Only the conditions that are given: with an optional one, SQLite would read the lines of all collectors.
  const given = (
    [
      ['collector =', collector],
      ['datetime >=', since],
      ['datetime <', until],
    ] as const
  ).filter((one): one is [(typeof one)[0], string] => one[1] !== undefined);
  const where = given.map(([condition], index) => `${condition} $${index + 1}`).join(' AND ');
  return yield* all(
    `SELECT line, datetime, collector, events_written AS "eventsWritten", notes FROM execution_log
     ${where && `WHERE ${where}`} ORDER BY line DESC LIMIT $${given.length + 1}`,
    ...given.map(([, value]) => value),
    limit,
  );
}

/** Notes after which an earlier failure is past: a run has read a page, or a person wants no more runs. */
const goodNotes = [
  notes.noNewEvents,
  notes.firstPartPage,
  notes.subsequentPartPage,
  notes.fullPage,
  notes.stopped,
  notes.removed,
];

/** The newest outcome in the execution log, if it is a failure. Other lines, of commands and settings, tell of no run. */
export function* newestFailure(collector: string): Steps<LoggedFailure | null> {
  const [newest] = yield* outcomes(collector, 1);
  return failureOf(newest);
}

/** The failure after which a person wanted no more runs; null if the newest outcome is another. */
export function* failureBeforeStop(collector: string): Steps<LoggedFailure | null> {
  const [newest, before] = yield* outcomes(collector, 2);
  return newest?.note === notes.stopped ? failureOf(before) : null;
}

interface Outcome {
  at: string;
  note: string;
}

/** The newest first. */
function* outcomes(collector: string, limit: number): Steps<Outcome[]> {
  return yield* all<Outcome>(
    `SELECT datetime AS at, notes AS note FROM execution_log
     WHERE collector = $1 AND (notes LIKE $2 OR notes LIKE $3 OR notes IN ($4, $5, $6, $7, $8, $9))
     ORDER BY line DESC LIMIT ${limit}`,
    collector,
    `${runFailed}%`,
    `${notCaughtUp}%`,
    ...goodNotes,
  );
}

function failureOf(outcome: Outcome | undefined): LoggedFailure | null {
  if (!outcome?.note.startsWith(runFailed)) return null;
  return { at: outcome.at, text: outcome.note.slice(runFailed.length) };
}
