import { epochNanoseconds } from '../../timestamp.js';

const moment = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d(?:\.\d+)?)([Zz]|[+-]\d\d:\d\d)?$/;

/**
 * Converts an SQL timestamp ("2023-06-27 14:01:14.271659365") to RFC 3339, with all its digits. Without a zone it is in
 * UTC; a zone is kept. Null if the text is not a time.
 */
export function rfc3339Of(text: string): string | null {
  const match = moment.exec(text);
  if (!match) return null;
  const [, date, time, zone = 'Z'] = match;
  const written = `${date}T${time}${zone.toUpperCase()}`;
  return epochNanoseconds(written) === null ? null : written;
}

/** Epoch milliseconds of an SQL timestamp or RFC 3339 time, truncated; undefined if the text is not a time. */
export function epochMs(text: string): number | undefined {
  const written = rfc3339Of(text);
  return written === null ? undefined : Number(epochNanoseconds(written)! / 1_000_000n);
}
