import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../scripts/setup.mjs';
import { errorCodes } from '../src/errors.js';
import { withoutDefault } from '../src/settings/definition.js';
import { offloadSettingDefinitions } from '../src/settings/offload.js';
import { processSettingDefinitions } from '../src/settings/process.js';
import { sources } from '../src/sources/registry.js';
import { migrations as postgres } from '../src/stores/postgres/migrations.js';
import { migrations } from '../src/stores/sqlite/migrations.js';
import { problemCodes } from '../src/watch/problem.js';

const doc = (name: string) => readFileSync(join(root, 'docs', `${name}.md`), 'utf8');

describe('the docs', () => {
  it.each([...sources.flatMap((source) => source.settings), ...offloadSettingDefinitions])(
    'state the setting $key as the code does',
    (setting) => {
      const row = doc('settings')
        .split('\n')
        .find((line) => line.startsWith(`| \`${setting.env}\``));
      for (const part of [setting.key, setting.meaning, setting.expected, setting.default ?? withoutDefault(setting)])
        expect(row).toContain(part);
    },
  );

  it.each(processSettingDefinitions)('state the setting $env as the code does', (setting) => {
    const row = doc('settings')
      .split('\n')
      .find((line) => line.startsWith(`| \`${setting.env}\``));
    for (const part of [setting.meaning, setting.expected, setting.default])
      expect(row?.replaceAll('`', '')).toContain(part);
  });

  it('explain each error code', () => {
    const explained = [...doc('errors').matchAll(/^\| `([A-Z_]+)`/gm)].map(([, code]) => code!);
    expect(explained.sort()).toEqual([...Object.keys(errorCodes), ...problemCodes].sort());
  });

  it('name each table and each column of the events', () => {
    const tables = [...[...migrations, ...postgres].join('\n').matchAll(/CREATE TABLE (\w+)/g)].map(
      ([, table]) => table!,
    );
    for (const table of tables) expect(doc('tables')).toContain(table);
    const events = /CREATE TABLE audit_events \(([\s\S]*?)UNIQUE/.exec(migrations[0]!)![1]!;
    for (const [, column] of events.matchAll(/^\s+"?(\w+)"? (?:TEXT|INTEGER)/gm))
      expect(doc('tables')).toContain(`\`${column}\``);
  });
});
