import { defaultCron } from '../default-cron.js';
import type { Standing } from '../stores/store.js';
import { nthDueBefore } from './ticks.js';

/** The last run may still be under way, so the previous one counts. */
const ticksMax = 2;

/** Lag of a collector behind its source. */
export interface Lag {
  caughtUp: boolean;
  /** Everything up to this time is collected; null if nothing has been collected, or if caught up. RFC 3339. */
  behindSince: string | null;
}

/**
 * A collector is caught up if, since the last tick but one, it has read everything that the source had, and has not
 * begun to read more since. A collector without a schedule is judged as if it ran every few minutes.
 */
export function lagOf({ caughtUpAt, lastDateTime, newestTimestamp, due }: Standing, nowMs: number): Lag {
  const caughtUpMs = epochMs(caughtUpAt);
  const expected = due?.cron ? due : { cron: defaultCron };
  const isFresh = caughtUpMs >= nthDueBefore(expected, ticksMax, nowMs);
  if (caughtUpAt !== null && isFresh && caughtUpMs >= epochMs(lastDateTime))
    return { caughtUp: true, behindSince: null };
  const toMs = readToMs({ caughtUpAt, newestTimestamp }, nowMs);
  return { caughtUp: false, behindSince: toMs === 0 ? null : new Date(toMs).toISOString() };
}

/** Time up to which everything is collected; epoch ms, 0 if nothing has been collected. */
export function readToMs(
  { caughtUpAt, newestTimestamp }: Pick<Standing, 'caughtUpAt' | 'newestTimestamp'>,
  nowMs: number,
): number {
  const newestMs = epochMs(newestTimestamp);
  // Events may have any timestamp: one from the future says nothing about progress.
  return Math.max(epochMs(caughtUpAt), newestMs <= nowMs ? newestMs : 0);
}

/** Converts RFC 3339 to epoch ms; 0 for null or an invalid time. */
export function epochMs(time: string | null): number {
  const ms = time === null ? 0 : Date.parse(time);
  return Number.isNaN(ms) ? 0 : ms;
}
