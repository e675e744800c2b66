import type { SentObject } from '../../batch.js';
import type { JournalEntry } from '../../proof/entry-schema.js';
import { entryBytesMax, journalText, rangeTexts } from '../../proof/journal.js';
import type { FixedBatch, MergedObjects } from '../offload.js';

/** Journal entries of the files of a batch. Most have one each. */
export function objectEntries(
  { sink, series, number, form }: FixedBatch,
  objects: readonly SentObject[],
  now: string,
): JournalEntry[] {
  return objects.flatMap(({ name, events, bytes, sha256, seqs }) =>
    rangeTexts(seqs).map((some) => ({
      ...{ kind: 'object' as const, at: now, sink: journalText(sink), series: journalText(series), batch: number },
      ...{ form: JSON.stringify(form), name: journalText(name), seqs: some, events, bytes, sha256 },
    })),
  );
}

/** Bytes of the names in an entry: the rest of it takes less than what remains. */
const namesBytesMax = entryBytesMax - 8_192;

/** Journal entries of files that a compaction has merged. */
export function compactedEntries({ sink, old, object }: MergedObjects, now: string): JournalEntry[] {
  const { name, events, bytes, sha256 } = object;
  return listsOf(old, namesBytesMax).map((names) => ({
    ...{ kind: 'compacted' as const, at: now, sink: journalText(sink), old: names, name: journalText(name) },
    ...{ events, bytes, sha256 },
  }));
}

/** The texts as JSON lists of at most so many bytes. */
function listsOf(texts: readonly string[], bytesMax: number): string[] {
  const lists: string[][] = [];
  let bytes = 0;
  for (const one of texts) {
    const more = Buffer.byteLength(JSON.stringify(one)) + 1;
    if (lists.length === 0 || bytes + more > bytesMax) {
      lists.push([]);
      bytes = 2;
    }
    lists.at(-1)!.push(one);
    bytes += more;
  }
  return lists.map((list) => JSON.stringify(list));
}
