import type { Standing } from '../stores/store.js';
import { epochMs } from './lag.js';
import { failureCodeOf, type Problem, splitCode } from './problem.js';

/** How a run failed. */
export interface RunFailure {
  message: string;
  /** Null if it has none. */
  code: string | null;
  /** When the run ended; epoch ms. */
  atMs: number;
}

type Outcomes = Pick<Standing, 'failure' | 'lastDateTime'>;

/**
 * The failure of the newest run, whoever began it: cron, a Schedule, `trawl collect`, or a client of Temporal. Null if
 * a run has read a page since. `trawl status`, the worker's log, `/healthz` and `/metrics` judge by it alone.
 *
 * @param stored what the store tells of the collector; undefined if it cannot be read
 * @param recurring the failure of the last recurring run, according to Temporal. It knows of failures that could not be
 *   logged; the store knows of runs that do not recur.
 */
export function newestFailure(stored: Outcomes | undefined, recurring: RunFailure | null = null): RunFailure | null {
  const logged = stored?.failure ? loggedFailure(stored.failure) : null;
  if (recurring === null || (logged && logged.atMs > recurring.atMs)) return logged;
  // The page of a run that came later is the newer outcome, unless that run has failed as well.
  const isPast = logged === null && stored !== undefined && epochMs(stored.lastDateTime) > recurring.atMs;
  return isPast ? null : recurring;
}

/** A failure as the execution log has it. */
export function loggedFailure({ at, text }: NonNullable<Outcomes['failure']>): RunFailure {
  return { ...splitCode(text), atMs: epochMs(at) };
}

/** The problem of a collector whose newest run has failed. */
export function failedRun({ message, code }: RunFailure): Problem {
  return { code: failureCodeOf(code), message: `The last run failed: ${message}` };
}

/** True if nothing is known of any run, and none is expected: so `trawl remove` leaves a collector. */
export function isAtRest({ due, lastDateTime, failure }: Standing): boolean {
  return due === null && lastDateTime === null && failure === null;
}
