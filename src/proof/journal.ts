import { z } from 'zod';
import { sha256Hex } from './hashes.js';

const version = 'trawl-journal/1';

/** Bytes of an entry. */
export const entryBytesMax = 65_536;
/** Characters of a text in an entry; of a longer one, the entry has the digest. */
const textMax = 2_000;

const number = z
  .string()
  .regex(/^(0|[1-9]\d{0,15})$/)
  .transform(Number);
const hex = z.string().regex(/^[0-9a-f]{64}$/);
const root = z.string().regex(/^[A-Za-z0-9+/]{43}=$/);
/** JSON of a text, or `sha256:` and the digest of a long one: see `journalText`. */
const text = z.string().regex(/^("[^\n]*"|sha256:[0-9a-f]{64})$/);
/** Sequence numbers, such as `1-500,502`; `none` if there are none. */
const numbers = z.string().regex(/^(none|\d+(-\d+)?(,\d+(-\d+)?)*)$/);

/** The tree of events after the fact. */
const events = { size: number, root };

/**
 * The facts of a collector that its journal has, by kind. Together they say why each event and each page is there, and
 * why each one that is missing is not.
 */
const schema = z.discriminatedUnion('kind', [
  /** A row of the ledger. `texts`: digest of its key, offset and note, which NUL separates. */
  z.strictObject({
    ...{ kind: z.literal('page'), at: z.string(), page: number, generation: number, events: number, new: number },
    ...{ rejected: number, seqs: numbers, digest: z.string(), texts: hex, ...events },
  }),
  /**
   * Events and pages that were stored without an entry: by an earlier version, or before there was a journal. `ledger`:
   * digest of the pages' rows.
   */
  z.strictObject({
    ...{ kind: z.literal('takeover'), at: z.string(), seqs: numbers, gone: number, pages: numbers, ledger: hex },
    ...events,
  }),
  /** Reading begins again: `why` is a person, the source that refused an offset, or the removal of the collector. */
  z.strictObject({ kind: z.literal('reset'), at: z.string(), generation: number, to: hex, why: text }),
  z.strictObject({ kind: z.literal('gap'), at: z.string(), from: text, to: text }),
  /** All events up to a number are cleared, by a person. */
  z.strictObject({ kind: z.literal('clear'), at: z.string(), upto: number, lacking: number }),
  /** Retention has cleared events that every sink has. */
  z.strictObject({ kind: z.literal('retention'), at: z.string(), seqs: numbers }),
  /** Rows of `rejected_events`: `DIGEST:CONTENT` each. See `rejectContent`. */
  z.strictObject({ kind: z.literal('reject'), at: z.string(), rows: z.string() }),
  z.strictObject({ kind: z.literal('acknowledged'), at: z.string(), rows: number }),
  z.strictObject({ kind: z.literal('setting'), at: z.string(), text }),
]);

export type JournalEntry = z.output<typeof schema>;

/** An entry as the journal has it: lines of a name and a value. */
export function entryText(entry: JournalEntry): string {
  const lines = Object.entries(entry).map(([name, value]) => `${name} ${value}\n`);
  return `${version}\n${lines.join('')}`;
}

/** Null if it is not an entry that this version knows. */
export function parsedEntry(entry: string): JournalEntry | null {
  const [first, ...lines] = entry.split('\n');
  if (first !== version || lines.pop() !== '') return null;
  const fields = lines.map((line) => [line.split(' ', 1)[0], line.slice(line.indexOf(' ') + 1)]);
  const { success, data } = schema.safeParse(Object.fromEntries(fields));
  // The text must be the only one of this entry.
  return success && entryText(data) === entry ? data : null;
}

/** A text in one line. */
export function journalText(value: string): string {
  return value.length > textMax ? `sha256:${sha256Hex(value)}` : JSON.stringify(value);
}

/** Digest of stored texts: NUL separates them, and none contains it. */
export function textsDigest(...texts: readonly (string | null)[]): string {
  return sha256Hex(texts.map((one) => one ?? '').join('\0'));
}

export interface Range {
  first: number;
  last: number;
}

/** @param numbers in ascending order */
export function rangesOf(numbers: Iterable<number>): Range[] {
  const ranges: Range[] = [];
  for (const one of numbers) {
    const current = ranges.at(-1);
    if (current?.last === one - 1) current.last = one;
    else ranges.push({ first: one, last: one });
  }
  return ranges;
}

/** @param limit ranges in a text, so that it fits into an entry */
export function rangeTexts(ranges: readonly Range[], limit = 1_500): string[] {
  const texts: string[] = [];
  for (let from = 0; from < ranges.length; from += limit) {
    const some = ranges.slice(from, from + limit);
    texts.push(some.map(({ first, last }) => (first === last ? String(first) : `${first}-${last}`)).join(','));
  }
  return texts;
}

/** `none` if the range is empty. */
export function rangeText(first: number, last: number): string {
  return last < first ? 'none' : rangeTexts([{ first, last }])[0]!;
}

export function parsedRanges(seqs: string): Range[] {
  if (seqs === 'none') return [];
  return seqs.split(',').map((one) => {
    const [first, last = first] = one.split('-').map(Number) as [number, number?];
    return { first, last };
  });
}
