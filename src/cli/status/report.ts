import { collectorNames, requireKnown } from '../../settings/names.js';
import { sourceKinds } from '../../sources/kinds.js';
import type { Recurrence } from '../../temporal/collection.js';
import type { StrayRuns } from '../../temporal/stray-runs.js';
import type { Problem } from '../../watch/problem.js';
import { loggedFailure, newestFailure } from '../../watch/run-failure.js';
import type { Context } from '../context.js';
import type { ErrorReport } from '../error-report.js';
import type { Asked } from './answers.js';
import { askTemporal } from './asked.js';
import { judge } from './judge.js';
import { type Recurring, recurringOf, type WorkerState } from './recurring.js';
import { type Collected, outcomesOf, readStore, type Stored } from './stored.js';

/** The members of `Collected` are absent if the store cannot be read. Times are RFC 3339. */
export interface CollectorStatus extends Partial<Collected> {
  collector: string;
  recurring: Recurring;
  recurrence: Recurrence | null;
  cron: string | null;
  nextRun: string | null;
  /** When the run under way began; null if there is none. */
  runningSince: string | null;
  /** The newest run's failure, whoever began the run; null if it did not fail. */
  lastFailure: string | null;
  lastFailureCode: string | null;
  /** Findings that a person must act on. */
  problems: Problem[];
  /** Findings that need no action: they resolve on their own or are past. */
  notices: Problem[];
}

export interface StatusReport {
  at: string;
  store: string;
  storeExists: boolean;
  /** Why the store cannot be read; null if it can, or if there is none yet. */
  storeProblem: ErrorReport | null;
  /** `connected`, or the reason why not. */
  temporal: string;
  /** Why Temporal cannot be queried; null if it can, or if none runs here or is configured. */
  temporalProblem: ErrorReport | null;
  worker: WorkerState;
  /** Runs of Trawl's types on task queues that no worker polls. */
  strayRuns: readonly StrayRuns[];
  collectors: CollectorStatus[];
}

/**
 * Reports the current state from the store and from Temporal. If one does not answer, reports what the other knows.
 * @param only the collectors to report on; empty for all
 * @throws TrawlError COLLECTOR_UNKNOWN if one of them does not exist, unless the store cannot be read
 */
export async function statusReport(context: Context, only: readonly string[] = []): Promise<StatusReport> {
  const [store, temporal] = await Promise.all([readStore(context), askTemporal(context)]);
  // If the store cannot list the collectors, the environment and Temporal can.
  const all = store.problem
    ? [...new Set([...collectorNames(sourceKinds, {}, context.environment()), ...temporal.names])].sort()
    : [...store.collectors.keys()];
  const names = only.length > 0 ? [...new Set(only)] : all;
  if (!store.problem) for (const name of names) requireKnown(name, all);
  const nowMs = Date.now();
  const statusOf = async (collector: string) =>
    collectorStatus(
      collector,
      { ...(await temporal.ask(collector)), worker: temporal.worker },
      store.collectors.get(collector),
      nowMs,
    );
  return {
    at: new Date(nowMs).toISOString(),
    store: context.settings.store.name,
    storeExists: store.exists,
    storeProblem: store.problem,
    temporal: temporal.words,
    temporalProblem: temporal.problem,
    worker: temporal.worker,
    strayRuns: temporal.strayRuns,
    collectors: await Promise.all(names.map(statusOf)),
  };
}

/** The status of one collector, from both halves of the report. */
export function collectorStatus(
  collector: string,
  { state, run, unsaid, worker }: Asked & { worker: WorkerState },
  stored: Stored | undefined,
  nowMs: number,
): CollectorStatus {
  const recurring = recurringOf(state, worker);
  const { recurrence = null, nextRun = null, pausedBecause = null } = state ?? {};
  const cron = state?.cron || null;
  const newest = newestFailure(stored && outcomesOf(stored), state?.failure ?? null);
  // `trawl stop` has said that it needs nobody; a Schedule that is paused keeps the failure of its last run.
  const isPast =
    newest !== null && stored !== undefined && !stored.expected && stored.failure === null && isStopped(recurring);
  const failure = isPast ? null : newest;
  const past = isPast ? newest : (stored?.failureBeforeStop && loggedFailure(stored.failureBeforeStop)) || null;
  return {
    collector,
    recurring,
    recurrence,
    cron,
    nextRun,
    runningSince: run ? new Date(run.startedMs).toISOString() : null,
    lastFailure: failure?.message ?? null,
    lastFailureCode: failure?.code ?? null,
    ...stored?.collected,
    ...judge({ collector, recurring, cron, nextRun, failure, past, pausedBecause, run, unsaid, stored }, nowMs),
  };
}

function isStopped(recurring: Recurring): boolean {
  return recurring === 'stopped' || recurring === 'paused';
}
