import type { SettingsTable } from '../../environment.js';
import { text } from '../copied-tables.js';
import type { Dialect } from './dialect.js';
import { all, changes, type Steps } from './steps.js';

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

/** U02: rows to write, and names to remove. */
export function* setSettings(
  dialect: Dialect,
  collector: string,
  rows: Readonly<Record<string, string>>,
  unset: readonly string[],
): Steps<void> {
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
