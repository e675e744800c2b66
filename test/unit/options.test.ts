import { expect, it } from 'vitest';
import { duration } from '../../src/cli/commands/options.js';

it.each([
  ['0s', 0, 0],
  ['90s', 1, 90_000],
  ['10s', 10, 10_000],
  ['1h', 10, 3_600_000],
])('a duration of %s is taken where %i seconds are the least', (text, least, ms) => {
  expect(duration(least)(text)).toBe(ms);
});

it.each([
  ['0s', 1, 'Use a duration of 1s or more.'],
  ['9s', 10, 'Use a duration of 10s or more.'],
  ['-1s', 0, 'Use a duration such as'],
  ['5', 0, 'Use a duration such as'],
])('a duration of %s is refused where %i seconds are the least', (text, least, message) => {
  expect(() => duration(least)(text)).toThrow(message);
});
