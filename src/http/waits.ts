/**
 * Header values that say when something is allowed again. Vendors send seconds or milliseconds, as a duration or since
 * 1970, whole or fractional, and dates; none of them says which.
 */

/** From here on a number is a moment since 1970, in seconds or in milliseconds. */
const epochSecondsMin = 1_000_000_000;
const epochMsMin = 100_000_000_000;

/** A wait of more than a day in seconds makes no sense, but one of minutes in milliseconds does. */
const durationSecondsMax = 86_400;

/**
 * The wait that a header asks for; ms, not negative. Undefined if it says nothing that can be understood.
 * @param nowMs the server's clock
 */
export function waitOf(header: string | undefined, nowMs: number): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d{1,16}(\.\d+)?$/.test(text)) return waitOfNumber(Number(text), nowMs);
  // An HTTP date begins with the day of the week, RFC 3339 with the year; `Date.parse` alone accepts nearly anything.
  const ms = /^([A-Za-z]{3,9},? |\d{4}-\d\d-\d\d[T ])/.test(text) ? Date.parse(text) - nowMs : Number.NaN;
  return Number.isFinite(ms) ? Math.max(ms, 0) : undefined;
}

function waitOfNumber(value: number, nowMs: number): number {
  if (value >= epochMsMin) return Math.max(value - nowMs, 0);
  if (value >= epochSecondsMin) return Math.max(value * 1000 - nowMs, 0);
  return value > durationSecondsMax ? value : value * 1000;
}
