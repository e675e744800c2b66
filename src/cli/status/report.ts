import type { Client } from '@temporalio/client';
import type { RetentionGap } from '../../domain.js';
import { TrawlError } from '../../errors.js';
import { collectorNames } from '../../settings/collector.js';
import { sources } from '../../sources/registry.js';
import { answeringWithin } from '../../stores/place.js';
import type { Store } from '../../stores/store.js';
import {
  type Recurrence,
  type RecurringState,
  recurringCollectors,
  recurringState,
} from '../../temporal/collection.js';
import { runningInstance } from '../../temporal/instance.js';
import { hasWorker } from '../../temporal/workers.js';
import type { CollectorHealth } from '../../watch/collectors.js';
import type { Problem } from '../../watch/health.js';
import { lagOf } from '../../watch/lag.js';
import type { SinkStanding } from '../../watch/sinks.js';
import type { Context } from '../context.js';
import { connectFor, findTemporal } from '../temporal-session.js';
import { type Told, toldOf } from '../told.js';

/** Whether any worker takes work; unknown where Temporal does not say. */
export type WorkerState = 'running' | 'none' | 'unknown';

/**
 * The recurring collection: `no worker` where a run is due that nothing carries out, `unknown` where Temporal does not
 * answer.
 */
export type Recurring = RecurringState['state'] | 'stopped' | 'no worker' | 'unknown';

/** What the store says of a collector; times are RFC 3339. */
export interface Collected {
  events: number;
  lastSeq: number;
  pages: number;
  rejected: number;
  /** Times whose events were lost to the source's retention before they were collected. */
  lost: RetentionGap[];
  newestEvent: string | null;
  lastRun: string | null;
  lastNote: string | null;
  lastOffset: string;
  lastCount: number;
  /** When everything that the source had was read last: a run that did so succeeded. */
  caughtUpAt: string | null;
  caughtUp: boolean;
  /** Up to here everything is collected; null where it is caught up, or nothing has been collected. */
  behindSince: string | null;
  /** How far its offloading is, for each sink. */
  sinks: SinkStanding[];
  problems: Problem[];
}

/** The members of `Collected` are absent where the store cannot be read. */
export interface CollectorStatus extends Partial<Collected> {
  collector: string;
  recurring: Recurring;
  recurrence: Recurrence | null;
  cron: string | null;
  nextRun: string | null;
  /** How the last run failed; null where it did not. */
  lastFailure: string | null;
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

/** Whoever looks waits no longer for either. */
const storeMaxMs = 5_000;
const temporalMaxMs = 15_000;

/** What can be known now: of the store where it answers, and of Temporal where that does. */
export async function statusReport(context: Context): Promise<StatusReport> {
  const [stored, temporal] = await Promise.all([readStore(context), reachTemporal(context)]);
  const { client } = temporal;
  const worker = client ? await workerState(client) : 'unknown';
  // Where the store does not say who there is, the environment and Temporal do.
  const names = stored.problem
    ? [
        ...new Set([...collectorNames(sources, {}, context.settings.env), ...(client ? await knownTo(client) : [])]),
      ].sort()
    : [...stored.collectors.keys()];
  const states = client ? await statesOf(client, names) : new Map<string, RecurringState | null | undefined>();
  return {
    at: new Date().toISOString(),
    store: context.settings.store.name,
    storeExists: stored.exists,
    storeProblem: stored.problem,
    temporal: temporal.words,
    temporalProblem: temporal.problem,
    worker,
    collectors: names.map((collector) => ({
      collector,
      ...recurringWords(states.get(collector), worker),
      ...stored.collectors.get(collector),
    })),
  };
}

interface Stored {
  exists: boolean;
  problem: Told | null;
  collectors: Map<string, Collected>;
}

async function readStore(context: Context): Promise<Stored> {
  const collectors = new Map<string, Collected>();
  try {
    const store = await context.storeIfAny(answeringWithin(context.settings.store, storeMaxMs));
    if (!store) return { exists: false, problem: null, collectors };
    const health = await context.health(store);
    for (const name of await context.collectors(store)) {
      const own = health.find(({ collector }) => collector === name);
      collectors.set(name, await collectedOf(store, name, own));
    }
    return { exists: true, problem: null, collectors };
  } catch (error) {
    if (!(error instanceof TrawlError)) throw error;
    return { exists: true, problem: toldOf(error), collectors: new Map() };
  }
}

async function collectedOf(store: Store, collector: string, health: CollectorHealth | undefined): Promise<Collected> {
  const checkpoint = await store.checkpoint(collector);
  const [line] = await store.executionLog({ collector, limit: 1 });
  return {
    events: await store.eventCount(collector),
    lastSeq: checkpoint.lastSeq,
    pages: checkpoint.pages,
    rejected: await store.rejectedCount(collector),
    lost: await store.retentionGaps(collector),
    newestEvent: checkpoint.newestTimestamp,
    lastRun: checkpoint.lastDateTime,
    lastNote: line?.notes ?? null,
    lastOffset: checkpoint.lastOffset,
    lastCount: checkpoint.lastCount,
    caughtUpAt: health?.caughtUpAt ?? null,
    ...(health ? lagOf(health, Date.now()) : { caughtUp: false, behindSince: null }),
    sinks: health?.sinks ?? [],
    problems: health?.problems ?? [],
  };
}

interface Reached {
  client: Client | undefined;
  words: string;
  problem: Told | null;
}

async function reachTemporal(context: Context): Promise<Reached> {
  try {
    const address = await findTemporal(context, 0);
    if (address) return { client: await connectFor(context, address), words: 'connected', problem: null };
    const words = runningInstance(context.settings.dataDir)
      ? 'starting here'
      : 'not running here ("trawl up" starts it)';
    return { client: undefined, words, problem: null };
  } catch (error) {
    const problem = toldOf(error);
    return { client: undefined, words: `${problem.message} ${problem.hint}`, problem };
  }
}

/** None where Temporal does not say. */
async function knownTo(client: Client): Promise<string[]> {
  return client.withDeadline(Date.now() + temporalMaxMs, () => recurringCollectors(client)).catch(() => []);
}

async function workerState(client: Client): Promise<WorkerState> {
  return client
    .withDeadline(Date.now() + temporalMaxMs, () => hasWorker(client))
    .then(
      (is) => (is ? 'running' : 'none'),
      () => 'unknown',
    );
}

/** Undefined where Temporal does not say. */
async function statesOf(
  client: Client,
  names: readonly string[],
): Promise<Map<string, RecurringState | null | undefined>> {
  const ask = async (name: string) =>
    [name, await recurringState(client, name).catch(() => undefined)] satisfies [string, unknown];
  return new Map(await client.withDeadline(Date.now() + temporalMaxMs, () => Promise.all(names.map(ask))));
}

function recurringWords(state: RecurringState | null | undefined, worker: WorkerState) {
  return {
    recurring: recurringOf(state, worker),
    recurrence: state?.recurrence ?? null,
    cron: state?.cron || null,
    nextRun: state?.nextRun ?? null,
    lastFailure: state?.lastFailure ?? null,
  };
}

/** @param state null where there is none, undefined where Temporal does not say. */
export function recurringOf(state: Pick<RecurringState, 'state'> | null | undefined, worker: WorkerState): Recurring {
  if (state === undefined) return 'unknown';
  if (state === null) return 'stopped';
  return state.state === 'running' && worker === 'none' ? 'no worker' : state.state;
}
