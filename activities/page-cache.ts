import { type AnswerRoom, answerRoom } from '../src/answer-room.js';
import type { EnrichedEvent } from '../src/domain.js';
import type { PageContent } from '../src/sources/source.js';

/** A page that this worker has parsed, with its rows once they are enriched. */
export interface CachedPage {
  bodyBytes: number;
  /** Memory that it takes; see `heapWeight`. */
  weight: number;
  content: PageContent;
  rows?: EnrichedEvent[];
}

/**
 * Holds pages between fetch and write, so that each is parsed once. A page that was evicted is read from the store and
 * parsed again. Bounded by the room of the process for answers, where pages give way to those that are being read, and by
 * age, since a page that a reset or another walk has overtaken is never written. Evicts the oldest page first.
 */
export class PageCache {
  readonly #pages = new Map<string, { page: CachedPage; atMs: number }>();
  readonly #room: AnswerRoom;
  readonly #ageMaxMs: number;
  readonly #now: () => number;
  #weight = 0;

  constructor(room: AnswerRoom = answerRoom, ageMaxMs = 60_000, now: () => number = () => performance.now()) {
    this.#room = room;
    this.#ageMaxMs = ageMaxMs;
    this.#now = now;
  }

  get(key: string): CachedPage | undefined {
    return this.#pages.get(key)?.page;
  }

  put(key: string, page: CachedPage): void {
    this.delete(key);
    const now = this.#now();
    for (const [oldest, { atMs }] of this.#pages) {
      if (now - atMs <= this.#ageMaxMs) break;
      this.delete(oldest);
    }
    if (page.weight > this.#weight + this.#room.free || !this.#room.keep(this, page.weight)) return;
    this.#pages.set(key, { page, atMs: now });
    this.#weight += page.weight;
  }

  delete(key: string): void {
    this.#room.giveBack(this.#remove(key));
  }

  letGo(): number | undefined {
    const [oldest] = this.#pages.keys();
    return oldest === undefined ? undefined : this.#remove(oldest);
  }

  /** Returns what the page had drawn. */
  #remove(key: string): number {
    const { weight } = this.#pages.get(key)?.page ?? { weight: 0 };
    this.#pages.delete(key);
    this.#weight -= weight;
    return weight;
  }
}
