import { counted } from '../counted.js';
import type { Standing } from '../stores/store.js';
import { epochMs, readToMs } from './lag.js';
import { type Problem, passesByItself, splitCode } from './problem.js';
import { failedRun, newestFailure } from './run-failure.js';
import { neverComes, nthDueBefore, nthTickBefore } from './ticks.js';

/** A checkpoint older than this share of the source's retention is reported. */
const retentionShareMax = 0.75;

/** A catch-up starts with the oldest events. It is healthy if it has written a page within this time. */
const movingMaxMs = 3_600_000;

/** A source may have so many empty pages that reading them takes several runs, but not for longer than this. */
const endlessMaxMs = 3_600_000;

/** A day, and what a daily job may be late. */
const anchorAgeMaxMs = 26 * 3_600_000;

const dayMs = 86_400_000;

interface HealthLimits {
  lateAfterRuns: number;
  /** Retention of the source; undefined if it is unknown or the collector is no longer set up. */
  retentionDays: number | undefined;
}

/**
 * Judges a collector by the store alone, so that the worker and `trawl status` agree, even if Temporal is gone. A long
 * catch-up that keeps writing pages is healthy, and so is a collector that is not expected to run.
 */
export function problemsOf(standing: Standing, limits: HealthLimits, nowMs: number): Problem[] {
  return [
    late(standing, limits, nowMs),
    unplanned(standing, nowMs),
    nearRetention(standing, limits, nowMs),
    endless(standing, nowMs),
    rejected(standing),
    forked(standing),
    notAnchored(standing, nowMs),
    failed(standing),
  ].filter((problem) => problem !== null);
}

/** A failure that Trawl retries by itself becomes a problem only once the collector is late. */
function failed(standing: Standing): Problem | null {
  const failure = newestFailure(standing);
  const problem = failure && failedRun(failure);
  return problem && !passesByItself(problem.code) ? problem : null;
}

/** An operator must decide that the store may begin a second history. */
function forked({ collector, forked }: Standing): Problem | null {
  if (forked === null) return null;
  const { message } = splitCode(forked);
  return {
    code: 'PROOF_FORKED',
    message: `${message}. Restore the newest backup; or, if there is none, begin a new epoch of the proof: "trawl proof continue ${collector}".`,
  };
}

/** Heads follow the offloaded events: they are old only where something keeps them from their place. */
function notAnchored({ collector, anchor }: Standing, nowMs: number): Problem | null {
  if (anchor === null || !anchor.isBehind || nowMs - epochMs(anchor.at) < anchorAgeMaxMs) return null;
  return {
    code: 'PROOF_NOT_ANCHORED',
    message: `The newest head of the proof that lies elsewhere is of ${anchor.at}, and more has come since. Look at the sinks of ${collector}, and offload: "trawl offload ${collector}".`,
  };
}

function unplanned({ collector, due }: Standing, nowMs: number): Problem | null {
  return due !== null && neverComes(due.cron, nowMs) ? noNextRun(collector, due.cron) : null;
}

/** The problem of a collector that waits for nothing. Nothing else would show it before it is late. */
export function noNextRun(collector: string, cron: string | null): Problem {
  const times = cron ? ` (cron "${cron}")` : '';
  return {
    code: 'NO_NEXT_RUN',
    message: `It waits, but no run follows${times}, so nothing is collected. Give it other times with "trawl start ${collector} --cron '*/5 * * * *'"; "trawl stop ${collector}" ends it on purpose.`,
  };
}

function endless({ collector, endless }: Standing, nowMs: number) {
  if (endless === null || (!endless.leadsBack && nowMs - epochMs(endless.since) < endlessMaxMs)) return null;
  const reason = endless.leadsBack
    ? 'its source leads back to where the run had been'
    : 'its source has had nothing but empty pages';
  return {
    code: 'NOT_CAUGHT_UP',
    message: `No run has caught up since ${endless.since}: ${reason}. Nothing is skipped; what comes behind has not been reached. Ask the vendor, check the filters and any proxy in between, and look at "trawl log ${collector}".`,
  } as const;
}

function late({ collector, due, lastDateTime }: Standing, { lateAfterRuns }: HealthLimits, nowMs: number) {
  if (due === null) return null;
  const sinceMs = Math.max(epochMs(due.since), epochMs(lastDateTime));
  if (sinceMs >= nthDueBefore(due, lateAfterRuns, nowMs)) return null;
  const since = lastDateTime === null ? 'since it was started' : `since ${lastDateTime}`;
  const when = due.cron ? ` (cron "${due.cron}")` : '';
  if (sinceMs >= nthTickBefore(due.cron, lateAfterRuns, nowMs))
    return {
      code: 'LATE',
      message: `No run has finished ${since}${when}. Runs that are rarer than daily are expected only after a command has said so: if that is right, confirm it with "trawl start ${collector} --cron CRON" where the store is.`,
    } as const;
  return {
    code: 'LATE',
    message: `No run has finished ${since}, although ${lateAfterRuns} or more were due${when}. Find the cause with "trawl log ${collector}" and in the Temporal UI, and check that a worker runs. "trawl start ${collector}" starts it again; "trawl stop ${collector}" ends it on purpose.`,
  } as const;
}

function nearRetention(standing: Standing, { retentionDays }: HealthLimits, nowMs: number) {
  const toMs = readToMs(standing, nowMs);
  if (retentionDays === undefined || toMs === 0) return null;
  const leftMs = toMs + retentionDays * dayMs - nowMs;
  if (leftMs > (1 - retentionShareMax) * retentionDays * dayMs || nowMs - epochMs(standing.lastDateTime) < movingMaxMs)
    return null;
  const readTo = new Date(toMs).toISOString();
  const loss =
    leftMs > 0
      ? `In ${counted(Number((leftMs / dayMs).toFixed(1)), 'day')} events will be lost`
      : 'Events may have been lost already';
  return {
    code: 'RETENTION_NEAR',
    message: `${loss}: everything is collected up to ${readTo}, and the source keeps ${counted(retentionDays, 'day')}. Collect now ("trawl collect ${standing.collector}").`,
  } as const;
}

function rejected({ collector, unsettled }: Standing) {
  if (unsettled === null) return null;
  const { events, reason, at } = unsettled;
  const what = events === 1 ? 'One event was rejected' : `${counted(events, 'event')} were rejected`;
  const why = reason.length > 200 ? `${reason.slice(0, 200)}…` : reason;
  return {
    code: 'EVENTS_REJECTED',
    message: `${what} instead of stored, the last at ${at} (${why}). "trawl rejected ${collector}" shows what was kept. Once the source is mended, "trawl reset ${collector} --rejected" reads those pages again; if nothing is missing, acknowledge with "trawl rejected ${collector} --acknowledge".`,
  } as const;
}
