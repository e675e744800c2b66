import { z } from 'zod';
import type { BatchForm, WrittenObject } from '../batch.js';
import type { JournalEntry } from '../proof/entry-schema.js';
import { journalText, parsedRanges, type Range } from '../proof/journal.js';
import type { ProofReader } from './proof-reader.js';

/** An object that should be where its sink has put it, as the journal says. */
export interface ProvenObject {
  sink: string;
  name: string;
  events: number;
  bytes: number;
  sha256: string;
  /** The events in it. */
  seqs: readonly Range[];
  form: Pick<BatchForm, 'schema' | 'format' | 'compression' | 'rawEvent'>;
  /** Number of the entry that names it. */
  entry: number;
}

const names = z.array(z.string());
const form = z.looseObject({
  ...{ schema: z.string(), format: z.string(), compression: z.string() },
  rawEvent: z.enum(['json', 'text']).optional(),
});
const unknownForm = { schema: '', format: '', compression: '' };

/** Reads which objects the journal says there are, and compares the manifest (`offload_batches`) with it. */
export class ObjectsCheck {
  readonly #reader: ProofReader;
  readonly #collector: string;
  readonly #report: (seq: number | null, text: string) => void;
  /** By sink and name. Merged ones stay until their last entry: it says which others they have replaced. */
  readonly #objects = new Map<string, ProvenObject>();
  #older = 0;

  constructor(reader: ProofReader, collector: string, report: (seq: number | null, text: string) => void) {
    this.#reader = reader;
    this.#collector = collector;
    this.#report = report;
  }

  get objects(): ProvenObject[] {
    return [...this.#objects.values()];
  }

  /** Number of objects in the manifest that an earlier version has written, so that no entry names them. */
  get older(): number {
    return this.#older;
  }

  /** The numbers of one object can take several entries. */
  add(entry: number, { sink, name, seqs, form: text, events, bytes, sha256 }: JournalEntry & { kind: 'object' }): void {
    const before = this.#find(sink, name);
    const isPart = before?.sha256 === sha256 && before.form !== unknownForm && before.events === events;
    const earlier = isPart ? before.seqs : [];
    this.#keep({
      ...{ sink: saidText(sink), name: saidText(name), events, bytes, sha256, entry },
      seqs: [...earlier, ...parsedRanges(seqs)],
      form: parsed(form, text) ?? unknownForm,
    });
  }

  /** So can the names of those that a compaction has merged. */
  merge(entry: number, { sink, name, old, events, bytes, sha256 }: JournalEntry & { kind: 'compacted' }): void {
    const before = this.#find(sink, name);
    const seqs = [...(before?.sha256 === sha256 ? before.seqs : [])];
    let merged = before?.form ?? unknownForm;
    for (const one of parsed(names, old) ?? []) {
      const replaced = this.#find(sink, journalText(one));
      // An earlier version may have written it.
      if (!replaced || replaced === before) continue;
      this.#objects.delete(keyOf(replaced.sink, replaced.name));
      seqs.push(...replaced.seqs);
      merged = replaced.form;
    }
    this.#keep({ ...{ sink: saidText(sink), name: saidText(name), events, bytes, sha256, entry }, seqs, form: merged });
  }

  #find(sink: string, name: string): ProvenObject | undefined {
    return this.#objects.get(keyOf(saidText(sink), saidText(name)));
  }

  #keep(object: ProvenObject): void {
    this.#objects.set(keyOf(object.sink, object.name), object);
  }

  /** Compares what the manifest lists. What it lists beyond the journal is of an earlier version. */
  async finish(): Promise<void> {
    const found = new Set<ProvenObject>();
    const older = new Set<string>();
    for (const { sink, objects } of await this.#reader.listedObjects(this.#collector)) {
      for (const object of objects) {
        const proven = this.#find(journalText(sink), journalText(object.name));
        if (!proven) older.add(keyOf(sink, object.name));
        else if (!found.has(proven)) this.#compare(object, proven);
        if (proven) found.add(proven);
      }
    }
    this.#older = older.size;
    for (const object of this.#objects.values())
      if (!found.has(object))
        this.#report(
          firstOf(object),
          `The manifest lacks ${object.name}, which entry ${object.entry} of the journal names.`,
        );
  }

  #compare({ events, bytes, sha256 }: WrittenObject, proven: ProvenObject): void {
    if (events === proven.events && bytes === proven.bytes && sha256 === proven.sha256) return;
    this.#report(
      firstOf(proven),
      `The manifest lists ${proven.name} otherwise than entry ${proven.entry} of the journal.`,
    );
  }
}

/** The first event of an object; null if it has none. */
export function firstOf({ seqs }: ProvenObject): number | null {
  return seqs.length === 0 ? null : Math.min(...seqs.map(({ first }) => first));
}

function keyOf(sink: string, name: string): string {
  return `${sink}\0${name}`;
}

/** The text of an entry's value; of a long one its digest, as it stands there. */
function saidText(value: string): string {
  return value.startsWith('"') ? (JSON.parse(value) as string) : value;
}

function parsed<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
