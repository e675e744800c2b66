import type { RefusedEvent } from '../batch.js';
import type { OnConfirmed } from './sink.js';

interface PartBounds {
  bytesMax: number;
  eventsMax?: number;
}

/**
 * Splits a batch into requests, in order. An item that exceeds the limit on its own gets its own part: the sink decides
 * whether it is too large.
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

/** Reports progress when parts are confirmed in any order: everything before the first unconfirmed event. */
export class Confirmations {
  readonly #seqs: readonly number[];
  readonly #onConfirmed: OnConfirmed;
  readonly #confirmed = new Set<number>();
  #next = 0;
  #bytes = 0;
  #refused: RefusedEvent[] = [];

  /** @param seqs sequence numbers of the batch, in order */
  constructor(seqs: readonly number[], onConfirmed: OnConfirmed = async () => {}) {
    this.#seqs = seqs;
    this.#onConfirmed = onConfirmed;
  }

  /** @param seqs sequence numbers of the part, including refused events */
  async add(seqs: readonly number[], bytes: number, refused: readonly RefusedEvent[]): Promise<void> {
    for (const seq of seqs) this.#confirmed.add(seq);
    this.#bytes += bytes;
    this.#refused.push(...refused);
    const before = this.#next;
    while (this.#next < this.#seqs.length && this.#confirmed.delete(this.#seqs[this.#next]!)) this.#next += 1;
    // The last part is reported with the batch.
    if (this.#next === before || this.#next === this.#seqs.length) return;
    const part = { lastSeq: this.#seqs[this.#next - 1]!, bytes: this.#bytes, refused: this.#refused };
    this.#bytes = 0;
    this.#refused = [];
    await this.#onConfirmed(part);
  }
}
