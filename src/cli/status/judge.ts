import { counted } from '../../counted.js';
import type { RunUnderWay } from '../../temporal/run-under-way.js';
import { noNextRun } from '../../watch/health.js';
import { failureCodeOf, type Problem, passesByItself, splitCode } from '../../watch/problem.js';
import { failedRun, newestFailure, type RunFailure } from '../../watch/run-failure.js';
import type { Recurring } from './recurring.js';
import { outcomesOf, type Stored } from './stored.js';
import { fromNow, span } from './times.js';

/** A run that has written nothing for this long is stuck. One that waits for a rate limit gets longer. */
const stuckAfterMs = 15 * 60_000;
const limitedMaxMs = 90 * 60_000;

/** The known facts about a collector. */
export interface Facts {
  collector: string;
  recurring: Recurring;
  cron: string | null;
  nextRun: string | null;
  /** The newest run's failure; null if it did not fail. */
  failure: RunFailure | null;
  /** The failure of a run before the collection was stopped; null if there was none. */
  past: RunFailure | null;
  /** The note left when its Schedule was paused; null if it is not paused. */
  pausedBecause: string | null;
  run: RunUnderWay | null;
  /** Why Temporal does not report its state; null if it does. */
  unsaid: Problem | null;
  /** Undefined if the store cannot be read. */
  stored: Stored | undefined;
}

interface Judgement {
  /** Findings that a person must act on. */
  problems: Problem[];
  /** Findings that need no action: they resolve on their own or are past. */
  notices: Problem[];
}

/** Combines the problems found in the store with those that only Temporal shows. */
export function judge(facts: Facts, nowMs: number): Judgement {
  const failed = facts.failure && failedRun(facts.failure);
  // Temporal may know a newer failure than the store, and its full text: one of the two is reported.
  const logged = facts.stored && newestFailure(outcomesOf(facts.stored));
  const problems = (facts.stored?.found ?? []).filter(
    ({ message }) => message !== (logged && failedRun(logged).message),
  );
  const notices: Problem[] = [];
  const add = (problem: Problem | null, isProblem: boolean) => {
    if (problem) (isProblem ? problems : notices).push(problem);
  };
  if (facts.recurring === 'no worker') add(noWorker, true);
  add(facts.unsaid, facts.unsaid !== null && !passesByItself(facts.unsaid.code));
  add(paused(facts), facts.stored?.expected === true);
  if (!problems.some(({ code }) => code === 'NO_NEXT_RUN')) add(unplanned(facts), true);
  const stuck = stuckRun(facts, nowMs);
  add(stuck, true);
  add(failed, failed !== null && !passesByItself(failed.code));
  if (facts.past && facts.recurring !== 'running') add(pastFailure(facts.past), false);
  if (!stuck) add(failingRun(facts, nowMs), false);
  for (const problem of ofStore(facts, problems)) add(problem, false);
  return { problems, notices };
}

/** Shown once for all collectors. */
export const noWorker: Problem = {
  code: 'NO_WORKER',
  message: 'A run is due, but no worker carries it out. Start one with "trawl worker" where the store is.',
};

function pastFailure({ code, message }: RunFailure): Problem {
  return { code: failureCodeOf(code), message: `It is stopped. The last run before that failed: ${message}` };
}

/** A Schedule that was stopped on purpose is not reported. */
function paused({ collector, pausedBecause, stored }: Facts): Problem | null {
  if (pausedBecause === null || stored?.expected === false) return null;
  const reason = pausedBecause ? ` (${pausedBecause})` : '';
  return {
    code: 'PAUSED',
    message: `Its Schedule is paused${reason}, so nothing is collected. "trawl start ${collector}" resumes it; "trawl stop ${collector}" confirms the pause.`,
  };
}

/** A Schedule may have no time left, whoever made it. */
function unplanned({ collector, recurring, cron, nextRun }: Facts): Problem | null {
  return recurring === 'waiting' && nextRun === null ? noNextRun(collector, cron) : null;
}

