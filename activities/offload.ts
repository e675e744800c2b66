import { createHash, randomUUID } from 'node:crypto';
import { cancellationSignal, log } from '@temporalio/activity';
import type { StoredEvent } from '../src/domain.js';
import { reasonOf, sentence, TrawlError } from '../src/errors.js';
import { batchForm } from '../src/sinks/settings.js';
import type { FixedBatch, SeriesKey } from '../src/stores/offload.js';
import { epochNanoseconds } from '../src/timestamp.js';
import type { Context } from './context.js';
import { retentionIsDue } from './retention.js';
import type { Sinks } from './sinks.js';
import type { ActivityInput, OffloadedBatches, OffloadPlan } from './types.js';

const batchBytesMax = 16 * 1024 * 1024;
/** Shorter than the activity's timeout, so that what has been confirmed by then is recorded. */
const sendMaxMs = 9 * 60_000;

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
    const has =
      sinks.length === 0 ? 'has no sink' : `is not offloaded to ${strange.join(', ')} (its sinks: ${sinks.join(', ')})`;
    throw new TrawlError('SETTINGS_INVALID', `Collector ${collector} ${has}.`, {
      hint: `Name its sinks: trawl env set ${collector} offload=SINK.`,
    });
  }
  await checkPlaces(collector, sinks, opened);
  const planned = wanted && wanted.length > 0 ? wanted : sinks;
  return {
    sinks: planned,
    retains: retains && wanted === undefined,
    behind: planned.length > 1 ? await behindOf(store, collector, planned) : [],
    retentionDue: wanted === undefined && (await retentionIsDue(store, collector, settings)),
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
 */
export async function offloadBatches(
  { store, collectors, sinks }: Context,
  input: ActivityInput<'offloadBatches'>,
  timeMs = sendMaxMs,
): Promise<OffloadedBatches> {
  const cancelled = cancellationSignal();
  const timeUp = AbortSignal.timeout(timeMs);
  const signal = AbortSignal.any([cancelled, timeUp]);
  const sender = randomUUID();
  let notedParts = 0;
  const key: SeriesKey = { collector: input.collector, sink: input.sink, series: input.series };
  const until = Date.now() + input.durationMaxMs;
  const done: OffloadedBatches = { batches: 0, events: 0, bytes: 0, unmapped: 0, refused: 0, more: true };
  try {
    const { settings, fileForm, client } = await sinks.open(input.sink);
    const source = (await collectors.source(input.collector)).kind;
    const { batchEvents, waitMinutes } = settings.values;
    // At least one batch, however short the time.
    for (let first = true; (first || Date.now() < until) && !signal.aborted; first = false) {
      const batch = await store.offload.fixBatch({
        ...key,
        sender,
        eventsMax: batchEvents,
        bytesMax: batchBytesMax,
        partOnlyBefore:
          input.now || waitMinutes === 0 ? null : new Date(Date.now() - waitMinutes * 60_000).toISOString(),
        range: { sinceNs: nsOf(input.since), untilNs: nsOf(input.until) },
        form: batchForm(settings.values, fileForm),
      });
      if (!batch) return { ...done, more: false };
      const events = await store.offload.batchEvents(batch);
      const { firstSeq, lastSeq, form, sentSeq } = batch;
      const left = events.filter(({ seq }) => seq > sentSeq);
      const goneEvents = goneOf(batch, events.length, left.length);
      if (goneEvents > 0)
        log.warn('Events were cleared before they were sent', { ...key, batch: batch.number, goneEvents });
      if (left.length === 0) {
        await store.offload.confirmBatch(batch, { objects: [], bytes: 0, refused: [], goneEvents });
        continue;
      }
      let noted = sentSeq;
      let notedBytes = 0;
      const sent = await client.send(
        { collector: input.collector, source, name: nameOf(batch, events), firstSeq, lastSeq, events: left, form },
        signal,
        async (part) => {
          const inPart = left.filter(({ seq }) => seq > noted && seq <= part.lastSeq).length;
          if (!(await store.offload.notePart(batch, sender, { ...part, events: inPart }))) throw takenOver(batch);
          noted = part.lastSeq;
          notedParts += 1;
          notedBytes += part.bytes;
        },
      );
      await store.offload.confirmBatch(batch, { ...sent, bytes: sent.bytes - notedBytes, goneEvents });
      done.batches += 1;
      done.events += events.length;
      done.bytes += sent.bytes;
      done.unmapped += sent.unmapped;
      done.refused += sent.refused.length;
    }
    return done;
  } catch (thrown) {
    const late = timeUp.aborted && !cancelled.aborted;
    if (late && (done.batches > 0 || notedParts > 0)) return done;
    const error = late ? tooSlow(timeMs) : thrown;
    const failure = error instanceof TrawlError ? `${sentence(error)} [${error.code}]` : reasonOf(error);
    if (!cancelled.aborted) await store.offload.noteFailure(key, failure).catch(() => undefined);
    throw error;
  }
}

/**
 * Names sort in the order of the events. The digest of their ids keeps a new store, or a sink of another name, from
 * overwriting other events with the same numbers.
 */
function nameOf({ series, number, firstSeq, lastSeq }: FixedBatch, events: readonly StoredEvent[]): string {
  const digits = (count: number) => String(count).padStart(12, '0');
  const hash = createHash('sha256');
  for (const { id } of events) hash.update(JSON.stringify(id));
  const digest = hash.digest('hex').slice(0, 16);
  return `${series === '' ? '' : `${series}-`}${digits(number)}-${digits(firstSeq)}-${digits(lastSeq)}-${digest}`;
}

/**
 * Number of events of a batch that nobody can send any more. A part may have been noted by a version that did not count
 * its events, so a batch that is complete is never said to lack any.
 * @param stored events of the batch that are stored, and of those the ones `left` to send
 */
function goneOf({ events, sentEvents }: FixedBatch, stored: number, left: number): number {
  return stored >= events ? 0 : Math.max(0, events - sentEvents - left);
}

function takenOver({ number }: FixedBatch): TrawlError {
  return new TrawlError('STORE_BUSY', `Another attempt is sending batch ${number} now.`, {
    hint: 'That attempt continues with it.',
  });
}

function tooSlow(timeMs: number): TrawlError {
  return new TrawlError('SINK_UNAVAILABLE', `Nothing was confirmed within ${Math.round(timeMs / 1_000)} s.`, {
    hint: 'Check the load on the sink, or lower its batchEvents.',
  });
}

function nsOf(time: string | null): bigint | null {
  return time === null ? null : epochNanoseconds(time);
}
