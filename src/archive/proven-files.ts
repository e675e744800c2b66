import { createHash } from 'node:crypto';
import type { BatchForm } from '../batch.js';
import { counted } from '../counted.js';
import type { StoredEvent } from '../domain.js';
import { reasonOf } from '../errors.js';
import { decompressed } from '../formats/compression.js';
import type { Compression } from '../formats/format.js';
import { eventLeaf } from '../proof/event-leaf.js';
import { hashBytes } from '../proof/hashes.js';
import type { Range } from '../proof/journal.js';
import { tileHashes } from '../proof/tree.js';
import type { ProofReader } from '../stores/proof-reader.js';
import { firstOf, type ProvenObject } from '../stores/verify-objects.js';
import { eventsOfLines } from './lines.js';
import { eventsOfParquet } from './parquet-events.js';

/** A file that should have events of a collector. */
export interface GivenFile {
  /** The path below what was given, with slashes. */
  name: string;
  read(): Promise<Uint8Array>;
}

/** What the proof of a collector says, to compare files with. */
interface Proven {
  collector: string;
  /** Up to this event, the tree was recomputed. */
  events: number;
  objects: readonly ProvenObject[];
  /** Events that are not in the store, in order. */
  missing: readonly Range[];
}

export interface FilesVerdict {
  /** Files that are byte for byte what a sink has confirmed. */
  files: number;
  /** Events of files that were recomputed, each counted once. */
  events: number;
  /** Of the events that are not in the store, those that were. */
  restored: number;
  /** Events of files that were compared byte for byte only: of another schema or format. */
  asBytes: number;
  /** Names of files that no entry of the journal names. */
  unknown: string[];
  /** Objects that the journal names and that are not among the files. */
  lacking: ProvenObject[];
  /** The newest event of a file that is newer than what was recomputed; 0 if there is none. */
  newest: number;
  /** Number of events of other collectors. */
  foreign: number;
  contradictions: { seq: number | null; text: string }[];
}

/**
 * Compares files with the proof: each must have the bytes that the journal names, and each of its events the hash that the
 * tree has. Holds one file at a time.
 */
export class FilesCheck {
  readonly verdict: FilesVerdict = {
    ...{ files: 0, events: 0, restored: 0, asBytes: 0, unknown: [], lacking: [] },
    ...{ newest: 0, foreign: 0, contradictions: [] },
  };
  readonly #reader: ProofReader;
  readonly #proven: Proven;
  readonly #byFile = new Map<string, ProvenObject[]>();
  readonly #found = new Set<ProvenObject>();
  /** One bit for each event that was recomputed. */
  readonly #seen: Uint8Array;
  #tile: { number: number; hashes: Buffer } | undefined;

  constructor(reader: ProofReader, proven: Proven) {
    this.#reader = reader;
    this.#proven = proven;
    this.#seen = new Uint8Array(Math.ceil((proven.events + 1) / 8));
    for (const object of proven.objects) {
      const key = lastPart(object.name);
      this.#byFile.set(key, [...(this.#byFile.get(key) ?? []), object]);
    }
  }

  async add({ name, read }: GivenFile): Promise<void> {
    const bytes = await read();
    const object = this.#objectAt(name);
    const wrong = this.verdict.contradictions.length;
    const events = await this.#eventsIn(bytes, name, object);
    if (object === undefined) {
      this.verdict.unknown.push(name);
      return;
    }
    this.#found.add(object);
    if (sha256Of(bytes) === object.sha256) {
      this.verdict.files += 1;
      if (events === null) this.verdict.asBytes += object.events;
      return;
    }
    // The first of its events that was changed, if that is known; else it is one of its batch.
    const seq = this.verdict.contradictions[wrong]?.seq ?? firstOf(object);
    const text = `The file ${name} is not the one that the sink ${object.sink} has confirmed (entry ${object.entry} of the journal).`;
    this.#report(seq, text);
  }

  /** Says of an object that it cannot be read where its sink has put it. */
  miss(object: ProvenObject, why: string): void {
    this.#found.add(object);
    this.#report(firstOf(object), `${object.name} of the sink ${object.sink} is not what was sent: ${why}`);
  }

