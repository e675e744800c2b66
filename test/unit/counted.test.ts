import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../../scripts/setup.mjs';
import { counted } from '../../src/counted.js';

it.each([
  [0, 'page', undefined, '0 pages'],
  [1, 'page', undefined, '1 page'],
  [2_000, 'page', undefined, '2,000 pages'],
  [1, 'batch', 'batches', '1 batch'],
  [1, 'event has', 'events have', '1 event has'],
  [1.5, 'day', undefined, '1.5 days'],
])('%d %s', (count, noun, plural, text) => {
  expect(counted(count, noun, plural)).toBe(text);
});

/** Numbers that are never 1: limits that the code fixes, and what is only told if there are many. */
const never1 = new Set([
  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: as they stand in the code
  '${trawl} events',
  '${events.length} events',
  '${pageMax} pages',
  '${refusedInRowMax} events',
  '${settledMs / 60_000} minutes',
  '${this.#size.current} events',
  "${requestsPerHour.toLocaleString('en')} requests",
  '${historyDays} days',
  '${retentionDays} days',
  '${buildMaxMs / 60_000} minutes',
  '${number} days',
  '${number} hours',
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: as they stand in the code
]);

it('every message counts by it: no text has a number before a plural', () => {
  const nouns = 'events|pages|rows|batches|lines|runs|requests|days|hours|minutes|collectors|files|records';
  const form = new RegExp(`\\$\\{(?!counted\\()[^{}]*\\} (?:new |rejected |more |of )*(?:${nouns})\\b`, 'g');
  const found = ['src', 'activities', 'workflows', 'demo'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => {
        const matches = readFileSync(join(root, folder, name), 'utf8').match(form) ?? [];
        return matches.filter((text) => !never1.has(text)).map((text) => `${folder}/${name}: ${text}`);
      }),
  );
  expect(found).toEqual([]);
});
