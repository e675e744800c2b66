import type { StoredEvent } from '../../src/domain.js';
import type { SqliteStore } from '../../src/stores/sqlite/store.js';

interface Removal {
  seq: number;
  id: string;
  /** Every sink of the collector had confirmed it; without sinks, every one that was ever used. */
  confirmed: boolean;
  /** Number of resets that had taken effect by then. */
  resets: number;
  /** Somebody has deleted its row. */
  byHand?: true;
}

interface PresentEvent {
  seq: number;
  id: string;
}

/** Commands that a person was promised, and those that may have been lost without a word of success. */
interface Promised {
  accepted: number;
  unsure: number;
}

/** Keeps account of what has to be true in the end. */
export class Books {
  readonly removals: Removal[] = [];
  readonly promised: Record<'resetCheckpoint' | 'clearEvents', Promised> = {
    resetCheckpoint: { accepted: 0, unsure: 0 },
    clearEvents: { accepted: 0, unsure: 0 },
  };
  /** What was wrong already on the way. */
  readonly problems: string[] = [];
  readonly #requestedMs: number[] = [];
  readonly #collector: string;
  readonly #hasDelivered: (sink: string, seq: number) => boolean;
  readonly #present: () => PresentEvent[];
  #resets = 0;

  /** @param present the events that are not cleared, also those that readers do not get yet */
  constructor(collector: string, hasDelivered: (sink: string, seq: number) => boolean, present: () => PresentEvent[]) {
    this.#collector = collector;
    this.#hasDelivered = hasDelivered;
    this.#present = present;
  }

  get resets(): number {
    return this.#resets;
  }

  /** Follows a call of the store. */
  async watch(store: SqliteStore, method: string, args: unknown[]): Promise<(result: unknown) => Promise<void>> {
    if (method === 'reserveRequest') return async (waitMs) => this.#requested(waitMs as number);
    if (method === 'resetCheckpoint') return this.#watchReset(store);
    if (method === 'removeCleared') return () => this.read(store);
    if (method !== 'clearEvents' && method !== 'clearConfirmed') return async () => {};
    const before = this.#present();
    const [sinks, force] =
      method === 'clearEvents'
        ? [(args[2] ?? []) as string[], (args[3] ?? false) as boolean]
        : [(args[0] as { sinks: string[] }).sinks, false];
    const upTo = await this.#confirmedUpTo(store, sinks);
    return async () => {
      const left = new Set(this.#present().map(({ seq }) => seq));
      for (const { seq, id } of before.filter((event) => !left.has(event.seq))) {
        this.removals.push({ seq, id, confirmed: seq <= upTo, resets: this.#resets });
        const lacking = force ? [] : sinks.filter((sink) => !this.#hasDelivered(sink, seq));
        if (lacking.length > 0) this.problems.push(`${id} was cleared, but ${lacking.join(', ')} does not have it`);
      }
    };
  }

  /** Somebody reads all events: what was cleared stays away. */
  async read(store: SqliteStore): Promise<void> {
    const removed = new Set(this.removals.map(({ seq }) => seq));
    for (const { seq, id } of await all(store, this.#collector))
      if (removed.has(seq)) this.problems.push(`${id} was cleared as ${seq}, and is shown`);
  }

  /** Somebody deletes rows, past the program. */
  removedByHand(upToSeq: number): void {
    for (const { seq, id } of this.#present().filter((event) => event.seq <= upToSeq))
      this.removals.push({ seq, id, confirmed: false, resets: this.#resets, byHand: true });
  }

  /** Descope allows ten a minute. */
  #requested(waitMs: number): void {
    if (waitMs > 0) return;
    const nowMs = Date.now();
    this.#requestedMs.push(nowMs);
    const [eleventh] = this.#requestedMs.slice(-11, -10);
    if (eleventh !== undefined && nowMs - eleventh < 60_000) this.problems.push(`an 11th request within a minute`);
  }

  async #watchReset(store: SqliteStore): Promise<() => Promise<void>> {
    const { generation } = await store.checkpoint(this.#collector);
    return async () => {
      if ((await store.checkpoint(this.#collector)).generation > generation) this.#resets += 1;
    };
  }

  async #confirmedUpTo(store: SqliteStore, sinks: readonly string[]): Promise<number> {
    const cursors = (await store.offload.cursors(this.#collector)).filter(({ series }) => series === '');
    if (sinks.length > 0)
      return Math.min(...sinks.map((name) => cursors.find(({ sink }) => sink === name)?.lastSeq ?? 0));
    const used = cursors.filter(({ batches }) => batches > 0).map(({ lastSeq }) => lastSeq);
    return used.length > 0 ? Math.min(...used) : 0;
  }
}

export function all(store: SqliteStore, collector: string): Promise<StoredEvent[]> {
  return store.events({ collector, afterSeq: 0 }, 1_000_000);
}
