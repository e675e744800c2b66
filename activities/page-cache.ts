import type { EnrichedEvent } from '../src/domain.js';
import { answerLimits } from '../src/json-weight.js';
import type { PageContent } from '../src/sources/source.js';

/** A page that this worker has parsed, with its rows once they are enriched. */
export interface CachedPage {
  bodyBytes: number;
  content: PageContent;
  rows?: EnrichedEvent[];
}

/**
 * Holds pages between fetch and write, so that each is parsed once. A page that was evicted is read from the store and
 * parsed again. Bounded by the bytes of the bodies and by age, since a page that a reset or another walk has overtaken
 * is never written. Evicts the oldest page first.
 */
export class PageCache {
  readonly #pages = new Map<string, { page: CachedPage; atMs: number }>();
  readonly #bytesMax: number;
  readonly #ageMaxMs: number;
  readonly #now: () => number;
  #bytes = 0;

  constructor(bytesMax = answerLimits().bodyBytesMax, ageMaxMs = 60_000, now: () => number = () => performance.now()) {
    this.#bytesMax = bytesMax;
    this.#ageMaxMs = ageMaxMs;
    this.#now = now;
  }

  get(key: string): CachedPage | undefined {
    return this.#pages.get(key)?.page;
  }

  put(key: string, page: CachedPage): void {
    this.delete(key);
    if (page.bodyBytes > this.#bytesMax) return;
    const now = this.#now();
    this.#pages.set(key, { page, atMs: now });
    this.#bytes += page.bodyBytes;
    for (const [oldest, { atMs }] of this.#pages) {
      if (this.#bytes <= this.#bytesMax && now - atMs <= this.#ageMaxMs) return;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const held = this.#pages.get(key);
    if (!held) return;
    this.#pages.delete(key);
    this.#bytes -= held.page.bodyBytes;
  }
}