  /** @param sinks whose objects must all be among the files; all if it is not given */
  finish(sinks?: ReadonlySet<string>): FilesVerdict {
    const wanted = this.#proven.objects.filter(({ sink }) => sinks === undefined || sinks.has(sink));
    this.verdict.lacking = wanted.filter((object) => !this.#found.has(object));
    for (const { first, last } of this.#proven.missing)
      for (let seq = first; seq <= last; seq += 1) if (this.#isSeen(seq)) this.verdict.restored += 1;
    return this.verdict;
  }

  #objectAt(name: string): ProvenObject | undefined {
    const candidates = this.#byFile.get(lastPart(name)) ?? [];
    return candidates.find(
      (object) => `/${object.name}`.endsWith(`/${name}`) || `/${name}`.endsWith(`/${object.name}`),
    );
  }

  /** Compares each event of a file. @returns how many there are; null if the file is of another schema or format */
  async #eventsIn(bytes: Uint8Array, name: string, object?: ProvenObject): Promise<number | null> {
    let count = 0;
    const before = new Set<number>();
    try {
      const events = await eventsOf(bytes, name, object);
      if (events === null) return null;
      for await (const event of events) {
        count += 1;
        await this.#compare(event, name, before);
      }
      return count;
    } catch (error) {
      // A file that the journal names is compared by its bytes already.
      if (count > 0 && !object)
        this.#report(null, `The file ${name} cannot be read after ${counted(count, 'event')}: ${reasonOf(error)}.`);
      return null;
    }
  }

  async #compare(event: StoredEvent, name: string, before: Set<number>): Promise<void> {
    const { collector, seq } = event;
    if (collector !== this.#proven.collector) {
      this.verdict.foreign += 1;
      return;
    }
    if (seq > this.#proven.events) {
      this.verdict.newest = Math.max(this.verdict.newest, seq);
      return;
    }
    if (before.has(seq)) this.#report(seq, `Event ${seq} is twice in the file ${name}.`);
    before.add(seq);
    if (eventLeaf(collector, event) !== (await this.#hashOf(seq)))
      return this.#report(seq, `Event ${seq} in the file ${name} is not the one that was collected.`);
    if (this.#isSeen(seq)) return;
    this.#seen[seq >> 3]! |= 1 << (seq & 7);
    this.verdict.events += 1;
  }

  async #hashOf(seq: number): Promise<string> {
    const number = Math.floor((seq - 1) / tileHashes);
    if (this.#tile?.number !== number) {
      const [tile] = await this.#reader.tiles(this.#proven.collector, 'events', 0, { from: number, to: number });
      this.#tile = { number, hashes: tile?.hashes ?? Buffer.alloc(0) };
    }
    const at = ((seq - 1) % tileHashes) * hashBytes;
    return this.#tile.hashes.toString('latin1', at, at + hashBytes);
  }

  #isSeen(seq: number): boolean {
    return (this.#seen[seq >> 3]! & (1 << (seq & 7))) !== 0;
  }

  #report(seq: number | null, text: string): void {
    this.verdict.contradictions.push({ seq, text });
  }
}

/**
 * The events of a file of the schema `native`; null if it is of another schema or format.
 * @param object what the journal says of the file; otherwise its name and its first line tell
 */
async function eventsOf(
  bytes: Uint8Array,
  name: string,
  object: ProvenObject | undefined,
): Promise<Iterable<StoredEvent> | AsyncIterable<StoredEvent> | null> {
  const form = object?.form.schema ? object.form : guessedForm(name);
  if (form?.schema !== 'native' || form.format === 'csv') return null;
  if (form.format === 'parquet') return eventsOfParquet(bytes);
  const plain = await decompressed(bytes, form.compression as Compression);
  const firstLine = Buffer.from(plain.buffer, plain.byteOffset, Math.max(0, plain.indexOf(0x0a)));
  return eventsOfLines(plain, firstLine.includes(',"raw_event":"'));
}

function guessedForm(name: string): Pick<BatchForm, 'schema' | 'format' | 'compression'> | null {
  if (name.endsWith('.parquet')) return { schema: 'native', format: 'parquet', compression: 'none' };
  const compression = /\.ndjson(\.gz|\.zst)?$/.exec(name);
  if (!compression) return null;
  const by = { '.gz': 'gzip', '.zst': 'zstd' } as const;
  return { schema: 'native', format: 'ndjson', compression: by[compression[1] as keyof typeof by] ?? 'none' };
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}
