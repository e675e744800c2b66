import { createHash } from 'node:crypto';
import type { WrittenObject } from '../batch.js';
import { counted } from '../counted.js';
import { reasonOf, sentence, TrawlError } from '../errors.js';
import { type Contents, contentsOf, joined, rowsDigest } from '../formats/contents.js';
import type { Encoded } from '../formats/format.js';
import type { SinkClient } from '../sinks/sink.js';
import { whileLeased } from './lease.js';
import { type CompactionLedger, noteIntent, noteMerged, noteRemoved, replacedBy } from './manifest.js';
import { mergedName } from './names.js';
import { folderOf, type ListedObject, listedObjects, objectMax, planOf, type Run } from './plan.js';

export type CompactableSink = SinkClient & Required<Pick<SinkClient, 'read' | 'write' | 'lockOf' | 'remove'>>;

export function isCompactable(client: SinkClient): client is CompactableSink {
  return [client.read, client.write, client.lockOf, client.remove].every((method) => method !== undefined);
}

export interface Compacting {
  ledger: CompactionLedger;
  client: CompactableSink;
  collector: string;
  sink: string;
  /** Only whole UTC days before this time; epoch nanoseconds. */
  beforeNs: bigint;
  /** Only batches that were confirmed before this time; RFC 3339. */
  confirmedBefore: string;
  signal: AbortSignal;
  /** Told after each merged object. */
  merged?(done: Compacted): void;
}

/** An object that is left, and why. */
interface Left {
  name: string;
  why: string;
}

export interface Compacted {
  /** Number of objects that others have replaced, and of those others. */
  objects: number;
  into: number;
  events: number;
  /** Bytes of the objects that were replaced, and of those that replace them. */
  bytes: number;
  intoBytes: number;
  /** Locked ones, which stay as they are. */
  locked: Left[];
  /** Objects that were replaced and still exist: whoever reads the folder itself finds their events twice. */
  doubled: Left[];
  /** Sentences about objects that cannot be merged. Nothing of theirs is deleted. */
  problems: string[];
  /** Number of objects left alone since their batches were confirmed too lately. */
  recent: number;
  /** Number of objects left alone since they are in a layout of others. */
  foreign: number;
}

/** Objects that become one, with what they contain. */
interface Group {
  objects: ListedObject[];
  contents: Contents[];
}

/**
 * Merges the objects that a sink has of a collector, and finishes what an earlier compaction has left. At any time, the
 * manifest lists each event once: the objects that are there before, then the merged one. An object is deleted once the
 * merged one is written, read back with the same rows, and listed.
 * @throws TrawlError as the store and the sink do; STORE_BUSY if another compaction is at work
 */
export async function compact(given: Compacting): Promise<Compacted> {
  const done: Compacted = {
    ...{ objects: 0, into: 0, events: 0, bytes: 0, intoBytes: 0 },
    ...{ locked: [], doubled: [], problems: [], recent: 0, foreign: 0 },
  };
  if ((await listed(given)).length === 0) return done;
  await whileLeased(given, async (signal) => {
    const compaction = new Compaction({ ...given, signal }, done);
    await compaction.finishEarlier();
    await compaction.mergeRuns();
  });
  return done;
}

function listed({ ledger, collector, sink }: Compacting) {
  return ledger.listed(collector, sink);
}

class Compaction {
  readonly #given: Compacting;
  readonly #done: Compacted;
  #mayRemove = false;

  constructor(given: Compacting, done: Compacted) {
    this.#given = given;
    this.#done = done;
  }

