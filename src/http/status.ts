import { type ErrorCode, TrawlError } from '../errors.js';
import { wholeNumber } from '../whole-number.js';
import type { HttpAnswer } from './client.js';
import { hostOf } from './connection-hints.js';
import { proxyHint } from './proxy-failures.js';
import { waitOf } from './waits.js';

interface StatusRule {
  code: ErrorCode;
  hint: string;
}

const temporary = (code: ErrorCode): StatusRule => ({
  code,
  hint: 'This is usually temporary; the request is retried.',
});

/** Error code and hint by status. Statuses not listed are REQUEST_REFUSED, or temporary from 500 on. */
export const statusRules: Readonly<Record<number, StatusRule>> = {
  400: { code: 'REQUEST_REFUSED', hint: 'Check the settings of this collector with "trawl check".' },
  401: { code: 'TOKEN_REFUSED', hint: 'Check that the key is still valid, and the clock of this machine.' },
  403: {
    code: 'ACCESS_DENIED',
    hint: 'Give the key a role that may read the audit log, and check that the account is not disabled.',
  },
  404: { code: 'NOT_FOUND', hint: 'Check the name of the account and the base URL.' },
  408: temporary('SOURCE_UNAVAILABLE'),
  410: { code: 'NOT_FOUND', hint: 'Check the name of the account and the base URL.' },
  425: temporary('SOURCE_UNAVAILABLE'),
  413: { code: 'PAGE_TOO_LARGE', hint: 'Request fewer events at once: lower searchCount for this collector.' },
  429: {
    code: 'RATE_LIMITED',
    hint: 'It is retried when the limit allows; if this persists, collect less often or find what else uses the limit.',
  },
  499: temporary('SOURCE_UNAVAILABLE'),
};

/**
 * The error for a status. Of the body, the message includes only the vendor's short error code.
 *
 * @param what describes the request in the message
 */
export function statusError(
  answer: HttpAnswer,
  url: string,
  what: string,
  hints: Readonly<Record<number, string>> = {},
): TrawlError {
  const { status } = answer;
  const rule = statusRules[status] ?? (status >= 500 ? temporary('SOURCE_UNAVAILABLE') : elsewhere(answer, url));
  const vendorCode = errorCodeOf(answer.body);
  const message = `${hostOf(url)} answered ${status}${vendorCode ? ` ${vendorCode}` : ''} to ${what}.`;
  return new TrawlError(rule.code, message, {
    hint: `${hints[status] ?? rule.hint}${proxyHint(answer)}`,
    tooMuch: status === 413 || status === 504,
    retryAfterMs: status === 429 ? laterOf(askedWaitMs(answer), resetInMs(answer)) : askedWaitMs(answer),
  });
}

/** Redirects are not followed, since a token would go along. */
function elsewhere({ status, headers }: HttpAnswer, url: string): StatusRule {
  const to = headers.location?.[0];
  const leads =
    status >= 300 && status < 400 && to !== undefined && URL.canParse(to, url)
      ? `It leads to ${placeOf(to, url)}, and is not followed, so that no key is sent there. If that is the API, set the base URL accordingly.`
      : 'Check the base URL: the response does not look like this API.';
  return { code: 'REQUEST_REFUSED', hint: leads };
}

/** Without the query and user information, which may hold secrets. */
function placeOf(to: string, url: string): string {
  const { origin, pathname } = new URL(to, url);
  return `${origin}${pathname}`.slice(0, 300);
}

function errorCodeOf(body: Uint8Array): string | undefined {
  if (body.byteLength > 16_384) return undefined;
  try {
    const { code } = JSON.parse(Buffer.from(body).toString('utf8')) as { code?: unknown };
    return typeof code === 'string' && /^[a-z][a-z_]{1,59}$/.test(code) ? code : undefined;
  } catch {
    return undefined;
  }
}

/** Upper bound of a wait, whatever a header says. */
const waitMaxMs = 65 * 60_000;

/** The wait that `Retry-After` asks for, with jitter; undefined if there is none. */
export function askedWaitMs(answer: HttpAnswer): number | undefined {
  const inMs = wholeNumber(answer.headers['retry-after-ms']?.[0]);
  const wait = inMs ?? waitOf(answer.headers['retry-after']?.[0], serverTimeMs(answer));
  return wait === undefined ? undefined : bounded(wait);
}

/** Time until the rate limit begins anew, with jitter; undefined if the header is absent or invalid. */
function resetInMs(answer: HttpAnswer): number | undefined {
  const wait = waitOf(limitHeader(answer, 'reset'), serverTimeMs(answer));
  return wait === undefined ? undefined : bounded(wait);
}

/** Vendors spell the headers differently; the last form is that of the IETF's draft. */
function limitHeader({ headers }: HttpAnswer, name: 'limit' | 'remaining' | 'reset'): string | undefined {
  return [`x-ratelimit-${name}`, `x-rate-limit-${name}`, `ratelimit-${name}`].flatMap((one) => headers[one] ?? [])[0];
}

function laterOf(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
}

export interface RateLimit {
  limit: number;
  remaining: number;
  /** Time until the next period begins, with jitter. */
  resetInMs: number;
}

/** Reads the headers of the rate limit; undefined if one of them is absent or invalid. */
export function rateLimitOf(answer: HttpAnswer): RateLimit | undefined {
  const limit = wholeNumber(limitHeader(answer, 'limit'));
  const remaining = wholeNumber(limitHeader(answer, 'remaining'));
  const reset = resetInMs(answer);
  if (limit === undefined || remaining === undefined || reset === undefined) return undefined;
  return { limit, remaining, resetInMs: reset };
}

/** A twentieth of the limit is left to other users of the vendor's API. */
export function reserveOf(limit: number): number {
  return Math.ceil(limit / 20);
}

/** The wait before the next request that keeps the reserve; 0 if enough requests are left. */
export function pauseForReserveMs(answer: HttpAnswer): number {
  const rate = rateLimitOf(answer);
  if (!rate || rate.limit < 2 || rate.remaining > reserveOf(rate.limit)) return 0;
  return rate.resetInMs;
}

/** The server's clock, so that a wrong local clock does not matter. */
function serverTimeMs(answer: HttpAnswer): number {
  const date = Date.parse(answer.headers.date?.[0] ?? '');
  return Number.isFinite(date) ? date : Date.now();
}

function bounded(ms: number): number {
  const wait = Math.min(Math.max(ms, 0), waitMaxMs);
  return Math.ceil(wait + 200 + Math.random() * Math.min(5_000, 300 + wait / 10));
}
