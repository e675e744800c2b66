import type { Client } from '@temporalio/client';
import type { RetentionGap } from '../../domain.js';
import { reasonOf, sentence, TrawlError } from '../../errors.js';
import type { Store } from '../../stores/store.js';
import { type Recurrence, type RecurringState, recurringState } from '../../temporal/collection.js';
import { hasWorker } from '../../temporal/workers.js';
import type { CollectorHealth } from '../../watch/collectors.js';
import type { Problem } from '../../watch/health.js';
import type { SinkStanding } from '../../watch/sinks.js';
import type { Context } from '../context.js';
import { print, printable, printJson, table, tell } from '../output.js';
import { connectFor, findTemporal } from '../temporal-session.js';

/** Whether any worker takes work; unknown where Temporal does not say. */
type WorkerState = 'running' | 'none' | 'unknown';

/**
 * The recurring collection: `no worker` where a run is due that nothing carries out, `unknown` where Temporal does not
 * answer.
 */
type Recurring = RecurringState['state'] | 'stopped' | 'no worker' | 'unknown';

interface CollectorStatus {
  collector: string;
  recurring: Recurring;
  recurrence: Recurrence | null;
  cron: string | null;
  nextRun: string | null;
  /** How the last run failed; null where it did not. */
  lastFailure: string | null;
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
  /** When everything that the source had was read last. */
  caughtUpAt: string | null;
  /** How far its offloading is, for each sink. */
  sinks: SinkStanding[];
  problems: Problem[];
}

/** Something needs a person: for a monitor that calls `trawl status`. */
const attentionCode = 3;

/**
 * `trawl status`: each collector from the store, with its recurring collection from Temporal.
 * @returns 3 where a collector is late, nears its source's retention, or has no worker for a run that is due.
 */
export async function status(context: Context, options: { json?: boolean }): Promise<number> {
  const store = await context.storeIfAny();
  const { client, problem } = await temporalIfAny(context);
  const worker = client ? await workerState(client) : 'unknown';
  const names = store ? await context.collectors(store) : [];
  const health = store ? await context.health(store) : [];
  const collectors = await Promise.all(
    names.map((name) =>
      statusOf(
        store!,
        client,
        worker,
        name,
        health.find(({ collector }) => collector === name),
      ),
    ),
  );
  const attention = collectors.some(({ problems, recurring }) => problems.length > 0 || recurring === 'no worker');
  const code = attention ? attentionCode : 0;
  if (options.json) {
    await printJson({
      store: context.settings.store.name,
      storeExists: store !== undefined,
      temporal: problem ?? 'connected',
      worker,
      collectors,
    });
    return code;
  }
  if (problem) tell(`Temporal: ${problem}`);
  if (worker === 'none' && collectors.some(({ recurring }) => recurring !== 'stopped')) {
    tell('Worker: none takes work, so nothing is collected. Start one with "trawl worker" where the store is.');
  }
  if (!store) tell(`Store: nothing has been collected here yet (${context.settings.store.name}).`);
  if (names.length > 0) await print(overview(collectors));
  if (collectors.some(({ sinks }) => sinks.length > 0)) await print(`\n${offloading(collectors)}`);
  for (const { collector, problems } of collectors)
    for (const problem of problems) tell(`${collector}: ${problem.code}: ${printable(problem.message)}`);
  for (const { collector, lastFailure } of collectors)
    if (lastFailure) tell(`${collector}: the last run failed: ${lastFailure}`);
  for (const { collector, sinks, problems } of collectors)
    for (const { sink, failure } of sinks)
      if (failure && !problems.some(({ message }) => message.includes(failure)))
        tell(`${collector}: offloading to ${sink} failed: ${printable(failure)}`);
  for (const { collector, sinks } of collectors)
    for (const { sink, refused } of sinks)
      if (refused > 0)
        tell(
          `${collector}: ${refused} events were refused by ${sink}, and stay in the table: see why in refused_events (docs/tables.md)`,
        );
  for (const { collector, lost } of collectors)
    for (const { from, to } of lost)
      tell(`${collector}: LOST: the source no longer held what happened from ${from} to ${to}`);
  return code;
}

async function temporalIfAny(context: Context): Promise<{ client?: Client; problem?: string }> {
  try {
    const address = await findTemporal(context);
    if (!address) return { problem: 'not running here ("trawl up" starts it)' };
    return { client: await connectFor(context, address) };
  } catch (error) {
    return { problem: error instanceof TrawlError ? sentence(error) : reasonOf(error) };
  }
}

async function workerState(client: Client): Promise<WorkerState> {
  return hasWorker(client).then(
    (is) => (is ? 'running' : 'none'),
    () => 'unknown',
  );
}

/** @param state null where there is none, undefined where Temporal does not say. */
export function recurringOf(state: Pick<RecurringState, 'state'> | null | undefined, worker: WorkerState): Recurring {
  if (state === undefined) return 'unknown';
  if (state === null) return 'stopped';
  return state.state === 'running' && worker === 'none' ? 'no worker' : state.state;
}

function untold(collector: string, error: unknown): undefined {
  tell(`${collector}: Temporal does not say how its recurring collection stands: ${printable(reasonOf(error))}`);
}

async function statusOf(
  store: Store,
  client: Client | undefined,
  worker: WorkerState,
  collector: string,
  health: CollectorHealth | undefined,
): Promise<CollectorStatus> {
  const checkpoint = await store.checkpoint(collector);
  const [line] = await store.executionLog({ collector, limit: 1 });
  const state = client
    ? await recurringState(client, collector).catch((error: unknown) => untold(collector, error))
    : undefined;
  return {
    collector,
    recurring: recurringOf(state, worker),
    recurrence: state?.recurrence ?? null,
    cron: state?.cron || null,
    nextRun: state?.nextRun ?? null,
    lastFailure: state?.lastFailure ?? null,
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
    sinks: health?.sinks ?? [],
    problems: health?.problems ?? [],
  };
}

function overview(collectors: readonly CollectorStatus[]): string {
  return table(
    ['COLLECTOR', 'RECURRING', 'BY', 'NEXT RUN', 'EVENTS', 'REJECTED', 'NEWEST EVENT', 'LAST RUN', 'LAST NOTE'],
    collectors.map((one) => [
      one.collector,
      one.lastFailure ? `${one.recurring}, failing` : one.recurring,
      one.recurrence ? `${one.recurrence} ${one.cron ?? ''}`.trim() : '-',
      one.nextRun ?? '-',
      String(one.events),
      String(one.rejected),
      one.newestEvent ?? '-',
      one.lastRun ?? '-',
      shortened(one.lastNote ?? '-'),
    ]),
  );
}

function offloading(collectors: readonly CollectorStatus[]): string {
  return table(
    ['COLLECTOR', 'SINK', 'OFFLOADED', 'BEHIND', 'REFUSED', 'LAST CONFIRMED', 'LAST FAILURE'],
    collectors.flatMap(({ collector, sinks }) =>
      sinks.map(({ sink, events, behind, refused, confirmedAt, failure }) => [
        collector,
        sink,
        String(events),
        String(behind),
        String(refused),
        confirmedAt ?? '-',
        shortened(failure ?? '-'),
      ]),
    ),
  );
}

/** A failure is told in full below the table. */
function shortened(note: string): string {
  return note.length > 40 ? `${note.slice(0, 39)}…` : note;
}
