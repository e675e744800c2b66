import type { RetentionGap } from '../../domain.js';
import { TrawlError } from '../../errors.js';
import { type Filter, filtersInForce } from '../../settings/filters.js';
import { collectorNames } from '../../settings/names.js';
import { sourceKinds } from '../../sources/kinds.js';
import type { OpenRepetition } from '../../stores/offload.js';
import { answeringWithin } from '../../stores/place.js';
import type { LoggedFailure, Standing, Store } from '../../stores/store.js';
import type { CollectorHealth } from '../../watch/collectors.js';
import { type Lag, lagOf } from '../../watch/lag.js';
import type { Problem } from '../../watch/problem.js';
import type { SinkStanding } from '../../watch/sinks.js';
import type { Context } from '../context.js';
import { type ErrorReport, errorReport } from '../error-report.js';

/** State of a collector according to the store. Times are RFC 3339. */
export interface Collected extends Lag {
  /** Null if counting them takes too long. */
  events: number | null;
  lastSeq: number;
  pages: number;
  rejected: number;
  /** Periods whose events the source's retention deleted before they were collected. */
  lost: RetentionGap[];
  newestEvent: string | null;
  lastRun: string | null;
  lastNote: string | null;
  lastOffset: string;
  lastCount: number;
  /** When a run last read everything that the source had, and so succeeded. */
  caughtUpAt: string | null;
  /** Seconds since `behindSince`; 0 if it is caught up, null if nothing has been collected. */
  lagSeconds: number | null;
  /** Settings that leave events out. */
  filters: Filter[];
  /** Progress of the offloading to each sink. */
  sinks: SinkStanding[];
  /** Repetitions that have not finished. */
  repetitions: OpenRepetition[];
  /** Whether a key signs its proof of completeness; null while there is none. */
  signed: boolean | null;
}

export interface Stored {
  collected: Collected;
  /** True while runs are expected; false after `trawl stop`. */
  expected: boolean;
  /** The newest run's failure, according to the execution log; null if it did not fail. */
  failure: LoggedFailure | null;
  /** The failure after which `trawl stop` said that no run is wanted; null if there was none. */
  failureBeforeStop: LoggedFailure | null;
  /** Problems found in the store. */
  found: readonly Problem[];
}

/** The part of the report that comes from the store. */
interface StoreHalf {
  exists: boolean;
  problem: ErrorReport | null;
  collectors: ReadonlyMap<string, Stored>;
}

/** Limits how long the user waits: for one answer, and for all of them. */
const answerMaxMs = 4_000;
const allMaxMs = 8_000;

/** Reads the store. If it cannot be read, the result says why. */
export async function readStore(context: Context): Promise<StoreHalf> {
  try {
    return await within(allMaxMs, readAll(context));
  } catch (error) {
    if (!(error instanceof TrawlError)) throw error;
    return { exists: true, problem: errorReport(error), collectors: new Map() };
  }
}

async function readAll(context: Context): Promise<StoreHalf> {
  const store = await context.storeIfAny(answeringWithin(context.settings.store, answerMaxMs));
  if (!store) {
    const names = collectorNames(sourceKinds, {}, context.environment());
    return { exists: false, problem: null, collectors: new Map(names.map((name) => [name, nothing])) };
  }
  const health = await context.health(store);
  const names = await standingCollectors(context, store, health);
  const table = await store.settings();
  const kinds = await Promise.all(
    sourceKinds.map(async ({ kind, everySetting }) => ({ kind, settings: await everySetting() })),
  );
  const read = async (name: string) =>
    [
      name,
      await storedOf(
        store,
        name,
        health.find((one) => one.collector === name),
        filtersInForce(name, kinds, table, context.environment()),
      ),
    ] as const;
  return { exists: true, problem: null, collectors: new Map(await Promise.all(names.map(read))) };
}

/** Without those that `trawl remove` has removed, which have a standing but no health. */
async function standingCollectors(
  context: Context,
  store: Store,
  health: readonly CollectorHealth[],
): Promise<string[]> {
  const known = new Set([
    ...collectorNames(sourceKinds, await store.settings(), context.environment()),
    ...health.map(({ collector }) => collector),
  ]);
  const found: string[] = [];
  for (const name of await context.collectors(store))
    if (known.has(name) || (await store.standings(name)).length === 0) found.push(name);
  return found;
}

const nothing: Stored = {
  collected: {
    events: 0,
    lastSeq: 0,
    pages: 0,
    rejected: 0,
    lost: [],
    newestEvent: null,
    lastRun: null,
    lastNote: null,
    lastOffset: '',
    lastCount: 0,
    caughtUpAt: null,
    caughtUp: false,
    behindSince: null,
    lagSeconds: null,
    filters: [],
    sinks: [],
    repetitions: [],
    signed: null,
  },
  expected: false,
  failure: null,
  failureBeforeStop: null,
  found: [],
};

async function storedOf(
  store: Store,
  collector: string,
  health: CollectorHealth | undefined,
  filters: Filter[],
): Promise<Stored> {
  const checkpoint = await store.checkpoint(collector);
  const [newest] = await store.executionLog({ collector, limit: 1 });
  const nowMs = Date.now();
  const lag = health ? lagOf(health, nowMs) : { caughtUp: false, behindSince: null };
  const collected: Collected = {
    events: await store.eventCount(collector).catch(nullWhereSlow),
    lastSeq: checkpoint.lastSeq,
    pages: checkpoint.pages,
    rejected: await store.rejectedCount(collector),
    lost: await store.retentionGaps(collector),
    newestEvent: checkpoint.newestTimestamp,
    lastRun: checkpoint.lastDateTime,
    lastNote: newest?.notes ?? null,
    lastOffset: checkpoint.lastOffset,
    lastCount: checkpoint.lastCount,
    caughtUpAt: health?.caughtUpAt ?? null,
    ...lag,
    lagSeconds: lagSeconds(lag, nowMs),
    filters,
    sinks: health?.sinks ?? [],
    repetitions: await store.offload.openRepetitions(collector),
    signed: await isSigned(store, collector),
  };
  return {
    collected,
    expected: health ? health.due !== null : false,
    failure: health?.failure ?? null,
    failureBeforeStop: health?.failureBeforeStop ?? null,
    found: health?.problems ?? [],
  };
}

async function isSigned(store: Store, collector: string): Promise<boolean | null> {
  const { entries, journalNote } = await store.proof.state(collector);
  return entries === 0 ? null : journalNote !== null;
}

/** The outcome of the newest run, according to the store. */
export function outcomesOf({ failure, collected }: Stored): Pick<Standing, 'failure' | 'lastDateTime'> {
  return { failure, lastDateTime: collected.lastRun };
}

function lagSeconds({ caughtUp, behindSince }: Lag, nowMs: number): number | null {
  if (caughtUp) return 0;
  return behindSince === null ? null : Math.max(0, Math.round((nowMs - Date.parse(behindSince)) / 1000));
}

/** PostgreSQL scans all events to count them, which may take too long. */
function nullWhereSlow(error: unknown): null {
  if (error instanceof TrawlError && error.code === 'STORE_BUSY') return null;
  throw error;
}

async function within<T>(maxMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new TrawlError('STORE_BUSY', `The store has not answered within ${maxMs / 1000} s.`, {
            hint: 'Check its load, and look for long transactions. Collecting continues when it answers again.',
          }),
        ),
      maxMs,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
