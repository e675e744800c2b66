import type { Dialect } from './dialect.js';
import { all, changes, insert, type Steps } from './steps.js';

export interface RequestLimit {
  requests: number;
  periodMs: number;
}

/** See `Store.reserveRequest`. @param nowMs epoch milliseconds */
export function* reserveRequest(
  dialect: Dialect,
  place: string,
  { requests, periodMs }: RequestLimit,
  nowMs: number,
): Steps<number> {
  yield* dialect.lockPlace(place);
  yield* changes('DELETE FROM source_requests WHERE place = $1 AND at_ms <= $2', place, nowMs - periodMs);
  // The clock went back: the time of these requests is now unknown, but it was before now.
  yield* changes('UPDATE source_requests SET at_ms = $2 WHERE place = $1 AND at_ms > $2', place, nowMs);
  const blocking = (yield* timesAt(place)).at(-requests);
  if (blocking !== undefined) return blocking + periodMs - nowMs;
  yield* insert('source_requests', { place, at_ms: nowMs });
  return 0;
}

/** See `Store.requestWait`. @param nowMs epoch milliseconds */
export function* requestWait(place: string, { requests, periodMs }: RequestLimit, nowMs: number): Steps<number> {
  // Same rule as in reserveRequest: a request in the future counts as made now.
  const made = (yield* timesAt(place)).map((atMs) => Math.min(atMs, nowMs)).filter((atMs) => atMs > nowMs - periodMs);
  const blocking = made.at(-requests);
  return blocking === undefined ? 0 : blocking + periodMs - nowMs;
}

function* timesAt(place: string): Steps<number[]> {
  const rows = yield* all<{ atMs: number }>(
    'SELECT at_ms AS "atMs" FROM source_requests WHERE place = $1 ORDER BY at_ms',
    place,
  );
  return rows.map(({ atMs }) => atMs);
}
