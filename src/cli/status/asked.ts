import type { Client } from '@temporalio/client';
import { reasonOf, sentence, TrawlError } from '../../errors.js';
import { type RecurringState, recurringCollectors, recurringState } from '../../temporal/collection.js';
import { runningInstance } from '../../temporal/instance.js';
import { collectId } from '../../temporal/names.js';
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

/** gRPC's code. */
const deadlineExceeded = 4;

/** Whoever looks waits no longer: for the connection, and for all answers. */
const connectMaxMs = 3_000;
const answersMaxMs = 10_000;
/** Collectors that are asked about at one time: each takes a few calls. */
const atOneTime = 32;

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
    ask: inTurns(atOneTime, (collector) =>
      before(async () => {
        const state = await recurringState(client, collector);
        // Where no recurring one is under way, one may be that was asked for.
        const run = await runUnderWay(client, state?.run ?? collectId(collector)).catch(() => null);
        return { state, run, unsaid: null };
      }).catch((error: unknown) => ({ state: undefined, run: null, unsaid: unsaidBecause(error) })),
    ),
  };
}

function unsaidBecause(error: unknown): Problem {
  const what = 'Temporal does not say how its collection stands:';
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof TrawlError) return { code: cause.code, message: `${what} ${sentence(cause)}` };
  const isLate = (error as { cause?: { code?: unknown } }).cause?.code === deadlineExceeded;
  const reason = isLate ? `it has not answered within ${answersMaxMs / 1000} s` : reasonOf(error);
  return { code: 'TEMPORAL_UNREACHABLE', message: `${what} ${reason}. Look at the Temporal server.` };
}

/** So many at once; the others wait for their turn. */
function inTurns<T>(max: number, ask: (collector: string) => Promise<T>): (collector: string) => Promise<T> {
  const lanes = Array.from({ length: max }, () => Promise.resolve() as Promise<unknown>);
  let next = 0;
  return (collector) => {
    const lane = next++ % max;
    const answer = lanes[lane]!.then(() => ask(collector));
    lanes[lane] = answer;
    return answer;
  };
}
