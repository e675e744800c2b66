import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { epochNanoseconds } from '../../src/timestamp.js';

describe('epochNanoseconds', () => {
  it.each([
    ['1970-01-01T00:00:00Z', 0n],
    ['2020-11-18T18:05:08.277119888Z', 1_605_722_708_277_119_888n],
    ['2020-11-18T18:05:08.25Z', 1_605_722_708_250_000_000n],
    ['2020-11-18T20:05:08.25+02:00', 1_605_722_708_250_000_000n],
    ['2020-11-18T12:35:08.25-05:30', 1_605_722_708_250_000_000n],
    ['2020-11-18t18:05:08z', 1_605_722_708_000_000_000n],
    ['2016-12-31T23:59:60Z', 1_483_228_800_000_000_000n],
    ['1969-12-31T23:59:59.999999999Z', -1n],
    ['0001-01-01T00:00:00Z', -(2n ** 63n)],
    ['9999-12-31T23:59:59Z', 2n ** 63n - 1n],
    ['2024-02-29T00:00:00Z', 1_709_164_800_000_000_000n],
  ])('%s', (text, nanoseconds) => expect(epochNanoseconds(text)).toBe(nanoseconds));

  it.each([
    '',
    'now',
    '2020-11-18',
    '2020-11-18T18:05:08',
    '2023-02-29T00:00:00Z',
    '2020-13-01T00:00:00Z',
    '2020-11-18T24:00:00Z',
    '1605722708',
    '2020-11-18T18:05:08.Z',
    ' 2020-11-18T18:05:08Z',
  ])('refuses %j', (text) => expect(epochNanoseconds(text)).toBeNull());

  it('agrees with Date to the millisecond, and keeps the order of nanoseconds', () => {
    const dates = fc.date({ min: new Date('1700-01-01'), max: new Date('2250-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(dates, fc.integer({ min: 0, max: 999_999 }), (date, rest) => {
        const text = date.toISOString().replace('Z', `${String(rest).padStart(6, '0')}Z`);
        expect(epochNanoseconds(text)).toBe(BigInt(date.getTime()) * 1_000_000n + BigInt(rest));
      }),
    );
  });
});
