import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { waitOf } from '../../src/http/waits.js';

const now = Date.parse('2026-05-01T12:00:00Z');

describe('the wait that a header asks for', () => {
  it.each<[string | undefined, number | undefined]>([
    ['30', 30_000],
    ['0', 0],
    [' 1.5 ', 1_500],
    ['3600', 3_600_000],
    // More than a day: milliseconds.
    ['120000', 120_000],
    [String(now / 1000 + 30), 30_000],
    [String(now / 1000 + 0.25), 250],
    [String(now + 30_000), 30_000],
    [String(now / 1000 - 30), 0],
    ['Fri, 01 May 2026 12:00:30 GMT', 30_000],
    ['2026-05-01T12:00:30Z', 30_000],
    ['2026-05-01T11:00:00Z', 0],
    [undefined, undefined],
    ['', undefined],
    ['soon', undefined],
    ['-5', undefined],
    ['1e3', undefined],
    ['30 s', undefined],
  ])('%j is %j ms', (header, wait) => {
    expect(waitOf(header, now)).toBe(wait);
  });

  it('is the same in each form', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 86_400 }), (seconds) => {
        const at = now + seconds * 1000;
        const forms = [
          String(seconds),
          String(at / 1000),
          String(at),
          new Date(at).toUTCString(),
          new Date(at).toISOString(),
        ];
        expect(forms.map((form) => waitOf(form, now))).toEqual(forms.map(() => seconds * 1000));
      }),
    );
  });
});
