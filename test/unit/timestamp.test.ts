import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { epochNanoseconds, flooredTo, utcText } from '../../src/timestamp.js';

const int64Max = 2n ** 63n - 1n;
const int64Min = -(2n ** 63n);
const secondNs = 1_000_000_000n;

const two = (number: number) => String(number).padStart(2, '0');

/** A moment within 64 bits of nanoseconds, written as a Go server would: without trailing zeros in the fraction. */
function goText(epochNs: bigint, offsetMinutes = 0): string {
  const fractionNs = ((epochNs % secondNs) + secondNs) % secondNs;
  const seconds = (epochNs - fractionNs) / secondNs;
  const fraction = fractionNs.toString().padStart(9, '0').replace(/0+$/, '');
  const local = new Date(Number(seconds) * 1000 + offsetMinutes * 60_000).toISOString().slice(0, 19);
  const minutes = Math.abs(offsetMinutes);
  const offset = `${offsetMinutes < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
  return `${local}${fraction === '' ? '' : `.${fraction}`}${offsetMinutes === 0 ? 'Z' : offset}`;
}

const moment = fc.bigInt({ min: int64Min, max: int64Max });
const offsetMinutes = fc.integer({ min: -(23 * 60 + 59), max: 23 * 60 + 59 });

describe('moments', () => {
  it('are rounded down to whole units, before 1970 as well', () => {
    fc.assert(
      fc.property(moment, fc.constantFrom(1_000n, 1_000_000n, secondNs), (epochNs, unit) => {
        const below = epochNs - flooredTo(unit, epochNs) * unit;
        expect(below >= 0n && below < unit).toBe(true);
      }),
    );
    expect(flooredTo(1_000n, -1n)).toBe(-1n);
  });

  it('are written in UTC and read back unchanged', () => {
    fc.assert(
      fc.property(moment, (epochNs) => {
        expect(epochNanoseconds(utcText(epochNs, 9))).toBe(epochNs);
      }),
    );
    expect(utcText(-1n, 3)).toBe('1969-12-31T23:59:59.999Z');
  });

  it('of 64 bits are read back from any notation, at any offset', () => {
    fc.assert(
      fc.property(moment, offsetMinutes, (epochNs, offset) => {
        expect(epochNanoseconds(goText(epochNs, offset))).toBe(epochNs);
      }),
      { numRuns: 500 },
    );
  });

  it('are ordered correctly, whatever the length of their fractions and their offsets', () => {
    const steps = fc.bigInt({ min: -2_000_000_000n, max: 2_000_000_000n });
    fc.assert(
      fc.property(moment, steps, offsetMinutes, offsetMinutes, (first, step, one, other) => {
        const second = first + step > int64Max || first + step < int64Min ? first : first + step;
        const times = [epochNanoseconds(goText(first, one))!, epochNanoseconds(goText(second, other))!] as const;
        expect(times[0] < times[1]).toBe(first < second);
        expect(times[0] === times[1]).toBe(first === second);
      }),
      { numRuns: 500 },
    );
  });

  it('have their leap second between its neighbours', () => {
    const leap = epochNanoseconds('2016-12-31T23:59:60Z')!;
    expect(leap > epochNanoseconds('2016-12-31T23:59:59.999999999Z')!).toBe(true);
    expect(leap <= epochNanoseconds('2017-01-01T00:00:00Z')!).toBe(true);
    expect(epochNanoseconds('2017-01-01T00:59:60+01:00')).toBe(leap);
  });

  it('are cut after the ninth digit', () => {
    expect(epochNanoseconds('1970-01-01T00:00:00.1234567899Z')).toBe(123_456_789n);
  });

  it.each(['0000-01-01T00:00:00Z', '1677-09-21T00:00:00Z', '0001-01-01T00:00:00+23:59'])(
    'before the range of 64 bits become its first: %s',
    (text) => {
      expect(epochNanoseconds(text)).toBe(int64Min);
    },
  );

  it.each(['9999-12-31T23:59:59.999999999Z', '2262-04-12T00:00:00Z', '9999-12-31T23:59:59-23:59'])(
    'after the range of 64 bits become its last: %s',
    (text) => {
      expect(epochNanoseconds(text)).toBe(int64Max);
    },
  );

  it.each([
    '1900-02-29T00:00:00Z',
    '2020-00-10T00:00:00Z',
    '2020-04-31T00:00:00Z',
    '2020-01-00T00:00:00Z',
    '2020-01-32T00:00:00Z',
    '2020-01-01T00:60:00Z',
    '2020-01-01T00:00:61Z',
    '2020-01-01T00:00:00+24:00',
    '2020-01-01T00:00:00+01:60',
    '2020-01-01T00:00:00-99:99',
  ])('that do not exist are refused: %s', (text) => {
    expect(epochNanoseconds(text)).toBeNull();
  });

  it.each([
    '2020-01-01T00:00Z',
    '2020-01-01T00:00:00,5Z',
    '2020-01-01T00:00:00+0100',
    '2020-01-01T00:00:00+01',
    '2020-1-1T00:00:00Z',
    '20200101T000000Z',
    '+002020-01-01T00:00:00Z',
    '2020-01-01T00:00:00Z\n',
    '2020-01-01T00:00:00ZZ',
    '٢٠٢٠-01-01T00:00:00Z',
  ])('that are not RFC 3339 are refused: %j', (text) => {
    expect(epochNanoseconds(text)).toBeNull();
  });

  it('from any text are null or within 64 bits', () => {
    const alike = fc.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,12})?(Z|[+-]\d\d:\d\d)$/);
    fc.assert(
      fc.property(fc.oneof(fc.string(), alike), (text) => {
        const time = epochNanoseconds(text);
        expect(time === null || (time >= int64Min && time <= int64Max)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
