import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../scripts/setup.mjs';
import { errorCodes } from '../src/errors.js';
import { migrations as postgres } from '../src/stores/postgres/migrations.js';
import { migrations } from '../src/stores/sqlite/migrations.js';
import { problemCodes } from '../src/watch/problem.js';
import { docTables, withTables } from './support/doc-tables.js';

const doc = (name: string) => readFileSync(join(root, 'docs', `${name}.md`), 'utf8');

describe('the docs', () => {
  it.each(Object.keys(docTables))('%s has the tables that the code generates ("npm run docs" writes them)', (page) => {
    const text = readFileSync(join(root, page), 'utf8');
    expect(text).toBe(withTables(page, text));
  });

  it('explain each error code', () => {
    const explained = [...doc('errors').matchAll(/^\| `([A-Z_]+)`/gm)].map(([, code]) => code!);
    expect(explained.sort()).toEqual([...Object.keys(errorCodes), ...problemCodes].sort());
  });

  it('name each table and each column of the events', () => {
    const made = [...migrations, ...postgres].join('\n');
    for (const [, table] of made.matchAll(/CREATE TABLE (\w+)/g)) {
      if (!made.includes(`ALTER TABLE ${table} RENAME TO`)) expect(doc('tables')).toContain(table);
    }
    const events = /CREATE TABLE audit_events \(([\s\S]*?)UNIQUE/.exec(migrations[0]!)![1]!;
    for (const [, column] of events.matchAll(/^\s+"?(\w+)"? (?:TEXT|INTEGER)/gm))
      expect(doc('tables')).toContain(`\`${column}\``);
  });
});
