import type { JournalEntry } from './entry-schema.js';
import { sha256Hex } from './hashes.js';

/** The first line of each entry. */
export const entryVersion = 'trawl-journal/1';

/** Bytes of an entry. */
export const entryBytesMax = 65_536;
/** Characters of a text in an entry; of a longer one, the entry has the digest. */
const textMax = 2_000;

/** An entry as the journal has it: lines of a name and a value. */
export function entryText(entry: JournalEntry): string {
  const lines = Object.entries(entry).map(([name, value]) => `${name} ${value}\n`);
  return `${entryVersion}\n${lines.join('')}`;
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
