import { TrawlError } from '../../errors.js';
import type { BatchKey, ListedBatch, MergedObjects, ObjectsChange, Sender } from '../offload.js';
import type { Dialect } from './dialect.js';
import { logLine } from './log.js';
import { compactedEntries } from './object-entries.js';
import { type Recorded, recordEntries } from './proof.js';
import { all, changes, type Steps } from './steps.js';

/** See `OffloadStore.listed`. */
export function* listed(collector: string, sink: string): Steps<ListedBatch[]> {
  const rows = yield* all<Omit<ListedBatch, 'form' | 'objects'> & { form: string; objects: string }>(
    `SELECT collector, sink, series, number, first_seq AS "firstSeq", last_seq AS "lastSeq", form,
       confirmed_at AS "confirmedAt", objects
     FROM offload_batches WHERE collector = $1 AND sink = $2 AND confirmed_at IS NOT NULL AND objects <> '[]'
     ORDER BY series, number`,
    collector,
    sink,
  );
  return rows.map(({ form, objects, ...row }) => ({ ...row, form: JSON.parse(form), objects: JSON.parse(objects) }));
}

/** See `OffloadStore.changeObjects`. */
export function* changeObjects(
  dialect: Dialect,
  { collector, now }: Recorded,
  { changed, merged }: { changed: readonly ObjectsChange[]; merged: MergedObjects | undefined },
): Steps<void> {
  // In one order, so that two of these do not wait for each other.
  for (const { batch, from, to } of [...changed].sort((a, b) => inOrder(a.batch, b.batch))) {
    const done = yield* changes(
      `UPDATE offload_batches SET objects = $6
       WHERE collector = $1 AND sink = $2 AND series = $3 AND number = $4 AND objects = $5 AND confirmed_at IS NOT NULL`,
      collector,
      batch.sink,
      batch.series,
      batch.number,
      JSON.stringify(from),
      JSON.stringify(to),
    );
    if (done === 1) continue;
    throw new TrawlError('STORE_BUSY', `Something else has changed the objects of batch ${batch.number} meanwhile.`, {
      hint: 'Nothing of it was deleted. Run the compaction again.',
    });
  }
  if (!merged) return;
  yield* logLine(collector, { now, note: merged.note, key: null });
  yield* recordEntries(dialect, { collector, now }, compactedEntries(merged, now));
}

function inOrder(a: BatchKey, b: BatchKey): number {
  if (a.series !== b.series) return a.series < b.series ? -1 : 1;
  return a.number - b.number;
}

/**
 * See `OffloadStore.leaseCompaction`. The lease is that of the first batch of which the sink has objects: nobody sends it
 * any more.
 */
export function* leaseCompaction(
  { clockMs }: Dialect,
  { collector, sink }: { collector: string; sink: string },
  sender: Sender,
  leaseMs: number,
): Steps<boolean> {
  const isFirst = `collector = $1 AND sink = $2 AND confirmed_at IS NOT NULL AND objects <> '[]'`;
  const [batch] = yield* all<{ series: string; number: number }>(
    `SELECT series, number FROM offload_batches WHERE ${isFirst} ORDER BY series, number LIMIT 1`,
    collector,
    sink,
  );
  if (!batch) return false;
  // More is left than a lease lasts only if the clock has gone back.
  const taken = yield* changes(
    `UPDATE offload_batches SET sender = $5, attempt = $6, leased_until_ms = ${clockMs} + $7
     WHERE collector = $1 AND sink = $2 AND series = $3 AND number = $4
       AND (sender = $5 OR leased_until_ms <= ${clockMs} OR leased_until_ms > ${clockMs} + $8)`,
    collector,
    sink,
    batch.series,
    batch.number,
    sender.id,
    sender.attempt,
    leaseMs,
    leaseMaxMs,
  );
  return taken > 0;
}

const leaseMaxMs = 10 * 60_000;
