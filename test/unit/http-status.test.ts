import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ErrorCode } from '../../src/errors.js';
import type { HttpAnswer } from '../../src/http/client.js';
import {
  askedWaitMs,
  pauseForReserveMs,
  rateLimitOf,
  reserveOf,
  statusError,
  statusRules,
} from '../../src/http/status.js';

const now = Date.parse('2026-05-01T12:00:00Z');
const url = 'https://app.scaleft.com/v1/teams/t/auditsV2?count=1000';

/** A little longer than an hour, the period of the rate limit. */
const waitMaxMs = 75 * 60_000;
/** The most that jitter may add to a wait. */
const jitterMs = 10_000;

beforeEach(() => {
  vi.useFakeTimers({ now, toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function answer(status: number, headers: Record<string, string> = {}, body = ''): HttpAnswer {
  return {
    status,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    body: Buffer.from(body),
  };
}

const errorOf = (status: number, headers: Record<string, string> = {}, body = '') =>
  statusError(answer(status, headers, body), url, 'the request for a page');

const limits = (remaining: number, resetInS: number, limit = 10_000) => ({
  'x-ratelimit-limit': String(limit),
  'x-ratelimit-remaining': String(remaining),
  'x-ratelimit-reset': String(Math.floor(now / 1000) + resetInS),
});

function expectWait(waitMs: number | undefined, leastMs: number): void {
  expect(waitMs).toBeGreaterThanOrEqual(leastMs);
  expect(waitMs).toBeLessThanOrEqual(leastMs + jitterMs);
}

describe('a status', () => {
  it.each<[number, ErrorCode, boolean]>([
    [400, 'REQUEST_REFUSED', false],
    [403, 'ACCESS_DENIED', false],
    [404, 'NOT_FOUND', false],
    [409, 'REQUEST_REFUSED', false],
    [415, 'REQUEST_REFUSED', false],
    [401, 'TOKEN_REFUSED', true],
    [408, 'SOURCE_UNAVAILABLE', true],
    [429, 'RATE_LIMITED', true],
    [499, 'SOURCE_UNAVAILABLE', true],
    [500, 'SOURCE_UNAVAILABLE', true],
    [502, 'SOURCE_UNAVAILABLE', true],
    [503, 'SOURCE_UNAVAILABLE', true],
    [504, 'SOURCE_UNAVAILABLE', true],
    [520, 'SOURCE_UNAVAILABLE', true],
    [302, 'REQUEST_REFUSED', false],
    [204, 'REQUEST_REFUSED', false],
    [418, 'REQUEST_REFUSED', false],
  ])('%i is %s, retried: %s', (status, code, retry) => {
    const error = errorOf(status);
    expect(error).toMatchObject({ code, retry });
    expect(error.message).toContain('app.scaleft.com');
    expect(error.message).toContain(String(status));
    expect(error.message).toContain('the request for a page');
    expect(error.hint).toMatch(/^[A-Z].*\.$/);
  });

  it.each([
    ['https://vendor.example/v2/audits?token=secret', 'https://vendor.example/v2/audits,'],
    ['//other.example/login', 'https://other.example/login,'],
    ['/v2/teams', 'https://app.scaleft.com/v2/teams,'],
    ['https://user:secret@vendor.example/', 'https://vendor.example/,'],
  ])('of a redirect names where it leads, without what may be secret: %s', (location, place) => {
    const { code, hint } = errorOf(301, { location });
    expect([code, hint.includes(place), hint.includes('secret')]).toEqual(['REQUEST_REFUSED', true, false]);
  });

  it('that smaller pages may help against says so', () => {
    expect([413, 504, 503, 500].map((status) => errorOf(status).tooMuch)).toEqual([true, true, false, false]);
    expect(errorOf(413)).toMatchObject({ code: 'PAGE_TOO_LARGE', retry: false });
  });

  it('is classified on its own, whatever the body says', () => {
    expect(errorOf(403, {}, '{"code":"too_many_requests"}')).toMatchObject({ code: 'ACCESS_DENIED', retry: false });
    expect(errorOf(500, {}, '{"code":"forbidden_error"}')).toMatchObject({ code: 'SOURCE_UNAVAILABLE', retry: true });
  });

  it("is reported with the vendor's short code and nothing else of the body", () => {
    expect(errorOf(400, {}, '{"code":"invalid_request","message":"hunter2"}').message).toContain('invalid_request');
    for (const body of [
      '{"code":"invalid_request","message":"hunter2"}',
      'hunter2',
      '<html>hunter2</html>',
      '{"code":"hunter2 is the secret"}',
      '{"code":["hunter2"]}',
      'null',
      '[]',
      `{"code":"${'hunter_two'.repeat(20)}"}`,
    ]) {
      expect(errorOf(400, {}, body).message).not.toMatch(/hunter/);
    }
  });

  it("prefers the caller's hint over its own", () => {
    const hints = { 404: 'Check ASA_TEAM.' };
    expect(statusError(answer(404), url, 'x', hints).hint).toBe('Check ASA_TEAM.');
    expect(statusError(answer(403), url, 'x', hints).hint).toBe(statusRules[403]!.hint);
  });

  it('does not show the query of the URL', () => {
    expect(statusError(answer(400), 'https://h.example/p?offset=hunter2', 'x').message).not.toContain('hunter2');
  });
});

describe('a 429', () => {
  it('waits until X-RateLimit-Reset, in seconds', () => {
    expectWait(errorOf(429, limits(0, 600)).retryAfterMs, 600_000);
  });

  it('waits as long as Retry-After says, in seconds', () => {
    expectWait(errorOf(429, { 'retry-after': '120' }).retryAfterMs, 120_000);
  });

  it('waits until the date of Retry-After', () => {
    const date = new Date(now + 90_000).toUTCString();
    expectWait(errorOf(429, { 'retry-after': date }).retryAfterMs, 90_000);
  });

  it.each([
    ['Retry-After is earlier', '1', 600],
    ['Retry-After is later', '600', 1],
  ])('waits for both if both are present: %s', (_, retryAfter, resetInS) => {
    const { retryAfterMs } = errorOf(429, { ...limits(0, resetInS), 'retry-after': retryAfter });
    expectWait(retryAfterMs, 600_000);
  });

  it('waits until X-RateLimit-Reset if there is only that', () => {
    const { 'x-ratelimit-reset': reset } = limits(0, 600);
    expectWait(errorOf(429, { 'x-ratelimit-reset': reset }).retryAfterMs, 600_000);
  });

  it('waits a little if the reset is in the past', () => {
    const { retryAfterMs } = errorOf(429, limits(0, -3_600));
    expect(retryAfterMs).toBeGreaterThan(0);
    expect(retryAfterMs).toBeLessThanOrEqual(jitterMs);
  });

  it('leaves the wait to the retry policy if no header states one', () => {
    expect(errorOf(429)).toMatchObject({ retry: true, retryAfterMs: undefined });
    expect(errorOf(429, { 'x-ratelimit-reset': 'soon', 'retry-after': '' }).retryAfterMs).toBeUndefined();
  });

  it.each([
    { 'retry-after': '999999999' },
    { 'retry-after': '9'.repeat(400) },
    { 'retry-after': 'Fri, 31 Dec 9999 23:59:59 GMT' },
    limits(0, 10 ** 9),
    { ...limits(0, 0), 'x-ratelimit-reset': '999999999999999' },
    { ...limits(0, 0), 'x-ratelimit-reset': String(now + 60_000) },
  ])('never waits much longer than an hour: %o', (headers) => {
    const { retryAfterMs } = errorOf(429, headers as Record<string, string>);
    expect(retryAfterMs ?? 0).toBeLessThanOrEqual(waitMaxMs);
  });

  it.each(['-5', '1.5', 'soon', '1e3', '0x10'])(
    'does not let a meaningless Retry-After %s hide the reset',
    (header) => {
      expectWait(errorOf(429, { ...limits(0, 600), 'retry-after': header }).retryAfterMs, 600_000);
    },
  );

  it('spreads the waits', () => {
    const waits = Array.from({ length: 20 }, () => errorOf(429, limits(0, 600)).retryAfterMs);
    expect(new Set(waits).size).toBeGreaterThan(1);
  });

  it.each([-7_200_000, 7_200_000])("uses the server's clock if this machine's is off by %i ms", (skewMs) => {
    const date = new Date(now).toUTCString();
    vi.setSystemTime(now + skewMs);
    expectWait(errorOf(429, { ...limits(0, 600), date }).retryAfterMs, 600_000);
    expectWait(errorOf(429, { 'retry-after': new Date(now + 90_000).toUTCString(), date }).retryAfterMs, 90_000);
  });

  it("uses this machine's clock if the answer's Date is invalid", () => {
    expectWait(errorOf(429, { ...limits(0, 600), date: 'yesterday' }).retryAfterMs, 600_000);
  });
});

describe('a 503', () => {
  it('waits as long as Retry-After says', () => {
    expectWait(errorOf(503, { 'retry-after': '30' }).retryAfterMs, 30_000);
  });

  it('does not wait for a rate limit', () => {
    expect(errorOf(503, limits(5_000, 600)).retryAfterMs).toBeUndefined();
  });
});

describe('Retry-After', () => {
  it('is undefined if it is absent', () => {
    expect(askedWaitMs(answer(503))).toBeUndefined();
  });

  it('of 0 is a short wait', () => {
    expectWait(askedWaitMs(answer(503, { 'retry-after': '0' })), 0);
  });
});

describe('the rate limit of an answer', () => {
  it('is read from its three headers', () => {
    const rate = rateLimitOf(answer(200, limits(42, 60)));
    expect(rate).toMatchObject({ limit: 10_000, remaining: 42 });
    expectWait(rate!.resetInMs, 60_000);
  });

  it.each([
    {},
    { 'x-ratelimit-limit': '10', 'x-ratelimit-remaining': '1' },
    { ...limits(1, 60), 'x-ratelimit-remaining': '-1' },
    { ...limits(1, 60), 'x-ratelimit-limit': 'many' },
    { ...limits(1, 60), 'x-ratelimit-reset': 'soon' },
    { ...limits(1, 60), 'x-ratelimit-limit': '' },
  ])('is undefined for %o', (headers) => {
    expect(rateLimitOf(answer(200, headers as Record<string, string>))).toBeUndefined();
  });
});

describe('other forms of the rate limit', () => {
  it.each([
    { 'x-rate-limit-limit': '100', 'x-rate-limit-remaining': '7', 'x-rate-limit-reset': String(now / 1000 + 30) },
    { 'ratelimit-limit': '100', 'ratelimit-remaining': '7', 'ratelimit-reset': '30' },
    { ...limits(7, 0, 100), 'x-ratelimit-reset': String(now + 30_000) },
    { ...limits(7, 0, 100), 'x-ratelimit-reset': new Date(now + 30_000).toUTCString() },
  ])('are read: %o', (headers) => {
    const rate = rateLimitOf(answer(200, headers as Record<string, string>));
    expect(rate).toMatchObject({ limit: 100, remaining: 7 });
    expectWait(rate?.resetInMs, 30_000);
  });

  it('of Retry-After are read, too', () => {
    for (const headers of [
      { 'retry-after-ms': '30000' },
      { 'retry-after': '30.0' },
      { 'retry-after': String(now / 1000 + 30) },
    ])
      expectWait(askedWaitMs(answer(429, headers as Record<string, string>)), 30_000);
  });
});

describe('the reserve', () => {
  it('is a small part of the limit, and never zero', () => {
    expect(reserveOf(10_000)).toBe(500);
    expect(reserveOf(10)).toBeGreaterThanOrEqual(1);
    for (const limit of [2, 10, 100, 10_000]) expect(reserveOf(limit)).toBeLessThan(limit);
  });

  it('is kept: the next request waits for the next period', () => {
    expectWait(pauseForReserveMs(answer(200, limits(reserveOf(10_000), 600))), 600_000);
    expectWait(pauseForReserveMs(answer(200, limits(0, 600))), 600_000);
  });

  it.each([-7_200_000, 7_200_000])("is kept by the server's clock if this machine's is off by %i ms", (skewMs) => {
    const date = new Date(now).toUTCString();
    vi.setSystemTime(now + skewMs);
    expectWait(pauseForReserveMs(answer(200, { ...limits(0, 600), date })), 600_000);
  });

  it('causes no wait while more is left', () => {
    expect(pauseForReserveMs(answer(200, limits(reserveOf(10_000) + 1, 600)))).toBe(0);
    expect(pauseForReserveMs(answer(200, limits(9_999, 600)))).toBe(0);
  });

  it('is not kept if the limit is unknown', () => {
    expect(pauseForReserveMs(answer(200))).toBe(0);
    expect(pauseForReserveMs(answer(200, limits(0, 600, 0)))).toBe(0);
  });
});
