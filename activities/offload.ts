import { setTimeout as sleep } from 'node:timers/promises';
import { cancellationSignal } from '@temporalio/activity';
import { reasonOf, sentence, TrawlError } from '../src/errors.js';
import { leaseStepMs } from '../src/lease.js';
import { batchForm } from '../src/sinks/settings.js';
import type { SeriesKey } from '../src/stores/offload.js';
import type { Store } from '../src/stores/store.js';
import { epochNanoseconds } from '../src/timestamp.js';
import { anchorAt } from './anchors.js';
import { currentSender, type Sending } from './batch-lease.js';
import { strangeSinks } from './collectors.js';
import type { Context } from './context.js';
import { retentionIsDue } from './retention.js';
import { sendBatch } from './send-batch.js';
import type { Sinks } from './sinks.js';
import { tellRun } from './tell-run.js';
import type { ActivityInput, OffloadedBatches, OffloadPlan } from './types.js';

/** Shorter than the activity's timeout, so that what has been confirmed by then is recorded. */
const sendMaxMs = 9 * 60_000;
/**
 * A batch whose worker was killed is sent by others after this time; by the next attempt of the same activity at once. A
 * worker that does not come to renew the lease for so long is taken for dead, as after a missing heartbeat.
 */
const leaseMaxMs = 10_000;

/**
 * Returns the sinks to offload a collector to.
 * @throws TrawlError SETTINGS_INVALID if a requested sink is not one of them.
 */
export async function planOffload(
  { store, collectors, sinks: opened }: Context,
  { collector, sinks: wanted }: ActivityInput<'planOffload'>,
): Promise<OffloadPlan> {
  const settings = await collectors.offloading(collector);
  const { offload: sinks = [], retainDays, logRetainDays, relatedRetainDays } = settings;
  const strange = (wanted ?? []).filter((name) => !sinks.includes(name));
  const retains = [retainDays, logRetainDays, relatedRetainDays].some((days) => days !== undefined);
  if (strange.length > 0 || (sinks.length === 0 && (wanted !== undefined || !retains))) {
    throw strangeSinks(collector, strange, sinks);
  }
  await checkPlaces(collector, sinks, opened);
  const planned = wanted && wanted.length > 0 ? wanted : sinks;
  const several = planned.length > 1;
  return {
    sinks: planned,
    retains: retains && wanted === undefined,
    // Only a run that waits for several sinks asks for these.
    behind: several ? await behindOf(store, collector, planned) : [],
    retentionDue: several && wanted === undefined && (await retentionIsDue(store, collector, settings)),
  };
}

async function behindOf(store: Store, collector: string, sinks: readonly string[]): Promise<string[]> {
  const behind: string[] = [];
  for (const sink of sinks) if ((await store.offload.backlog(collector, [sink], 1)) > 0) behind.push(sink);
  return behind;
}

/** Two sinks that write to the same place would overwrite each other's files, which are named after the batches. */
async function checkPlaces(collector: string, sinks: readonly string[], opened: Sinks): Promise<void> {
  const taken = new Map<string, string>();
  for (const sink of sinks) {
    // A sink with invalid settings is reported when a batch is sent to it.
    const found = await opened.open(sink).catch(() => undefined);
    if (!found?.fileForm) continue;
    const place = `${found.settings.kind} ${found.client.place.replace(/\/+$/, '')}`;
    const other = taken.get(place);
    if (other !== undefined) {
      throw new TrawlError(
        'SETTINGS_INVALID',
        `The sinks ${other} and ${sink} of ${collector} write to the same place.`,
        {
          hint: 'Give one of them another path, bucket or prefix.',
        },
      );
    }
    taken.set(place, sink);
  }
}

