import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fromNow } from '../../src/cli/status/times.js';
import { timeOption, timeRange } from '../../src/cli/time-option.js';
import { stopClock } from '../support/clock.js';

const nowMs = Date.parse('2026-05-01T12:00:00Z');
const nowNs = BigInt(nowMs) * 1_000_000n;
const ns = (time: string) => BigInt(Date.parse(time)) * 1_000_000n;

beforeEach(() => {
  // Two hours ahead of UTC in summer, one in winter.
  vi.stubEnv('TZ', 'Europe/Berlin');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe('--since and --until', () => {
  it.each([
    ['2026-05-01T12:00:00Z', nowNs],
    ['2026-05-01 12:00:00Z', nowNs],
    ['2026-05-01T12:00:00.000Z', nowNs],
    ['2026-05-01T12:00:00.000000001Z', nowNs + 1n],
    ['2026-05-01T14:00:00+02:00', nowNs],
    ['2026-05-01T12:00Z', nowNs],
    ['2026-05-01Z', ns('2026-05-01T00:00:00Z')],
    ['2026-05-01', ns('2026-05-01T00:00:00+02:00')],
    ['2026-05-01 14:00', nowNs],
    ['2026-05-01T14:00', nowNs],
    ['2026-05-01 14:00:00', nowNs],
    ['2026-05-01 14:00:00.25', nowNs + 250_000_000n],
    ['2026-01-15 13:00', ns('2026-01-15T12:00:00Z')],
    ['90m', nowNs - 5_400_000_000_000n],
    ['12h', nowNs - 43_200_000_000_000n],
    ['12h ago', nowNs - 43_200_000_000_000n],
    ['in 3m', nowNs + 180_000_000_000n],
    ['7d', nowNs - 604_800_000_000_000n],
    ['30s', nowNs - 30_000_000_000n],
    ['0s', nowNs],
    ['now', nowNs],
    ['Now', nowNs],
    ['today', ns('2026-05-01T00:00:00+02:00')],
    ['yesterday', ns('2026-04-30T00:00:00+02:00')],
    ['tomorrow', ns('2026-05-02T00:00:00+02:00')],
  ])('accept %s', (text, time) => {
    expect(timeOption('--since', text, nowMs)).toBe(time);
  });

  it('accept every time as a verb prints it', () => {
    for (const iso of ['2026-05-01T11:58:00.000Z', '2026-05-01T12:03:00.000Z', '2026-04-01T12:00:00.000Z'])
      expect(timeOption('--since', fromNow(iso, nowMs), nowMs)).toBe(ns(iso));
  });

  it('may be left out', () => {
    expect(timeOption('--since', undefined)).toBeUndefined();
  });

  it('subtract an age from now', () => {
    stopClock(nowMs);
    expect(timeOption('--since', '1s')).toBe(nowNs - 1_000_000_000n);
  });

  it.each([
    '',
    '7w',
    '-7d',
    '1.5h',
    '7 d',
    'in 7d ago',
    '2026-02-30',
    '2026-02-30 12:00',
    '2026-13-01',
    '2026-05-01 24:00',
    '2026-05',
    '2026',
    '01/05/2026',
    '12:00',
    'd',
    'last week',
  ])('refuse %j and say what is expected', (text) => {
    expect(() => timeOption('--until', text, nowMs)).toThrow(
      expect.objectContaining({
        code: 'INPUT_INVALID',
        retry: false,
        message: expect.stringContaining('--until'),
        hint: expect.stringMatching(/RFC 3339.*12h/),
      }),
    );
  });

  it('refuse a bare number, by the example of an age', () => {
    expect(() => timeOption('--since', '7', nowMs)).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('7d for 7 days ago') }),
    );
  });

  it.each([
    ['2026-10-25 02:30', 'comes twice', '2026-10-25T02:30:00+02:00 or 2026-10-25T02:30:00+01:00'],
    ['2026-03-29 02:30', 'does not exist', '2026-03-29T03:30:00+02:00'],
  ])('refuse %s, which the clocks show twice or never', (text, message, example) => {
    expect(() => timeOption('--since', text, nowMs)).toThrow(
      expect.objectContaining({
        message: expect.stringContaining(message),
        hint: expect.stringContaining(example),
      }),
    );
  });

  it('take a day that begins an hour late from its first moment on', () => {
    vi.stubEnv('TZ', 'America/Santiago');
    expect(timeOption('--since', '2026-09-06', nowMs)).toBe(ns('2026-09-06T04:00:00Z'));
  });

  it.each(['999999d', 'in 999999d', '0001-01-01', '9999-12-31T23:59:59Z'])(
    'stay within what a store can compare: %s',
    (text) => {
      const time = timeOption('--since', text, nowMs)!;
      expect(BigInt.asIntN(64, time)).toBe(time);
    },
  );
});

it('a range that ends before it begins is refused', () => {
  expect(timeRange({ since: '2d', until: '1d' }, nowMs)).toEqual({
    sinceNs: timeOption('', '2d', nowMs),
    untilNs: timeOption('', '1d', nowMs),
  });
  expect(() => timeRange({ since: '1d', until: '2d' }, nowMs)).toThrow('later than');
});
