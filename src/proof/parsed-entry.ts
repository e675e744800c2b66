import { entrySchema, type JournalEntry } from './entry-schema.js';
import { entryText, entryVersion } from './journal.js';

const kinds: ReadonlySet<string> = new Set(entrySchema.options.map(({ shape }) => shape.kind.value));

/** True of an entry that only a later version can know: of another form, or of a kind that this one lacks. */
export function isOfLaterVersion(entry: string): boolean {
  const [, version, kind] = /^trawl-journal\/(\d{1,4})\nkind ([a-z-]{1,40})\n/.exec(entry) ?? [];
  return version !== undefined && (`trawl-journal/${version}` !== entryVersion || !kinds.has(kind!));
}

/** Null if it is not an entry that this version knows. */
export function parsedEntry(entry: string): JournalEntry | null {
  const [first, ...lines] = entry.split('\n');
  if (first !== entryVersion || lines.pop() !== '') return null;
  const fields = lines.map((line) => [line.split(' ', 1)[0], line.slice(line.indexOf(' ') + 1)]);
  const { success, data } = entrySchema.safeParse(Object.fromEntries(fields));
  // The text must be the only one of this entry.
  return success && entryText(data) === entry ? data : null;
}
