import { entrySchema, type JournalEntry } from './entry-schema.js';
import { entryText, entryVersion } from './journal.js';

/** Null if it is not an entry that this version knows. */
export function parsedEntry(entry: string): JournalEntry | null {
  const [first, ...lines] = entry.split('\n');
  if (first !== entryVersion || lines.pop() !== '') return null;
  const fields = lines.map((line) => [line.split(' ', 1)[0], line.slice(line.indexOf(' ') + 1)]);
  const { success, data } = entrySchema.safeParse(Object.fromEntries(fields));
  // The text must be the only one of this entry.
  return success && entryText(data) === entry ? data : null;
}
