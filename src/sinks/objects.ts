import { hash } from 'node:crypto';
import type { SentObject, WrittenObject } from '../batch.js';
import type { StoredEvent } from '../domain.js';
import { TrawlError } from '../errors.js';
import { formatOf } from '../formats/registry.js';
import { type ObjectName, objectName } from '../names.js';
import { type Range, rangesOf } from '../proof/journal.js';
import { type ClassName, classNameOf, classOf } from '../schemas/ocsf/classes.js';
import { utcText } from '../timestamp.js';
import { eventTimeNs } from './event-time.js';
import { eachRecord, type OutgoingRecord } from './records.js';
import type { FileSettings } from './settings.js';
import type { OutgoingBatch, WholeFile } from './sink.js';

/** Location of a data lake; only its layout needs it. */
type Lake = Pick<FileSettings, 'region' | 'accountId'>;

/** A file of a batch, completely in memory, since the size of a batch is bounded. */
export interface ObjectFile extends WholeFile {
  /** Depends only on batch and settings, so that sending again overwrites the file. */
  name: ObjectName;
  /** Sequence numbers of the events. */
  seqs: readonly Range[];
  events: number;
}

/**
 * Creates the files of a batch: one per UTC day of its events (and per class, if the layout requires it). Only one is
 * in memory at a time.
 */
export async function* objectFiles(
  batch: OutgoingBatch,
  lake: Lake,
): AsyncGenerator<ObjectFile & { unmapped: number }> {
  const { form } = batch;
  const format = formatOf(form.format);
  const days = grouped(batch.events, (event) => utcText(eventTimeNs(event), 0).slice(0, 10));
  for (const [day, events] of days) {
    for (const [className, records] of byClass({ ...batch, events })) {
      const seen = new Seen();
      const { bytes, extension, contentType } = await format.encode(seen.counting(records), {
        schema: form.schema,
        schemaVersion: form.schemaVersion,
        compression: form.compression as 'gzip' | 'zstd' | 'none',
        className,
      });
      const name = objectName(...foldersOf(batch, lake, day, className), `${batch.name}.${extension}`);
      yield { name, bytes, contentType, events: seen.events, seqs: seen.seqs(), unmapped: seen.unmapped };
    }
  }
}

/** Counts records while they pass: none is held longer than it takes to encode it. */
class Seen {
  readonly #seqs: number[] = [];
  unmapped = 0;

  get events(): number {
    return this.#seqs.length;
  }

  seqs(): Range[] {
    return rangesOf(this.#seqs.sort((one, other) => one - other));
  }

  *counting(records: Iterable<OutgoingRecord>): Generator<OutgoingRecord> {
    for (const record of records) {
      this.#seqs.push(record.event.seq);
      this.unmapped += record.known ? 0 : 1;
      yield record;
    }
  }
}

/** What the manifest and the journal say of a file, once it is written. @param name under which the sink has it */
export function sentObject({ bytes, events, seqs }: ObjectFile, name: string): SentObject {
  return { name, events, bytes: bytes.byteLength, sha256: hash('sha256', bytes, 'hex'), seqs };
}

/** Security Lake requires a file per OCSF class, with rows ordered by time. */
function byClass(batch: OutgoingBatch): [ClassName | undefined, Iterable<OutgoingRecord>][] {
  if (batch.form.layout !== 'security-lake') return [[undefined, eachRecord(batch)]];
  // The records are made once more for their files: all of them at once would take far more memory.
  const sorted: { event: StoredEvent; className: ClassName; time: number }[] = [];
  for (const { event, record } of eachRecord(batch))
    sorted.push({ event, className: classNameOf(record.class_uid as number), time: Number(record.time) });
  sorted.sort((a, b) => a.time - b.time);
  return grouped(sorted, ({ className }) => className).map(([className, ofClass]) => [
    className,
    eachRecord({ ...batch, events: ofClass.map(({ event }) => event) }),
  ]);
}

/** Groups items by key, ordered by key. Within a group they keep their order. */
function grouped<Item, Key extends string>(items: readonly Item[], keyOf: (item: Item) => Key): [Key, Item[]][] {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Amazon Security Lake's layout for custom sources, each of which has one class. */
function foldersOf(
  { collector, source, form: { folderNames = 'plain' } }: OutgoingBatch,
  { region, accountId }: Lake,
  day: string,
  className: ClassName | undefined,
): string[] {
  const before = folderNames === 'trawl' ? 'trawl_' : '';
  if (className === undefined)
    return ['raw', `${before}source=${source}`, `${before}collector=${collector}`, `dt=${day}`];
  const eventDay = day.replaceAll('-', '');
  const custom = `trawl-${source}-${classOf(className).uid}`;
  return ['ext', custom, '1.0', `region=${region}`, `accountId=${accountId}`, `eventDay=${eventDay}`];
}

/** @throws TrawlError SINK_REFUSED if an object does not have the size that it was written with */
export function requireSize({ name, bytes }: WrittenObject, found: number | undefined, place: string): void {
  if (found === bytes) return;
  throw new TrawlError('SINK_REFUSED', `${name} in ${place} has ${found} bytes; ${bytes} were written.`, {
    hint: 'Something else has changed it. Restore it, or leave its time out with --since or --until.',
  });
}

export function objectGone({ name }: WrittenObject, place: string, cause: unknown): TrawlError {
  return new TrawlError('SINK_REFUSED', `${name} is not in ${place} any more.`, {
    hint: 'Restore it, correct the place if the objects were moved, or leave its time out with --since or --until.',
    cause,
  });
}
