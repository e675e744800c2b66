import { createHash } from 'node:crypto';
import { log } from '@temporalio/activity';
import type { StoredEvent } from '../src/domain.js';
import { refusedInRowMax } from '../src/sinks/delivery.js';
import type { OutgoingBatch, SinkClient } from '../src/sinks/sink.js';
import type { FixedBatch, OffloadStore } from '../src/stores/offload.js';
import { type Sending, takenOver, whileLeased } from './batch-lease.js';
import type { OffloadedBatches } from './types.js';
import { warnOfUnmapped } from './unmapped.js';

type SentBatch = Pick<OffloadedBatches, 'events' | 'bytes' | 'unmapped' | 'refused'>;

interface Destination {
  client: SinkClient;
  /** `asa`, `descope`, `skyflow`. */
  source: string;
  signal: AbortSignal;
  /** See `OutgoingBatch`. */
  lastBeginMs: number;
}

/**
 * Sends what is left of a batch that this attempt holds, and confirms it in the store.
 * @param noted called for each part that the sink and the store have confirmed
 * @returns null if nothing was left to send
 */
export async function sendBatch(
  sending: Sending,
  batch: FixedBatch,
  { client, source, signal, lastBeginMs }: Destination,
  noted: () => void,
): Promise<SentBatch | null> {
  const { ledger, sender } = sending;
  return whileLeased(sending, batch, async (lost) => {
    const events = await ledger.batchEvents(batch);
    const { collector, firstSeq, lastSeq, form } = batch;
    const left = events.filter(({ seq }) => seq > batch.sentSeq);
    const goneEvents = goneOf(batch, events.length, left.length);
    if (goneEvents > 0) {
      const { sink, series, number } = batch;
      log.warn('Events were cleared before they were sent', { collector, sink, series, batch: number, goneEvents });
    }
    if (left.length === 0) {
      await ledger.confirmBatch(batch, { objects: [], bytes: 0, refused: [], goneEvents });
      return null;
    }
    let sentSeq = batch.sentSeq;
    let notedBytes = 0;
    const so = { ...(await trialOf(ledger, batch)), lastBeginMs };
    const sent = await client.send(
      { collector, source, name: nameOf(batch, events), firstSeq, lastSeq, events: left, form, ...so },
      AbortSignal.any([signal, lost]),
      async (part) => {
        const inPart = left.filter(({ seq }) => seq > sentSeq && seq <= part.lastSeq).length;
        if (!(await ledger.notePart(batch, sender, { ...part, events: inPart }))) throw takenOver(batch);
        sentSeq = part.lastSeq;
        notedBytes += part.bytes;
        noted();
      },
    );
    await ledger.confirmBatch(batch, { ...sent, bytes: sent.bytes - notedBytes, goneEvents });
    if (sent.unmapped > 0) warnOfUnmapped(client, { batch, source, events: left });
    return { events: events.length, bytes: sent.bytes, unmapped: sent.unmapped, refused: sent.refused.length };
  });
}

/** What the events before the remaining ones tell about the sink. */
async function trialOf(
  ledger: OffloadStore,
  batch: FixedBatch,
): Promise<Pick<OutgoingBatch, 'refusedBefore' | 'isUntried'>> {
  const { number, firstSeq, sentSeq } = batch;
  const refusedBefore = await ledger.refusedBefore(batch, refusedInRowMax);
  const isFirst = number === 1 && sentSeq === 0;
  return { refusedBefore, isUntried: isFirst || refusedBefore >= Math.max(sentSeq, firstSeq - 1) };
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
