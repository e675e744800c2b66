import type { EnrichedEvent } from '../src/domain.js';
import type { PageContent } from '../src/sources/source.js';

/** A page that this worker has parsed, and its rows once it has enriched them. */
export interface CachedPage {
  bodyBytes: number;
  content: PageContent;
  rows?: EnrichedEvent[];
}

/**
 * Pages between fetch and write, so that a page is parsed once. Only a shortcut: what has fallen out is read from the
 * store and parsed again. Bounded by the bytes of the bodies; the oldest goes first.
 */
export class PageCache {
  readonly #pages = new Map<string, CachedPage>();
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(bytesMax = 64 * 1024 * 1024) {
    this.#bytesMax = bytesMax;
  }

  get(key: string): CachedPage | undefined {
    return this.#pages.get(key);
  }

  put(key: string, page: CachedPage): void {
    this.delete(key);
    if (page.bodyBytes > this.#bytesMax) return;
    this.#pages.set(key, page);
    this.#bytes += page.bodyBytes;
    for (const oldest of this.#pages.keys()) {
      if (this.#bytes <= this.#bytesMax) return;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const page = this.#pages.get(key);
    if (!page) return;
    this.#pages.delete(key);
    this.#bytes -= page.bodyBytes;
  }
}
