import type { Client } from '@temporalio/client';
import { reasonOf, sentence, TrawlError } from '../../errors.js';
import { type RecurringState, recurringCollectors, recurringState } from '../../temporal/collection.js';
import { runningInstance } from '../../temporal/instance.js';
import { type RunUnderWay, runUnderWay } from '../../temporal/run-under-way.js';
import { hasWorker } from '../../temporal/workers.js';
import type { Problem } from '../../watch/problem.js';
import type { Context } from '../context.js';
import { connectFor, findTemporal } from '../temporal-session.js';
import { type Told, toldOf } from '../told.js';
import type { WorkerState } from './recurring.js';

/** What Temporal says of a collector. */
export interface Asked {
  /** Null where there is no recurring collection, undefined where Temporal does not say. */
  state: RecurringState | null | undefined;
  run: RunUnderWay | null;
  /** Why Temporal does not say; null where it does, or cannot be asked at all. */
  unsaid: Problem | null;
}

/** Temporal's half of the report. */
export interface TemporalHalf {
  /** `connected`, or why not. */
  words: string;
  problem: Told | null;
  worker: WorkerState;
  /** The collectors that Temporal knows. */
  names: readonly string[];
  /** @throws nothing: what Temporal does not say is undefined. */
  ask(collector: string): Promise<Asked>;
}

/** Whoever looks waits no longer: for the connection, and for all answers. */
const connectMaxMs = 3_000;
const answersMaxMs = 5_000;

/** Connects, and asks what is the same for all collectors. */
export async function askTemporal(context: Context): Promise<TemporalHalf> {
  let client: Client | undefined;
  try {
    const address = await findTemporal(context, 0);
    client = address ? await connectFor(context, address, connectMaxMs) : undefined;
  } catch (error) {
    const problem = toldOf(error);
    return { ...silent, words: `${problem.message} ${problem.hint}`, problem };
  }
  if (!client) {
    const isStarting = runningInstance(context.settings.dataDir) !== null;
    return { ...silent, words: isStarting ? 'starting here' : 'not running here ("trawl up" starts it)' };
  }
  return answering(client);
}

const silent: TemporalHalf = {
  words: '',
  problem: null,
  worker: 'unknown',
  names: [],
  ask: async () => ({ state: undefined, run: null, unsaid: null }),
};

async function answering(client: Client): Promise<TemporalHalf> {
  const deadline = Date.now() + answersMaxMs;
  const before = <T>(ask: () => Promise<T>) => client.withDeadline(deadline, ask);
  const [worker, names] = await Promise.all([
    before(() => hasWorker(client)).then(
      (is) => (is ? 'running' : 'none'),
      () => 'unknown' as const,
    ),
    before(() => recurringCollectors(client)).catch(() => []),
  ]);
  return {
    words: 'connected',
    problem: null,
    worker,
    names,
    ask: (collector) =>
      before(async () => {
        const state = await recurringState(client, collector);
        const run = state?.run ? await runUnderWay(client, state.run).catch(() => null) : null;
        return { state, run, unsaid: null };
      }).catch((error: unknown) => ({ state: undefined, run: null, unsaid: unsaidBecause(error) })),
  };
}

function unsaidBecause(error: unknown): Problem {
  const what = 'Temporal does not say how its collection stands:';
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof TrawlError) return { code: cause.code, message: `${what} ${sentence(cause)}` };
  return { code: 'TEMPORAL_UNREACHABLE', message: `${what} ${reasonOf(error)}. Look at the Temporal server.` };
}
