import type { ExecutionLogLine } from '../../domain.js';
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

export function* executionLog({
  collector,
  limit,
}: {
  collector?: string | undefined;
  limit: number;
}): Steps<ExecutionLogLine[]> {
  const columns = 'datetime, collector, events_written AS "eventsWritten", notes';
  // Two statements: with an optional condition, SQLite would read the lines of all collectors.
  if (collector === undefined)
    return yield* all(`SELECT ${columns} FROM execution_log ORDER BY line DESC LIMIT $1`, limit);
  return yield* all(
    `SELECT ${columns} FROM execution_log WHERE collector = $1 ORDER BY line DESC LIMIT $2`,
    collector,
    limit,
  );
}
