import { collectorNames } from '../../settings/collector.js';
import { sources } from '../../sources/registry.js';
import type { Recurrence } from '../../temporal/collection.js';
import type { Problem } from '../../watch/problem.js';
import type { Context } from '../context.js';
import type { Told } from '../told.js';
import { type Asked, askTemporal } from './asked.js';
import { judge } from './judge.js';
import { type Recurring, recurringOf, type WorkerState } from './recurring.js';
import { type Collected, readStore, type Stored } from './stored.js';

/** The members of `Collected` are absent where the store cannot be read. Times are RFC 3339. */
export interface CollectorStatus extends Partial<Collected> {
  collector: string;
  recurring: Recurring;
  recurrence: Recurrence | null;
  cron: string | null;
  nextRun: string | null;
  /** When the run under way began; null where there is none. */
  runningSince: string | null;
  /** How the last run failed; null where it did not. */
  lastFailure: string | null;
  lastFailureCode: string | null;
  /** What a person has to do something about. */
  problems: Problem[];
  /** What passes by itself, or is past. */
  notices: Problem[];
}

export interface StatusReport {
  at: string;
  store: string;
  storeExists: boolean;
  /** Why the store cannot be read; null where it can, and where there is none yet. */
  storeProblem: Told | null;
  /** `connected`, or why not, in words. */
  temporal: string;
  /** Why Temporal cannot be asked; null where it can, and where none runs here or is configured. */
  temporalProblem: Told | null;
  worker: WorkerState;
  collectors: CollectorStatus[];
}

/** What can be known now: of the store where it answers, and of Temporal where that does. */
export async function statusReport(context: Context): Promise<StatusReport> {
  const [store, temporal] = await Promise.all([readStore(context), askTemporal(context)]);
  // Where the store does not say who there is, the environment and Temporal do.
  const names = store.problem
    ? [...new Set([...collectorNames(sources, {}, context.environment()), ...temporal.names])].sort()
    : [...store.collectors.keys()];
  const nowMs = Date.now();
  const statusOf = async (collector: string) =>
    collectorStatus(collector, await temporal.ask(collector), temporal.worker, store.collectors.get(collector), nowMs);
  return {
    at: new Date(nowMs).toISOString(),
    store: context.settings.store.name,
    storeExists: store.exists,
    storeProblem: store.problem,
    temporal: temporal.words,
    temporalProblem: temporal.problem,
    worker: temporal.worker,
    collectors: await Promise.all(names.map(statusOf)),
  };
}

/** One collector, by what the two halves say of it. */
export function collectorStatus(
  collector: string,
  { state, run, unsaid }: Asked,
  worker: WorkerState,
  stored: Stored | undefined,
  nowMs: number,
): CollectorStatus {
  const recurring = recurringOf(state, worker);
  const { recurrence = null, nextRun = null, pausedBecause = null } = state ?? {};
  // Where Temporal does not say, the execution log does.
  const logged = state === undefined ? stored?.failure : undefined;
  const lastFailure = state?.lastFailure ?? logged?.message ?? null;
  const lastFailureCode = state?.lastFailureCode ?? logged?.code ?? null;
  return {
    collector,
    recurring,
    recurrence,
    cron: state?.cron || null,
    nextRun,
    runningSince: run ? new Date(run.startedMs).toISOString() : null,
    lastFailure,
    lastFailureCode,
    ...stored?.collected,
    ...judge({ collector, recurring, lastFailure, lastFailureCode, pausedBecause, run, unsaid, stored }, nowMs),
  };
}
