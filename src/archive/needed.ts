import type { BatchForm, WrittenObject } from '../batch.js';
import { TrawlError } from '../errors.js';
import type { ArchivedBatch } from '../stores/offload.js';
import { epochNanoseconds } from '../timestamp.js';

/** Selects events by their times: from `sinceNs`, and before `untilNs`, in epoch nanoseconds. */
export interface Times {
  sinceNs?: bigint | undefined;
  untilNs?: bigint | undefined;
}

/** An object to fetch, and the form it was written in. */
export interface NeededObject extends WrittenObject {
  collector: string;
  form: BatchForm;
}

const dayNs = 86_400_000_000_000n;

/**
 * The objects that have events which the store lacks, at the wanted times.
 * @throws TrawlError QUERY_REFUSED if one of them is not in a form that can be read
 */
export function neededObjects(sink: string, batches: readonly ArchivedBatch[], times: Times): NeededObject[] {
  const needed = batches
    .filter(({ onlyThere, range }) => onlyThere > 0 && overlaps(range.sinceNs, range.untilNs, times))
    .flatMap(({ collector, form, objects }) => objects.map((object) => ({ ...object, collector, form })))
    .filter(({ name }) => isOfTime(name, times));
  const other = needed.find(({ form }) => form.schema !== 'native' || !['ndjson', 'parquet'].includes(form.format));
  if (other) {
    const { schema, format } = other.form;
    throw new TrawlError('QUERY_REFUSED', `The sink ${sink} has events in the schema ${schema} as ${format}.`, {
      hint: '--archive reads the schema native as NDJSON or Parquet. Query others with DuckDB itself (docs/schemas.md has their columns), or leave their time out with --since or --until.',
    });
  }
  // A batch of a repetition may name the objects of an attempt that was confirmed before.
  return [...new Map(needed.map((object) => [object.name, object])).values()];
}

/** The folders of objects have the UTC day of their events. */
function isOfTime(name: string, times: Times): boolean {
  const day = /(?:^|\/)dt=(\d{4}-\d\d-\d\d)\//.exec(name)?.[1];
  const from = day === undefined ? null : epochNanoseconds(`${day}T00:00:00Z`);
  return from === null || overlaps(from, from + dayNs, times);
}

function overlaps(from: bigint | null, to: bigint | null, { sinceNs, untilNs }: Times): boolean {
  return (
    (to === null || sinceNs === undefined || to > sinceNs) && (from === null || untilNs === undefined || from < untilNs)
  );
}
