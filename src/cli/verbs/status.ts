import { existsSync } from 'node:fs';
import type { Client } from '@temporalio/client';
import type { RetentionGap } from '../../domain.js';
import { reasonOf, sentence, TrawlError } from '../../errors.js';
import type { Store } from '../../stores/store.js';
import { type Recurrence, type RecurringState, recurringState } from '../../temporal/collection.js';
import type { Context } from '../context.js';
import { print, printJson, table, tell } from '../output.js';
import { connectFor, findTemporal, hasWorker } from '../temporal-session.js';

interface CollectorStatus {
  collector: string;
  /** The recurring collection: waiting, running, no worker (its time has come, and nothing takes it), paused, stopped, or unknown where Temporal does not answer. */
  recurring: string;
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
}

/** `trawl status`: each collector from the store, with its recurring collection from Temporal. */
export async function status(context: Context, options: { json?: boolean }): Promise<number> {
  const hasStore = existsSync(context.settings.storePath);
  const store = hasStore ? context.openStore() : undefined;
  const { client, problem } = await temporalIfAny(context);
  const names = store ? await context.collectors(store) : [];
  const worked = client !== undefined && (await hasWorker(client).catch(() => true));
  const collectors = await Promise.all(names.map((name) => statusOf(store!, client, worked, name)));
  if (options.json) {
    await printJson({
      store: context.settings.storePath,
      storeExists: hasStore,
      temporal: problem ?? 'connected',
      collectors,
    });
    return 0;
  }
  if (problem) tell(`Temporal: ${problem}`);
  if (!hasStore) tell(`Store: nothing has been collected here yet (${context.settings.storePath}).`);
  if (names.length > 0) await print(overview(collectors));
  if (collectors.some(({ recurring }) => recurring === 'no worker'))
    tell('No worker takes work: runs wait for one ("trawl worker", or "trawl up").');
  for (const { collector, lastFailure } of collectors)
    if (lastFailure) tell(`${collector}: the last run failed: ${lastFailure}`);
  for (const { collector, lost } of collectors)
    for (const { from, to } of lost)
      tell(`${collector}: LOST: the source no longer held what happened from ${from} to ${to}`);
  return 0;
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

async function statusOf(
  store: Store,
  client: Client | undefined,
  worked: boolean,
  collector: string,
): Promise<CollectorStatus> {
  const checkpoint = await store.checkpoint(collector);
  const [line] = await store.executionLog({ collector, limit: 1 });
  const state = client ? await recurringState(client, collector).catch(() => undefined) : undefined;
  return {
    collector,
    recurring: recurringWord(state, worked),
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
  };
}

/** @param state null: there is none; undefined: Temporal did not say. */
function recurringWord(state: RecurringState | null | undefined, worked: boolean): string {
  if (state === undefined) return 'unknown';
  if (state === null) return 'stopped';
  return state.state === 'running' && !worked ? 'no worker' : state.state;
}

function overview(collectors: readonly CollectorStatus[]): string {
  return table(
    ['COLLECTOR', 'RECURRING', 'NEXT RUN', 'EVENTS', 'REJECTED', 'NEWEST EVENT', 'LAST RUN', 'LAST NOTE'],
    collectors.map((one) => [
      one.collector,
      one.lastFailure ? `${one.recurring}, failing` : one.recurring,
      one.nextRun ?? '-',
      String(one.events),
      String(one.rejected),
      one.newestEvent ?? '-',
      one.lastRun ?? '-',
      shortened(one.lastNote ?? '-'),
    ]),
  );
}

/** A failure is told in full below the table. */
function shortened(note: string): string {
  return note.length > 40 ? `${note.slice(0, 39)}…` : note;
}
