import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../scripts/setup.mjs';
import { errorCodes } from '../src/errors.js';
import { words } from '../src/filter/filter.js';
import { parseFilter } from '../src/filter/parse.js';
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

  it('let no other user read a secret while its file is written', () => {
    const pages = [
      'README.md',
      ...['docs', 'deploy'].flatMap((part) =>
        (readdirSync(join(root, part), { recursive: true }) as string[]).map((name) => join(part, name)),
      ),
    ].filter((name) => statSync(join(root, name)).isFile() && !/\.m?[jt]s$/.test(name));
    const lines = pages.flatMap((name) => readFileSync(join(root, name), 'utf8').split('\n'));
    const written = lines.filter((line) =>
      /(>|\btee|\bcp \/dev\/null|\binstall|\btouch) *\S*(key|secret|\.env|store-url|token)/.test(line),
    );
    expect(written.length).toBeGreaterThan(1);
    expect(written.filter((line) => !line.includes('umask 077'))).toEqual([]);
  });

  it('explain each error code', () => {
    const explained = [...doc('errors').matchAll(/^\| `([A-Z_]+)`/gm)].map(([, code]) => code!);
    expect(explained.sort()).toEqual([...Object.keys(errorCodes), ...problemCodes].sort());
  });

  it('explain each word of a filter, and show only filters that exist', () => {
    const explained = [...doc('events').matchAll(/^\| `([a-z]+):`/gm)].map(([, word]) => word);
    expect(explained).toEqual(words);
    const pages = [...['README.md', 'docs/events.md'].map((name) => readFileSync(join(root, name), 'utf8'))];
    const shown = [...pages.join('\n').matchAll(/--where '([^']*)'/g)].map(([, filter]) => filter!);
    expect(shown.length).toBeGreaterThan(2);
    for (const filter of shown) expect(() => parseFilter(filter)).not.toThrow();
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
