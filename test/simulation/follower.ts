import { eventWriter } from '../../src/cli/event-writers.js';
import { newEvents } from '../../src/cli/verbs/events.js';
import type { Store } from '../../src/stores/store.js';

/** Follows the events of a collector as `trawl events --follow` does. */
export class Follower {
  /** What it has printed, in this order. */
  readonly printed: { seq: number; id: string }[] = [];
  readonly #position: { collector: string; afterSeq: number };

  constructor(collector: string) {
    this.#position = { collector, afterSeq: 0 };
  }

  /** Looks once for new events. */
  async look(store: Store): Promise<void> {
    const write = await eventWriter('ndjson');
    for await (const { text } of newEvents(store, this.#position, Number.POSITIVE_INFINITY, write))
      for (const line of Buffer.from(text).toString().trimEnd().split('\n')) {
        const { seq, id } = JSON.parse(line) as { seq: number; id: string };
        this.printed.push({ seq, id });
      }
  }
}