  /** A compaction that was killed has left objects that are to be merged, or merged ones with what they replace. */
  async finishEarlier(): Promise<void> {
    const all = listedObjects(await listed(this.#given));
    const merging = new Map<string, ListedObject[]>();
    for (const one of all)
      if (one.object.into !== undefined) merging.set(one.object.into, [...(merging.get(one.object.into) ?? []), one]);
    for (const [name, objects] of merging) {
      await this.#withoutRefused(async () => {
        const group: Group = { objects, contents: [] };
        for (const { object, batches } of objects)
          group.contents.push(await this.#contentsOf(object, batches[0]!.form));
        await this.#settle(group, name, await joined(group.contents, objects[0]!.batches[0]!.form));
      });
    }
    for (const merged of all.filter(({ object }) => object.replaces !== undefined)) {
      await this.#withoutRefused(async () => {
        const bytes = await this.#given.client.read(merged.object, this.#given.signal);
        if (sha256(bytes) !== merged.object.sha256) throw changedSince(merged.object.name);
        await this.#removeReplaced(merged);
      });
    }
  }

  async mergeRuns(): Promise<void> {
    const { runs, recent, foreign } = planOf(await listed(this.#given), this.#given);
    Object.assign(this.#done, { recent, foreign });
    for (const run of runs) await this.#withoutRefused(() => this.#mergeRun(run));
  }

  /** An object that is gone, or is not what was written, ends the work on its own folder only. */
  async #withoutRefused(work: () => Promise<void>): Promise<void> {
    this.#given.signal.throwIfAborted();
    try {
      await work();
    } catch (error) {
      if (!(error instanceof TrawlError && error.code === 'SINK_REFUSED')) throw error;
      this.#done.problems.push(sentence(error));
    }
  }

  async #mergeRun({ form, objects }: Run): Promise<void> {
    let group: Group = { objects: [], contents: [] };
    const end = async () => {
      const ended = group;
      group = { objects: [], contents: [] };
      if (ended.objects.length > 1) await this.#merge(ended);
    };
    for (const one of objects) {
      this.#given.signal.throwIfAborted();
      const why = await this.#given.client.lockOf(one.object, this.#given.signal);
      if (why !== null) {
        this.#done.locked.push({ name: one.object.name, why });
        await end();
        continue;
      }
      const contents = await this.#contentsOf(one.object, form);
      if (!fits(group, contents)) await end();
      group.objects.push(one);
      group.contents.push(contents);
    }
    await end();
  }

  async #merge(group: Group): Promise<void> {
    const { objects, contents } = group;
    const file = await joined(contents, objects[0]!.batches[0]!.form);
    await this.#requireRemoval(folderOf(objects[0]!.object.name));
    const name = mergedName(objects, file.extension);
    await noteIntent(this.#given.ledger, objects, name);
    await this.#settle(group, name, file);
  }

  /** Writes the merged object, reads it back, lists it, and only then deletes those that it replaces. */
  async #settle({ objects, contents }: Group, name: string, file: Encoded): Promise<void> {
    const { ledger, client, signal, sink } = this.#given;
    const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);
    const events = sum(contents.map((one) => one.events));
    const [sha, rows] = [sha256(file.bytes), rowsDigest(contents)];
    // Not needed any more, and as large as what is read back.
    contents.length = 0;
    const written: WrittenObject = { name, events, bytes: file.bytes.byteLength };
    signal.throwIfAborted();
    await client.write(name, file, signal);
    const back = await client.read(written, signal);
    const { form } = objects[0]!.batches[0]!;
    const read = await contentsOf(back, form).catch(() => undefined);
    if (sha256(back) !== sha || read?.events !== events || rowsDigest([read]) !== rows) throw notAsWritten(name);
    const merged = { ...written, sha256: sha, plainBytes: read.plainBytes };
    const note = `Compacted at ${sink}: ${counted(objects.length, 'object')} became ${name} (${counted(events, 'event')})`;
    signal.throwIfAborted();
    await noteMerged(ledger, objects, { merged, note });
    const batches = [...new Set(objects.flatMap((one) => one.batches))];
    Object.assign(this.#done, {
      objects: this.#done.objects + objects.length,
      into: this.#done.into + 1,
      events: this.#done.events + events,
      bytes: this.#done.bytes + sum(objects.map(({ object }) => object.bytes)),
      intoBytes: this.#done.intoBytes + written.bytes,
    });
    this.#given.merged?.(this.#done);
    await this.#removeReplaced({ object: merged, batches });
  }

  async #removeReplaced(merged: ListedObject): Promise<void> {
    const { ledger, signal } = this.#given;
    const left: Left[] = [];
    for (const old of replacedBy(merged)) {
      signal.throwIfAborted();
      const why = await this.#removed(old);
      if (why !== null) left.push({ name: old.name, why });
    }
    await noteRemoved(ledger, merged, new Set(left.map(({ name }) => name)));
    this.#done.doubled.push(...left);
  }

  /** @returns why the object is still there; null if it is gone */
  async #removed(object: WrittenObject): Promise<string | null> {
    const { client, signal } = this.#given;
    try {
      return (await client.lockOf(object, signal)) ?? (await client.remove(object.name, signal));
    } catch (error) {
      if (error instanceof TrawlError && error.code === 'SINK_REFUSED') return reasonOf(error).replace(/\.$/, '');
      throw error;
    }
  }

  /** @throws TrawlError SINK_REFUSED if the object is gone, or is not what the manifest says */
  async #contentsOf(object: WrittenObject, form: { format: string; compression: string }): Promise<Contents> {
    const { client, signal } = this.#given;
    const bytes = await client.read(object, signal).catch((error: unknown) => {
      if (!(error instanceof TrawlError && error.code === 'SINK_REFUSED')) throw error;
      throw new TrawlError(error.code, error.message, { hint: restore, cause: error });
    });
    if (object.sha256 !== undefined && sha256(bytes) !== object.sha256) throw changedSince(object.name);
    const contents = await contentsOf(bytes, form).catch((error: unknown) => {
      throw new TrawlError('SINK_REFUSED', `${object.name} cannot be read as ${form.format}: ${reasonOf(error)}.`, {
        hint: restore,
        cause: error,
      });
    });
    if (contents.events === object.events) return contents;
    const { events, name } = object;
    const found = counted(contents.events, 'event');
    throw new TrawlError(
      'SINK_REFUSED',
      `${name} has ${found}, not the ${events.toLocaleString('en')} that were written.`,
      {
        hint: restore,
      },
    );
  }

  /**
   * Tries once whether objects can be deleted, before any is written that would have the events of others.
   * @throws TrawlError SINK_REFUSED, as an error of the whole compaction
   */
  async #requireRemoval(folder: string): Promise<void> {
    if (this.#mayRemove) return;
    const { client, signal } = this.#given;
    // Readers pass over names that begin so. If this process is killed, the next one removes it.
    const name = `${folder}/_trawl-check-compaction`;
    await client.write(
      name,
      { bytes: Buffer.from('Trawl may write here.\n'), contentType: 'text/plain', isPassing: true },
      signal,
    );
    const why = await client.remove(name, signal);
    if (why !== null)
      throw new TrawlError('SYSTEM_REFUSED', `Objects in ${client.place} cannot be deleted: ${why}.`, {
        hint: `Nothing was merged. Allow these credentials to delete (S3: s3:DeleteObject), and delete ${name}.`,
        retry: false,
      });
    this.#mayRemove = true;
  }
}

const restore =
  'Nothing of its folder was merged from there on, and nothing of that was deleted. Restore the object from a backup, and compact again.';

function changedSince(name: string): TrawlError {
  return new TrawlError('SINK_REFUSED', `${name} is not what was written there.`, { hint: restore });
}

function notAsWritten(name: string): TrawlError {
  return new TrawlError('SINK_REFUSED', `${name} reads back otherwise than it was written.`, {
    hint: 'No object was deleted. Check the disk or the server, and compact again: it writes that object once more.',
  });
}

function fits({ contents }: Group, more: Contents): boolean {
  if (contents.length === 0) return true;
  const sum = (of: (one: Contents) => number) => [...contents, more].reduce((all, one) => all + of(one), 0);
  return (
    contents[0]!.kind === more.kind &&
    sum(({ events }) => events) <= objectMax.events &&
    sum(({ plainBytes }) => plainBytes) <= objectMax.bytes
  );
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
