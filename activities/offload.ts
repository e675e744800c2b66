import { setImmediate } from 'node:timers/promises';
import { log } from '@temporalio/activity';
import type { StoredEvent } from '../src/domain.js';
import { reasonOf, sentence, TrawlError } from '../src/errors.js';
import { offloadSettings } from '../src/settings/offload.js';
import { batchSettings, formOf } from '../src/sinks/settings.js';
import type { FixedBatch, SeriesKey } from '../src/stores/offload.js';
import type { Store } from '../src/stores/store.js';
import { epochNanoseconds } from '../src/timestamp.js';
import type { Collectors } from './collectors.js';
import type { Dependencies } from './dependencies.js';
import type { Sinks } from './sinks.js';
import type { OffloadBatchesInput, OffloadedBatches, OffloadPlan, PlanOffloadInput } from './types.js';

const batchBytesMax = 16 * 1024 * 1024;
const eventsAtOnce = 1_000;
const clearedAtOnce = 2_000;
/** The rest goes with the next run. */
const retentionMaxMs = 120_000;
const dayMs = 24 * 3_600_000;

/** Which sinks a collector is offloaded to. @throws TrawlError SETTINGS_INVALID where one that is asked for is not its own. */
export async function planOffload(
  collectors: Collectors,
  opened: Sinks,
  { collector, sinks: wanted }: PlanOffloadInput,
): Promise<OffloadPlan> {
  const { sinks, retainDays, logRetainDays, relatedRetainDays } = offloadSettings(
    (await collectors.getEnvironmentVariables(collector)).values,
  );
  const strange = (wanted ?? []).filter((name) => !sinks.includes(name));
  if (strange.length > 0 || sinks.length === 0) {
    const has =
      sinks.length === 0 ? 'has no sink' : `is not offloaded to ${strange.join(', ')} (its sinks: ${sinks.join(', ')})`;
    throw new TrawlError('SETTINGS_INVALID', `Collector ${collector} ${has}.`, {
      hint: `Name its sinks: trawl env set ${collector} offload=SINK.`,
    });
  }
  await checkPlaces(collector, sinks, opened);
  const retains = [retainDays, logRetainDays, relatedRetainDays].some((days) => days !== undefined);
  return { sinks: wanted && wanted.length > 0 ? wanted : sinks, retains: retains && wanted === undefined };
}

