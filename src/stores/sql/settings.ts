import type { SettingsChange, SettingsTable } from '../../environment.js';
import { journalText } from '../../proof/journal.js';
import { text } from '../copied-tables.js';
import type { Dialect } from './dialect.js';
import { logLine } from './log.js';
import { recordEntries } from './proof.js';
import { all, changes, type Steps } from './steps.js';

/** Begins the keys of lines on settings. Such lines alone do not make a collector. */
export const settingsKey = 'settings/';

/** U01: the Environment Variables table. */
export function* settings(): Steps<SettingsTable> {
  const table: Record<string, Record<string, string>> = {};
  const rows = yield* all<{ collector: string; name: string; value: string }>(
    'SELECT collector, name, value FROM environment_variables ORDER BY collector, name',
  );
  for (const { collector, name, value } of rows) {
    table[collector] ??= {};
    table[collector][name] = value;
  }
  return table;
}

/** Rows to write, and names to remove. */
interface Wanted {
  collector: string;
  rows: Readonly<Record<string, string>>;
  unset: readonly string[];
}

/** U02 Set env vars (see `Store.setSettings`). */
export function* setSettings(
  dialect: Dialect,
  wanted: Wanted,
  change: SettingsChange | undefined,
  now: string,
): Steps<void> {
  const { collector, rows, unset } = wanted;
  if (change) {
    const lines = yield* logChange(wanted, change, now);
    const entries = lines.map((line) => ({ kind: 'setting', at: now, text: journalText(line) }) as const);
    yield* recordEntries(dialect, { collector, now }, entries);
  }
  yield* dialect.insertRows({
    rows: Object.entries(rows).map(([name, value]) => ({ name, value })),
    columns: text('name', 'value'),
    shared: [collector],
    insert: (source) =>
      `INSERT INTO environment_variables (collector, name, value) SELECT $1, name, value FROM ${source} WHERE true
       ON CONFLICT (collector, name) DO UPDATE SET value = excluded.value`,
  });
  yield* changes(
    `DELETE FROM environment_variables WHERE collector = $1 AND name ${dialect.among('$2')}`,
    collector,
    unset,
  );
}

/** Logs each setting that changes, with its old and its new value. @returns the lines that are new */
function* logChange(
  { collector, rows, unset }: Wanted,
  { origin, key, shown }: SettingsChange,
  now: string,
): Steps<string[]> {
  const lines: string[] = [];
  const stored = yield* all<{ name: string; value: string }>(
    'SELECT name, value FROM environment_variables WHERE collector = $1',
    collector,
  );
  const before = new Map(stored.map(({ name, value }) => [name, value]));
  const after = new Map([...before, ...Object.entries(rows)]);
  for (const name of unset) after.delete(name);
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    const [was, is] = [before.get(name), after.get(name)];
    if (was === is) continue;
    const [from, to] = [was, is].map((value) => (value === undefined ? 'not set' : shown(name, value)));
    const note = `Setting ${name} changed from ${from} to ${to}: ${origin}`;
    const isNew = yield* logLine(collector, { now, note, key: `${settingsKey}${key}/${name}` });
    if (isNew > 0) lines.push(note);
  }
  return lines;
}
