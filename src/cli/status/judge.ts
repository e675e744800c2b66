import type { RunUnderWay } from '../../temporal/run-under-way.js';
import { failureCodeOf, type Problem, passesByItself, splitCode } from '../../watch/problem.js';
import type { Recurring } from './recurring.js';
import type { Stored } from './stored.js';
import { fromNow, span } from './times.js';

/** A run that has written nothing for so long stands still; one that waits for a rate limit may have to. */
const stuckAfterMs = 15 * 60_000;
const limitedMaxMs = 90 * 60_000;

/** What is known of a collector. */
export interface Facts {
  collector: string;
  recurring: Recurring;
  lastFailure: string | null;
  lastFailureCode: string | null;
  /** What whoever paused its Schedule has noted; null where it is not paused. */
  pausedBecause: string | null;
  run: RunUnderWay | null;
  /** Why Temporal does not say how its collection stands; null where it does. */
  unsaid: Problem | null;
  /** Undefined where the store cannot be read. */
  stored: Stored | undefined;
}

export interface Judgement {
  /** What a person has to do something about. */
  problems: Problem[];
  /** What passes by itself, or is past. */
  notices: Problem[];
}

/** What the store has found, with what Temporal alone can tell. */
export function judge(facts: Facts, nowMs: number): Judgement {
  const problems = [...(facts.stored?.found ?? [])];
  const notices: Problem[] = [];
  const add = (problem: Problem | null, isProblem: boolean) => {
    if (problem) (isProblem ? problems : notices).push(problem);
  };
  if (facts.recurring === 'no worker') add(noWorker, true);
  add(facts.unsaid, facts.unsaid !== null && !passesByItself(facts.unsaid.code));
  add(paused(facts), facts.stored?.expected === true);
  const stuck = stuckRun(facts, nowMs);
  add(stuck, true);
  const failed = failedRun(facts);
  add(failed, failed !== null && !passesByItself(failed.code));
  if (!stuck) add(failingRun(facts, nowMs), false);
  for (const problem of ofStore(facts, problems)) add(problem, false);
  return { problems, notices };
}

/** Told once for all collectors. */
export const noWorker: Problem = {
  code: 'NO_WORKER',
  message: 'A run is due, and no worker takes it. Start one with "trawl worker" where the store is.',
};

/** A Schedule that rests as somebody has said it should is no news. */
function paused({ collector, pausedBecause, stored }: Facts): Problem | null {
  if (pausedBecause === null || stored?.expected === false) return null;
  const reason = pausedBecause ? ` (${pausedBecause})` : '';
  return {
    code: 'PAUSED',
    message: `Its Schedule is paused${reason}, so nothing is collected. "trawl start ${collector}" lets it go on, "trawl stop ${collector}" says that it is to rest.`,
  };
}

function stuckRun({ collector, recurring, run, stored }: Facts, nowMs: number): Problem | null {
  if (!run || recurring !== 'running') return null;
  const { trouble, startedMs } = run;
  const writtenMs = stored?.collected.lastRun ? Date.parse(stored.collected.lastRun) : 0;
  const stillMs = nowMs - Math.max(startedMs, writtenMs);
  if (stillMs < (trouble?.code === 'RATE_LIMITED' ? limitedMaxMs : stuckAfterMs)) return null;
  const why = trouble ? ` ${trouble.step} has failed ${trouble.attempt - 1} times: ${trouble.failure}` : '';
  return {
    code: 'RUN_STUCK',
    message: `The run that began ${span(nowMs - startedMs)} ago has written nothing for ${span(stillMs)}.${why} See audit-collection-${collector} in the Temporal UI; "trawl stop ${collector}", then "trawl start ${collector}" begins anew, and nothing is lost.`,
  };
}

function failedRun({ lastFailure, lastFailureCode }: Facts): Problem | null {
  if (lastFailure === null) return null;
  return { code: failureCodeOf(lastFailureCode), message: `The last run failed: ${lastFailure}` };
}

function failingRun({ run, lastFailure }: Facts, nowMs: number): Problem | null {
  const trouble = run?.trouble;
  if (!trouble || trouble.failure === lastFailure) return null;
  const next = trouble.nextMs === null ? 'now' : fromNow(new Date(trouble.nextMs).toISOString(), nowMs);
  return {
    code: failureCodeOf(trouble.code),
    message: `The run under way has failed at ${trouble.step}, and tries again ${next} (attempt ${trouble.attempt}): ${trouble.failure}`,
  };
}

function ofStore({ collector, recurring, stored }: Facts, told: readonly Problem[]): Problem[] {
  if (!stored) return [];
  const found: Problem[] = [];
  const { lastRun, sinks, lost } = stored.collected;
  if (lastRun === null && !stored.expected && recurring === 'stopped')
    found.push({
      code: 'NOT_RUNNING',
      message: `Nothing collects it yet: "trawl start ${collector}" does from now on, "trawl collect ${collector}" once.`,
    });
  for (const { sink, failure, refused } of sinks) {
    if (failure && !told.some(({ message }) => message.includes(failure))) {
      const { code, message } = splitCode(failure);
      found.push({ code, message: `Offloading to ${sink} failed: ${message}` });
    }
    if (refused > 0)
      found.push({
        code: 'EVENTS_REFUSED',
        message: `${refused} events were refused by ${sink}, and stay in the table: see why in refused_events (docs/tables.md); what can be mended there is sent again with "trawl offload ${collector} --sink ${sink} --from TIME --name mended".`,
      });
  }
  for (const { from, to } of lost)
    found.push({
      code: 'EVENTS_LOST',
      message: `The source no longer held what happened from ${from} to ${to} when it was to be collected.`,
    });
  return found;
}
