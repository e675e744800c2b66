import type { HashedObject, WrittenObject } from '../batch.js';
import type { ListedBatch, MergedObjects, OffloadStore } from '../stores/offload.js';
import type { ListedObject } from './plan.js';

export type CompactionLedger = Pick<OffloadStore, 'listed' | 'changeObjects' | 'leaseCompaction'>;

/** Notes that these objects are about to be merged, before the merged one is written. */
export async function noteIntent(ledger: CompactionLedger, objects: readonly ListedObject[], into: string) {
  const names = namesOf(objects);
  await change(ledger, objects, (object) => (names.has(object.name) ? { ...object, into } : object));
}

/** Lists the merged object in place of those that it has the events of. Each batch keeps the names of its own. */
export async function noteMerged(
  ledger: CompactionLedger,
  objects: readonly ListedObject[],
  { merged, note }: { merged: HashedObject; note: string },
) {
  const names = namesOf(objects);
  const listed = (batch: ListedBatch) => {
    const own = batch.objects.filter(({ name }) => names.has(name)).map(({ into: _, ...object }) => object);
    return { ...merged, replaces: own };
  };
  await change(
    ledger,
    objects,
    (object, batch, nth) => {
      if (!names.has(object.name)) return object;
      return nth === batch.objects.findIndex(({ name }) => names.has(name)) ? listed(batch) : null;
    },
    { sink: objects[0]!.batches[0]!.sink, old: [...names], object: merged, note },
  );
}

/** Forgets the objects that a merged one has replaced, except those that are still there. */
export async function noteRemoved(ledger: CompactionLedger, merged: ListedObject, stay: ReadonlySet<string>) {
  await change(ledger, [merged], ({ replaces = [], ...object }) => {
    if (object.name !== merged.object.name) return { ...object, ...(replaces.length > 0 ? { replaces } : {}) };
    const left = replaces.filter(({ name }) => stay.has(name));
    return left.length > 0 ? { ...object, replaces: left } : object;
  });
}

/** The objects that a merged one has replaced and that may still be there. */
export function replacedBy({ object, batches }: ListedObject): WrittenObject[] {
  const all = batches.flatMap((batch) => batch.objects.filter(({ name }) => name === object.name));
  return [...new Map(all.flatMap(({ replaces = [] }) => replaces).map((one) => [one.name, one])).values()];
}

type Changed = (object: WrittenObject, batch: ListedBatch, nth: number) => WrittenObject | null;

/** Changes the objects of every batch that lists one of these, in the store and then here. */
async function change(
  ledger: CompactionLedger,
  objects: readonly ListedObject[],
  changed: Changed,
  merged?: MergedObjects,
): Promise<void> {
  const batches = [...new Set(objects.flatMap((one) => one.batches))];
  const changes = batches.map((batch) => ({
    batch,
    from: batch.objects,
    to: batch.objects.map((object, nth) => changed(object, batch, nth)).filter((object) => object !== null),
  }));
  await ledger.changeObjects(batches[0]!.collector, changes, merged);
  for (const { batch, to } of changes) batch.objects = to;
}

function namesOf(objects: readonly ListedObject[]): Set<string> {
  return new Set(objects.map(({ object }) => object.name));
}
