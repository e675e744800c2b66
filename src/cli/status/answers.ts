import { reasonOf, sentence, TrawlError } from '../../errors.js';
import { type RecurringState, recurringCollectors, recurringState } from '../../temporal/collection.js';
import type { TemporalAddress } from '../../temporal/connection.js';
import { collectId } from '../../temporal/names.js';
import { type RunUnderWay, runUnderWay } from '../../temporal/run-under-way.js';
import { type StrayRuns, strayRuns } from '../../temporal/stray-runs.js';
import { hasWorker } from '../../temporal/workers.js';
import type { Problem } from '../../watch/problem.js';
import type { Context } from '../context.js';
import type { ErrorReport } from '../error-report.js';
import { connectFor } from '../temporal-session.js';
import type { WorkerState } from './recurring.js';

/** State of a collector according to Temporal. */
export interface Asked {
  /** Null if there is no recurring collection, undefined if Temporal does not say. */
  state: RecurringState | null | undefined;
  run: RunUnderWay | null;
  /** Why Temporal does not say; null if it does, or cannot be asked at all. */
  unsaid: Problem | null;
}

/** The part of the report that comes from Temporal. */
export interface TemporalHalf {
  /** `connected`, or why not. */
  words: string;
  problem: ErrorReport | null;
  worker: WorkerState;
  /** The collectors with a recurring collection on Temporal. */
  names: readonly string[];
  strayRuns: readonly StrayRuns[];
  /** Never rejects: what Temporal does not say is undefined. */
  ask(collector: string): Promise<Asked>;
}

/** gRPC status code. */
const deadlineExceeded = 4;

/** Limits how long the user waits: for the connection, and for all answers. */
const connectMaxMs = 3_000;
const answersMaxMs = 10_000;
/** Number of collectors queried at the same time. Each takes a few calls. */
const atOneTime = 32;

/** Connects, and queries what is common to all collectors. @throws TrawlError if it cannot connect. */
export async function answersOf(context: Context, address: TemporalAddress): Promise<TemporalHalf> {
  const client = await connectFor(context, address, connectMaxMs);
  const deadline = Date.now() + answersMaxMs;
  const before = <T>(ask: () => Promise<T>) => client.withDeadline(deadline, ask);
  const [worker, names, strays] = await Promise.all([
    before(() => hasWorker(client)).then(
      (is) => (is ? 'running' : 'none'),
      () => 'unknown' as const,
    ),
    before(() => recurringCollectors(client)).catch(() => []),
    before(() => strayRuns(client)).catch(() => []),
  ]);
  return {
    words: 'connected',
    problem: null,
    worker,
    names,
    strayRuns: strays,
    ask: inTurns(atOneTime, (collector) =>
      before(async () => {
        const state = await recurringState(client, collector);
        // Without a recurring run, one that was started by hand may be under way.
        const run = await runUnderWay(client, state?.run ?? collectId(collector)).catch(() => null);
        return { state, run, unsaid: null };
      }).catch((error: unknown) => ({ state: undefined, run: null, unsaid: unsaidBecause(error) })),
    ),
  };
}

function unsaidBecause(error: unknown): Problem {
  const what = 'Temporal does not report the state of its collection:';
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof TrawlError) return { code: cause.code, message: `${what} ${sentence(cause)}` };
  const isLate = (error as { cause?: { code?: unknown } }).cause?.code === deadlineExceeded;
  const reason = isLate ? `it has not answered within ${answersMaxMs / 1000} s` : reasonOf(error);
  return { code: 'TEMPORAL_UNREACHABLE', message: `${what} ${reason}. Look at the Temporal server.` };
}

/** Limits concurrent calls to `max`; further calls wait for their turn. */
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
