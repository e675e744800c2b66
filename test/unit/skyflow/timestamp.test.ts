import { describe, expect, it } from 'vitest';
import { epochMs, rfc3339Of } from '../../../src/sources/skyflow/timestamp.js';

describe('an SQL timestamp', () => {
  it.each([
    ['2023-06-27 14:01:14.271659365', '2023-06-27T14:01:14.271659365Z'],
    ['2023-06-27 14:01:14', '2023-06-27T14:01:14Z'],
    ['2023-06-27 14:01:14.10', '2023-06-27T14:01:14.10Z'],
    ['2023-06-27T14:01:14.5z', '2023-06-27T14:01:14.5Z'],
    ['2023-06-27t14:01:14+02:00', '2023-06-27T14:01:14+02:00'],
    ['2024-02-29 00:00:00', '2024-02-29T00:00:00Z'],
  ])('%s is %s', (text, expected) => {
    expect(rfc3339Of(text)).toBe(expected);
  });

  it.each([
    '',
    '2023-06-27',
    '2023-02-29 00:00:00',
    '2023-13-01 00:00:00',
    '2023-06-27 24:00:00',
    '1687874474',
    'x 2023-06-27 14:01:14',
  ])('is refused: %s', (text) => {
    expect(rfc3339Of(text)).toBeNull();
    expect(epochMs(text)).toBeUndefined();
  });

  it('has epoch milliseconds, rounded down to whole ones', () => {
    expect(epochMs('1970-01-01 00:00:01.2349')).toBe(1_234);
    expect(epochMs('1970-01-01T01:00:00+01:00')).toBe(0);
  });
});