function stuckRun({ collector, recurring, run, stored }: Facts, nowMs: number): Problem | null {
  if (!run || recurring !== 'running') return null;
  const { trouble, startedMs } = run;
  const writtenMs = stored?.collected.lastRun ? Date.parse(stored.collected.lastRun) : 0;
  const stillMs = nowMs - Math.max(startedMs, writtenMs);
  if (stillMs < (trouble?.code === 'RATE_LIMITED' ? limitedMaxMs : stuckAfterMs)) return null;
  const why = trouble ? ` ${trouble.step} has failed ${counted(trouble.attempt - 1, 'time')}: ${trouble.failure}` : '';
  return {
    code: 'RUN_STUCK',
    message: `The run that began ${span(nowMs - startedMs)} ago has written nothing for ${span(stillMs)}.${why} See audit-collection-${collector} in the Temporal UI. "trawl stop ${collector}", then "trawl start ${collector}" restarts it without any loss.`,
  };
}

function failingRun({ run, failure }: Facts, nowMs: number): Problem | null {
  const trouble = run?.trouble;
  if (!trouble || trouble.failure === failure?.message) return null;
  const next = trouble.nextMs === null ? 'now' : fromNow(new Date(trouble.nextMs).toISOString(), nowMs);
  return {
    code: failureCodeOf(trouble.code),
    message: `The run under way has failed at ${trouble.step} and retries ${next} (attempt ${trouble.attempt}): ${trouble.failure}`,
  };
}

function ofStore({ collector, recurring, stored }: Facts, reported: readonly Problem[]): Problem[] {
  if (!stored) return [];
  const found: Problem[] = [];
  const { lastRun, filters, sinks, repetitions, lost, signed } = stored.collected;
  if (lastRun === null && !stored.expected && recurring === 'stopped')
    found.push({
      code: 'NOT_RUNNING',
      message: `It is not collected yet. Collect regularly with "trawl start ${collector}", or once with "trawl collect ${collector}".`,
    });
  if (filters.length > 0) {
    const set = filters.map(({ setting, value, from }) => `${setting}=${JSON.stringify(value)} (${from})`);
    found.push({
      code: 'FILTERED',
      message: `Filters leave out some events of the source: ${set.join(', ')}.${filters.some(({ from }) => from === 'table') ? ` "trawl env unset ${collector} NAME" removes one from the table.` : ''}`,
    });
  }
  for (const { sink, failure, refused } of sinks) {
    if (failure && !reported.some(({ message }) => message.includes(failure))) {
      const { code, message } = splitCode(failure);
      found.push({ code, message: `Offloading to ${sink} failed: ${message}` });
    }
    if (refused > 0)
      found.push({
        code: 'EVENTS_REFUSED',
        message: `${sink} refused ${refused === 1 ? 'one event, which stays' : `${counted(refused, 'event')}, which stay`} in the table: refused_events says why (docs/tables.md). Once it is corrected there, send ${refused === 1 ? 'it' : 'them'} again with "trawl offload ${collector} --sink ${sink} --since TIME --name corrected".`,
      });
  }
  for (const { sink, series, number, events, fixedAt, sending } of repetitions)
    if (!sending)
      found.push({
        code: 'REPETITION_OPEN',
        message: `The repetition ${series} to ${sink} has not finished: its batch ${number} was fixed at ${fixedAt} and is not being sent. Retention keeps the ${counted(events, 'event')} of that batch. Call the same "trawl offload" again to finish it, or drop it with "trawl offload ${collector} --name ${series} --drop".`,
      });
  if (signed === false)
    found.push({
      code: 'PROOF_UNSIGNED',
      message:
        'No key signs its proof of completeness: whoever can write to the database could make it anew. Make one with "trawl proof key FILE", and name it in TRAWL_PROOF_KEY_FILE on each worker.',
    });
  for (const { from, to } of lost)
    found.push({
      code: 'EVENTS_LOST',
      message: `The source no longer held the events from ${from} to ${to} when they were to be collected.`,
    });
  return found;
}
