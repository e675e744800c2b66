import type { JournalEntry } from '../proof/entry-schema.js';
import { parsedEntry } from '../proof/parsed-entry.js';
import type { Store } from './store.js';

const entriesAtOnce = 1_000;

type Kind = JournalEntry['kind'];

/** The facts of some kinds that the journal of a collector has, in order, with the numbers of their entries. */
export async function* factsOf<K extends Kind>(
  store: Store,
  collector: string,
  kinds: readonly K[],
): AsyncGenerator<{ number: number; fact: JournalEntry & { kind: K } }> {
  const isWanted = new RegExp(`^[^\\n]*\\nkind (${kinds.join('|')})\\n`);
  for (let after = 0; ; after += entriesAtOnce) {
    const some = await store.proof.entries(collector, after, entriesAtOnce);
    for (const { number, entry } of some) {
      const fact = isWanted.test(entry) ? parsedEntry(entry) : null;
      if (fact) yield { number, fact: fact as JournalEntry & { kind: K } };
    }
    if (some.length < entriesAtOnce) return;
  }
}

export async function keyEntries(store: Store, collector: string): Promise<(JournalEntry & { kind: 'key' })[]> {
  const entries: (JournalEntry & { kind: 'key' })[] = [];
  for await (const { fact } of factsOf(store, collector, ['key'])) entries.push(fact);
  return entries;
}
