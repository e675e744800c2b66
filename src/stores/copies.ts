import type { Range } from '../proof/journal.js';
import { utcText } from '../timestamp.js';
import { factsOf } from './journal-facts.js';
import type { FixedBatch } from './offload.js';
import type { Store } from './store.js';
import { ObjectsCheck, type ProvenObject } from './verify-objects.js';

/** Where an event was sent to. */
export interface Copy {
  sink: string;
  /** Name of the file that has it; null of a sink that gets no files. */
  file: string | null;
}

/**
 * The places that have an event, as the journal and the manifest know them: they stay after it is erased.
 * @param timeNs of the event; undefined if it is not known any more
 */
export async function copiesOf(
  store: Store,
  { collector, seq, timeNs }: { collector: string; seq: number; timeNs: bigint | undefined },
): Promise<Copy[]> {
  const objects = await objectsOf(store, collector);
  const copies: Copy[] = objects
    .filter((object) => mayContain(object, seq))
    .map(({ sink, name }) => ({ sink, file: name }));
  const known = new Set(objects.map(({ sink, name }) => keyOf(sink, name)));
  for (const batch of await store.offload.batchesWith(collector, seq)) {
    if (!isIn(batch, seq, timeNs)) continue;
    const { sink } = batch;
    if (batch.form.format === '') copies.push({ sink, file: null });
    // Of batches that an earlier version has sent.
    for (const { name } of batch.objects)
      if (!known.has(keyOf(sink, name)) && isOfDay(name, timeNs)) copies.push({ sink, file: name });
  }
  return [...new Map(copies.map((copy) => [keyOf(copy.sink, copy.file ?? ''), copy])).values()];
}

/** The objects of all sinks that the journal knows. */
async function objectsOf(store: Store, collector: string): Promise<ProvenObject[]> {
  const found = new ObjectsCheck(store.proof, collector, () => undefined);
  for await (const { number, fact } of factsOf(store, collector, ['object', 'compacted'])) {
    if (fact.kind === 'object') found.add(number, fact);
    else found.merge(number, fact);
  }
  return found.objects;
}

/** True too if the journal does not know the numbers of all its events, since an earlier version has written some. */
function mayContain({ seqs, events }: ProvenObject, seq: number): boolean {
  const count = (ranges: readonly Range[]) => ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  return seqs.some(({ first, last }) => first <= seq && seq <= last) || count(seqs) < events;
}

function keyOf(sink: string, file: string): string {
  return JSON.stringify([sink, file]);
}

/** Whether a batch, or what is sent of it, has the event. */
function isIn({ range, confirmedAt, sentSeq }: FixedBatch, seq: number, timeNs: bigint | undefined): boolean {
  if (confirmedAt === null && sentSeq < seq) return false;
  if (timeNs === undefined) return true;
  return (range.sinceNs === null || timeNs >= range.sinceNs) && (range.untilNs === null || timeNs < range.untilNs);
}

/** Folders have the UTC day of their events. */
function isOfDay(name: string, timeNs: bigint | undefined): boolean {
  const day = /(?:^|\/)dt=(\d{4}-\d\d-\d\d)\//.exec(name)?.[1];
  return day === undefined || timeNs === undefined || day === utcText(timeNs, 0).slice(0, 10);
}