/** Two sinks that write files at one place would overwrite each other's: their names are those of the batches. */
async function checkPlaces(collector: string, sinks: readonly string[], opened: Sinks): Promise<void> {
  const taken = new Map<string, string>();
  for (const sink of sinks) {
    // What is wrong with one by itself is told when it is sent to.
    const found = await opened.open(sink).catch(() => undefined);
    if (!found || !('format' in found.settings.values)) continue;
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
 * Sends one batch after the other until nothing is left or a limit is reached. Each is fixed in the store before it is
 * sent and confirmed there afterwards, so that whoever goes on sends the same batch under the same name.
 */
export async function offloadBatches(
  { store }: Dependencies,
  collectors: Collectors,
  sinks: Sinks,
  input: OffloadBatchesInput,
  signal: AbortSignal,
): Promise<OffloadedBatches> {
  const key: SeriesKey = { collector: input.collector, sink: input.sink, series: input.series };
  const until = Date.now() + input.durationMaxMs;
  const done: OffloadedBatches = { batches: 0, events: 0, bytes: 0, unmapped: 0, refused: 0, more: true };
  try {
    const { settings, client } = await sinks.open(input.sink);
    const source = (await collectors.source(input.collector)).kind;
    const { batchEvents, waitMinutes } = batchSettings(settings);
    // One batch at least, however short the time.
    for (let first = true; (first || Date.now() < until) && !signal.aborted; first = false) {
      const batch = await store.offload.fixBatch({
        ...key,
        eventsMax: batchEvents,
        bytesMax: batchBytesMax,
        partOnlyBefore:
          input.now || waitMinutes === 0 ? null : new Date(Date.now() - waitMinutes * 60_000).toISOString(),
        range: { sinceNs: nsOf(input.since), untilNs: nsOf(input.until) },
        form: formOf(settings),
      });
      if (!batch) return { ...done, more: false };
      const events = await eventsOf(store, batch);
      if (events.length === 0) {
        log.warn('A batch is not sent: its events were cleared with force', { ...key, batch: nameOf(batch) });
        await store.offload.confirmBatch(batch, { objects: [], bytes: 0, refused: [] });
        continue;
      }
      if (events.length < batch.events) {
        throw new TrawlError('STORE_BUSY', `Batch ${nameOf(batch)} is being cleared while it is read.`, {
          hint: 'It is looked at again.',
        });
      }
      const sent = await client.send(
        {
          ...{ collector: input.collector, source, name: nameOf(batch) },
          ...{ firstSeq: batch.firstSeq, lastSeq: batch.lastSeq, events, form: batch.form },
        },
        signal,
      );
      await store.offload.confirmBatch(batch, sent);
      done.batches += 1;
      done.events += events.length;
      done.bytes += sent.bytes;
      done.unmapped += sent.unmapped;
      done.refused += sent.refused.length;
    }
    return done;
  } catch (error) {
    const failure = error instanceof TrawlError ? `${sentence(error)} [${error.code}]` : reasonOf(error);
    if (!signal.aborted) await store.offload.noteFailure(key, failure).catch(() => undefined);
    throw error;
  }
}

/** Unique for collector and sink, and in the order of the events. */
function nameOf({ series, number, firstSeq, lastSeq }: FixedBatch): string {
  const digits = (count: number) => String(count).padStart(12, '0');
  return `${series === '' ? '' : `${series}-`}${digits(number)}-${digits(firstSeq)}-${digits(lastSeq)}`;
}

async function eventsOf(store: Store, { collector, firstSeq, lastSeq, range }: FixedBatch): Promise<StoredEvent[]> {
  const events: StoredEvent[] = [];
  for (let afterSeq = firstSeq - 1; afterSeq < lastSeq; ) {
    const found = await store.events(
      { collector, afterSeq, sinceNs: range.sinceNs ?? undefined, untilNs: range.untilNs ?? undefined },
      eventsAtOnce,
    );
    for (const event of found) if (event.seq <= lastSeq) events.push(event);
    if (found.length < eventsAtOnce) break;
    afterSeq = found.at(-1)!.seq;
  }
  return events;
}

function nsOf(time: string | null): bigint | null {
  return time === null ? null : epochNanoseconds(time);
}

/** Clears what every sink has and whose time has come, and deletes what else is older than it is to be kept. */
export async function applyRetention(
  { store }: Dependencies,
  collectors: Collectors,
  collector: string,
): Promise<number> {
  const { values } = await collectors.getEnvironmentVariables(collector);
  const { sinks, retainDays, logRetainDays, relatedRetainDays } = offloadSettings(values);
  const { retentionDays } = await collectors.source(collector);
  const before = (days: number) => new Date(Date.now() - days * dayMs);
  let cleared = 0;
  const until = Date.now() + retentionMaxMs;
  if (retainDays !== undefined && sinks.length > 0) {
    const beforeNs = BigInt(before(retainDays).getTime()) * 1_000_000n;
    for (;;) {
      const count = await store.offload.clearConfirmed({ collector, sinks, beforeNs, eventsMax: clearedAtOnce });
      cleared += count;
      if (count < clearedAtOnce || Date.now() > until) break;
      // The store may work synchronously: others get their turn, this activity's heartbeat among them.
      await setImmediate();
    }
  }
  await store.offload.prune(collector, {
    ...(logRetainDays === undefined ? {} : { log: before(logRetainDays).toISOString() }),
    ...(relatedRetainDays === undefined ? {} : { related: before(relatedRetainDays).toISOString() }),
    // What the source does not hold any more cannot come back.
    ...(retentionDays === undefined ? {} : { idsNs: BigInt(before(retentionDays + 30).getTime()) * 1_000_000n }),
  });
  if (cleared > 0) await store.offload.shrink();
  return cleared;
}
