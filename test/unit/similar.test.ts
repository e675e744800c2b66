import { expect, it } from 'vitest';
import { instead } from '../../src/similar.js';

const names = ['asaTeam', 'asaKeyId', 'asaKeySecretFile', 'searchCount', 'retainDays', 'offload'];

it.each([
  ['serachCount', 'searchCount'],
  ['searchcount', 'searchCount'],
  ['SEARCH_COUNT', 'searchCount'],
  ['search-count', 'searchCount'],
  ['retainDay', 'retainDays'],
  ['team', 'asaTeam'],
  ['ofload', 'offload'],
])('%s: did you mean %s?', (word, name) => {
  expect(instead(word, names)).toBe(` (did you mean ${name}?)`);
});

it.each(['colour', 'x', '', '___', 'a'.repeat(100_000)])('nothing is like %j: all names are listed', (word) => {
  expect(instead(word, names)).toBe(` (known: ${names.join(', ')})`);
});

it('nothing is known', () => {
  expect(instead('asa', [])).toBe('');
});
