import { defaultCron } from '../default-cron.js';
import type { Standing } from '../stores/store.js';
import { nthTickBefore } from './ticks.js';

/** The last run may be under way, so the one before it is what counts. */
const ticksMax = 2;

/** How far a collector is behind its source. */
export interface Lag {
  caughtUp: boolean;
  /** Up to here everything is collected; null where nothing has been, or it is caught up. RFC 3339. */
  behindSince: string | null;
}

/**
 * Caught up is who has read all that the source had at one of the last two ticks, and has not begun to read more since. A
 * collector that is not to run by itself is judged as if it ran every few minutes.
 */
export function lagOf({ caughtUpAt, lastDateTime, newestTimestamp, due }: Standing, nowMs: number): Lag {
  const caughtUpMs = epochMs(caughtUpAt);
  const isFresh = caughtUpMs >= nthTickBefore(due?.cron || defaultCron, ticksMax, nowMs);
  if (caughtUpAt !== null && isFresh && caughtUpMs >= epochMs(lastDateTime))
    return { caughtUp: true, behindSince: null };
  const toMs = readToMs({ caughtUpAt, newestTimestamp }, nowMs);
  return { caughtUp: false, behindSince: toMs === 0 ? null : new Date(toMs).toISOString() };
}

/** Up to here everything is collected; epoch ms, 0 where nothing has been. */
export function readToMs(
  { caughtUpAt, newestTimestamp }: Pick<Standing, 'caughtUpAt' | 'newestTimestamp'>,
  nowMs: number,
): number {
  const newestMs = epochMs(newestTimestamp);
  // An event may bear any time: one from the future says nothing of how far the reading has come.
  return Math.max(epochMs(caughtUpAt), newestMs <= nowMs ? newestMs : 0);
}

/** 0 where there is none. */
export function epochMs(time: string | null): number {
  const ms = time === null ? 0 : Date.parse(time);
  return Number.isNaN(ms) ? 0 : ms;
}
