import { AsyncLocalStorage } from 'node:async_hooks';
import { getHeapStatistics } from 'node:v8';
import { heapWeight } from './json-weight.js';

/** Share of the heap for the answers that a process holds at once, besides one more. */
const heapShare = 3;

/** The part of a room that one holder has drawn. */
interface Share {
  drawn: number;
  /** False for what must not wait, and gets nothing if there is no room. */
  waits: boolean;
  ended: boolean;
}

interface Waiting {
  share: Share;
  bytes: number;
  go(): void;
}

/** Thrown in place of waiting for room, by what is not worth the wait. */
export class NoRoom extends Error {}

/** Keeps answers for later, and lets go of them when others need the room. */
interface Keeper {
  /** Lets go of the oldest. Returns what it had drawn; undefined if there is none left. */
  letGo(): number | undefined;
}

/**
 * The memory for answers that one process holds at once. Each answer is bounded, but many activities read at a time, and
 * what they read they hold until it is in the store.
 *
 * Whatever holds answers draws on the room while they grow, and gives everything back at its end (`holding`). If the room
 * is taken, it waits for its turn. Nothing waits for ever: the first in the queue may draw beyond the room until its end,
 * one at a time, and what it draws is bounded as before. So a holder may draw again and again, in any order.
 */
export class AnswerRoom {
  readonly #current = new AsyncLocalStorage<Share>();
  readonly #queue: Waiting[] = [];
  readonly #keepers = new Set<Keeper>();
  readonly bytesMax: number;
  #free: number;
  /** The share that draws beyond the room. */
  #beyond: Share | undefined;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
    this.#free = bytesMax;
  }

  /** Bytes that nobody has drawn; below zero while a share draws beyond the room. */
  get free(): number {
    return this.#free;
  }

  /** The number of draws that wait for room. */
  get waiting(): number {
    return this.#queue.length;
  }

  /**
   * Gives back, at the end of `body`, what is drawn in it. Inside something that holds answers already it only runs
   * `body`: a holder must never wait for another one that is part of it.
   */
  async holding<T>(body: () => Promise<T>): Promise<T> {
    if (this.#current.getStore()?.ended === false) return body();
    const share: Share = { drawn: 0, waits: true, ended: false };
    try {
      return await this.#current.run(share, body);
    } finally {
      this.#end(share);
    }
  }

  /**
   * Begins something that may be of use later: what it draws counts until `handOver`, which passes it to whatever then
   * holds answers, or until `end`. It fails with NoRoom where it would have to wait.
   */
  ahead<T>(body: () => Promise<T>): { result: Promise<T>; handOver(): void; end(): void } {
    const share: Share = { drawn: 0, waits: false, ended: false };
    return {
      result: this.#current.run(share, body),
      handOver: () => {
        const heir = this.#current.getStore();
        if (heir && !heir.ended && !share.ended) {
          heir.drawn += share.drawn;
          share.drawn = 0;
        }
        this.#end(share);
      },
      end: () => this.#end(share),
    };
  }

  /**
   * Draws for what holds answers here; waits for room.
   * @throws NoRoom; the reason of the signal if it is aborted meanwhile
   */
  async draw(bytes: number, signal?: AbortSignal): Promise<void> {
    const share = this.#current.getStore();
    if (!share || share.ended || bytes <= 0) return;
    if (share === this.#beyond) return this.#give(share, bytes);
    if (this.#queue.length === 0 && (share.waits ? this.#hasRoom(bytes) : bytes <= this.#free))
      return this.#give(share, bytes);
    if (!share.waits) throw new NoRoom('Other answers take the memory.');
    signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const waiting: Waiting = { share, bytes, go: resolve };
      this.#queue.push(waiting);
      const leave = () => {
        const at = this.#queue.indexOf(waiting);
        if (at === -1) return;
        this.#queue.splice(at, 1);
        reject(signal?.reason as Error);
        this.#callNext();
      };
      signal?.addEventListener('abort', leave, { once: true });
      waiting.go = () => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      this.#callNext();
    });
  }

  /** Draws for a keeper, which lets go of older answers first. Returns false, and draws nothing, if there is no room. */
  keep(keeper: Keeper, bytes: number): boolean {
    if (this.#queue.length > 0) return false;
    if (!this.#clears(keeper, bytes)) return false;
    this.#free -= bytes;
    this.#keepers.add(keeper);
    return true;
  }

  /** Gives back what `keep` has drawn. */
  giveBack(bytes: number): void {
    this.#free += bytes;
    this.#callNext();
  }

  #hasRoom(bytes: number): boolean {
    for (const keeper of this.#keepers) {
      if (this.#clears(keeper, bytes)) break;
      this.#keepers.delete(keeper);
    }
    return bytes <= this.#free;
  }

  #clears(keeper: Keeper, bytes: number): boolean {
    while (bytes > this.#free) {
      const back = keeper.letGo();
      if (back === undefined) return false;
      this.#free += back;
    }
    return true;
  }

  #give(share: Share, bytes: number): void {
    share.drawn += bytes;
    this.#free -= bytes;
  }

  #end(share: Share): void {
    share.ended = true;
    this.#free += share.drawn;
    share.drawn = 0;
    if (this.#beyond === share) this.#beyond = undefined;
    this.#callNext();
  }

  #callNext(): void {
    for (let next = this.#queue[0]; next; next = this.#queue[0]) {
      if (next.share !== this.#beyond && !this.#hasRoom(next.bytes)) {
        if (this.#beyond) return;
        this.#beyond = next.share;
      }
      this.#queue.shift();
      if (!next.share.ended) this.#give(next.share, next.bytes);
      next.go();
    }
  }
}

/** Shorter answers do not count: an activity has few of them at a time. */
export const uncountedBytes = 16 * 1024;

/** The room of this process. */
export const answerRoom = new AnswerRoom(Math.floor(getHeapStatistics().heap_size_limit / heapShare));

/**
 * Draws for an answer that is about to be parsed; waits for room.
 * @param drawn bytes that have been drawn for it
 */
export async function drawForParsing(body: Uint8Array, signal?: AbortSignal, drawn = 0): Promise<void> {
  if (body.byteLength > uncountedBytes) await answerRoom.draw(heapWeight(body) - drawn, signal);
}
