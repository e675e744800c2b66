import type { RefusedEvent } from '../batch.js';
import type { OnConfirmed } from './sink.js';

export interface PartBounds {
  bytesMax: number;
  eventsMax?: number;
}

/**
 * Cuts a batch into requests, in order. An item that is over the bound alone has a part of its own: whether it is too
 * large is for the sink to say.
 */
export function parts<T extends { bytes: number }>(items: readonly T[], bounds: PartBounds): T[][] {
  const { bytesMax, eventsMax = Number.POSITIVE_INFINITY } = bounds;
  const all: T[][] = [];
  let part: T[] = [];
  let bytes = 0;
  for (const item of items) {
    if (part.length > 0 && (bytes + item.bytes > bytesMax || part.length >= eventsMax)) {
      all.push(part);
      part = [];
      bytes = 0;
    }
    part.push(item);
    bytes += item.bytes;
  }
  return part.length > 0 ? [...all, part] : all;
}

/** Tells of what the sink has, whichever part it confirms first: all up to the first event that is still open. */
export class Confirmations {
  readonly #seqs: readonly number[];
  readonly #told: OnConfirmed;
  readonly #confirmed = new Set<number>();
  #next = 0;
  #bytes = 0;
  #refused: RefusedEvent[] = [];

  /** @param seqs of the batch, in order. */
  constructor(seqs: readonly number[], told: OnConfirmed = async () => {}) {
    this.#seqs = seqs;
    this.#told = told;
  }

  /** @param seqs of the part, the refused ones among them. */
  async add(seqs: readonly number[], bytes: number, refused: readonly RefusedEvent[]): Promise<void> {
    for (const seq of seqs) this.#confirmed.add(seq);
    this.#bytes += bytes;
    this.#refused.push(...refused);
    const before = this.#next;
    while (this.#next < this.#seqs.length && this.#confirmed.delete(this.#seqs[this.#next]!)) this.#next += 1;
    // The last part is told with the batch.
    if (this.#next === before || this.#next === this.#seqs.length) return;
    const part = { lastSeq: this.#seqs[this.#next - 1]!, bytes: this.#bytes, refused: this.#refused };
    this.#bytes = 0;
    this.#refused = [];
    await this.#told(part);
  }
}
