import type { Head } from '../proof/note.js';
import type { ProofLog } from './proof-reader.js';
import type { Contradiction } from './verify-events.js';

/** The state that a head is compared with. */
interface SizedTree {
  size: number;
  root(): Buffer;
}

/** A head that the proof goes on from, with the number of events that it stands for. */
export interface KnownHead {
  head: Head;
  events: number;
}

/** An entry that says that the store was set back. */
interface Restored {
  entry: number;
  at: string;
  /** Entries of the head that was lost. */
  lost: number;
}

/** Compares heads that somebody has kept elsewhere with the trees as they grow: each must be one of their beginnings. */
export class HeadsCheck {
  readonly #heads: readonly Head[];
  readonly #restores: Restored[] = [];
  /** The heads of histories that ended, in words. */
  readonly unchecked: string[] = [];
  /** The heads that the trees continue from. */
  readonly known: KnownHead[] = [];

  constructor(heads: readonly Head[]) {
    this.#heads = heads;
  }

  /** @param events how many there were when the tree had this size */
  compare(log: ProofLog, tree: SizedTree, events: number): void {
    for (const head of this.#heads)
      if (logOf(head) === log && head.size === tree.size && head.root.equals(tree.root()))
        this.known.push({ head, events });
  }

  /** The journal says that the store was set back, and goes on: heads of the history that ended are no contradiction. */
  restore(restored: Restored): void {
    this.#restores.push(restored);
  }

  /** Sizes of heads of the events within a range, in order. */
  eventsWithin(after: number, before: number): number[] {
    const sizes = this.#heads.filter((head) => logOf(head) === 'events').map(({ size }) => size);
    return [...new Set(sizes)].filter((size) => size > after && size < before).sort((one, other) => one - other);
  }

  /** @param name the collector and the store in which its proof began */
  judge(name: { store: string; collector: string }, trees: Readonly<Record<ProofLog, number>>): Contradiction[] {
    return this.#heads.flatMap((head): Contradiction[] => {
      const [log, { origin, size }] = [logOf(head), head];
      const has = trees[log];
      if (!`/${origin}`.endsWith(`/${name.store}/${name.collector}/${log}`))
        return [{ seq: null, text: `The head of ${origin} is not one of ${name.collector} in this store.` }];
      if (size === 0 || this.known.some((one) => one.head === head)) return [];
      // Its entries are not those of the journal, or more: so many had the head that was lost.
      const restored = this.#restores.find(({ lost }) => log === 'events' || size <= lost);
      if (restored) {
        this.unchecked.push(
          `the head of ${origin}, size ${size}: the store was set back at ${restored.at} (entry ${restored.entry} of the journal), and what that head had beyond is lost`,
        );
        return [];
      }
      if (size > has) {
        const text = `The head of ${origin} has ${size} entries, the store ${has}: it is older, or was cut.`;
        return [{ seq: log === 'events' ? has + 1 : null, text }];
      }
      return [
        { seq: null, text: `The first ${size} entries of ${origin} are not those of its head: they were made anew.` },
      ];
    });
  }
}

function logOf({ origin }: Head): ProofLog {
  return origin.endsWith('/events') ? 'events' : 'journal';
}