/**
 * Sends one batch after another until nothing is left or a limit is reached. The store fixes each batch before it is
 * sent and confirms it afterwards, so that another attempt sends the same batch under the same name. The parts of a
 * batch that a sink has confirmed are recorded: they are not sent again, and running out of time is then not a failure.
 * While another offloading sends the next batch, this one waits for it.
 * @throws TrawlError SETTINGS_INVALID if the sink is not one of the collector's; nothing is then sent or noted
 */
export async function offloadBatches(
  { store, collectors, sinks }: Context,
  input: ActivityInput<'offloadBatches'>,
  { timeMs = sendMaxMs, leaseMs = leaseMaxMs }: { timeMs?: number; leaseMs?: number } = {},
): Promise<OffloadedBatches> {
  await collectors.requireSinks(input.collector, [input.sink]);
  const cancelled = cancellationSignal();
  const timeUp = AbortSignal.timeout(timeMs);
  const signal = AbortSignal.any([cancelled, timeUp]);
  const sending: Sending = { ledger: store.offload, sender: currentSender(), leaseMs };
  let notedParts = 0;
  const key: SeriesKey = { collector: input.collector, sink: input.sink, series: input.series };
  const begunMs = Date.now();
  let lastBeginMs = Number.POSITIVE_INFINITY;
  const done: OffloadedBatches = { batches: 0, events: 0, bytes: 0, unmapped: 0, refused: 0, more: true };
  try {
    const { settings, fileForm, client } = await sinks.open(input.sink);
    const source = (await collectors.source(input.collector)).kind;
    const { batchEvents, batchBytes, waitMinutes } = settings.values;
    lastBeginMs = begunMs + timeMs - (client.answerMaxMs ?? 0);
    const untilMs = Math.min(begunMs + input.durationMaxMs, lastBeginMs);
    // At least one batch, however short the time.
    for (let first = true; (first || Date.now() < untilMs) && !signal.aborted; first = false) {
      const batch = await store.offload.fixBatch({
        ...key,
        sender: sending.sender,
        leaseMs,
        eventsMax: batchEvents,
        bytesMax: batchBytes,
        partOnlyBefore:
          input.now || waitMinutes === 0 ? null : new Date(Date.now() - waitMinutes * 60_000).toISOString(),
        range: { sinceNs: nsOf(input.since), untilNs: nsOf(input.until) },
        form: batchForm(settings.values, fileForm),
      });
      if (!batch) {
        await anchorAt(store, { ...input, client }, signal);
        return { ...done, more: false };
      }
      if (batch === 'held') {
        await sleep(leaseStepMs(leaseMs), undefined, { signal }).catch(() => undefined);
        continue;
      }
      const sent = await sendBatch(sending, batch, { client, source, signal, lastBeginMs }, () => {
        notedParts += 1;
      });
      if (!sent) continue;
      done.batches += 1;
      for (const count of ['events', 'bytes', 'unmapped', 'refused'] as const) done[count] += sent[count];
    }
    if (done.batches > 0) await anchorAt(store, { ...input, client }, signal);
    return done;
  } catch (thrown) {
    const aborted = timeUp.aborted && !cancelled.aborted;
    const isSlow = thrown instanceof TrawlError && thrown.code === 'SINK_SLOW' && Date.now() > lastBeginMs;
    if ((aborted || isSlow) && (done.batches > 0 || notedParts > 0)) return done;
    const error = aborted ? tooSlow(timeMs) : thrown;
    const failure = error instanceof TrawlError ? `${sentence(error)} [${error.code}]` : reasonOf(error);
    if (!cancelled.aborted) {
      await store.offload.noteFailure(key, failure).catch(() => undefined);
      await tellRun({ sink: input.sink, failure });
    }
    throw error;
  }
}

function tooSlow(timeMs: number): TrawlError {
  return new TrawlError('SINK_SLOW', `Nothing was confirmed within ${Math.round(timeMs / 1_000)} s.`, {
    hint: 'Check the load on the sink, or lower its batchEvents or batchBytes.',
  });
}

function nsOf(time: string | null): bigint | null {
  return time === null ? null : epochNanoseconds(time);
}
