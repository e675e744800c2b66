import { randomBytes } from 'node:crypto';
import type { EnrichedEvent } from '../src/domain.js';
import { asa } from '../src/sources/asa/source.js';
import type { PageContent } from '../src/sources/source.js';
import type { PageToWrite, Store } from '../src/stores/store.js';
import { demoPages } from './demo-pages.js';

const pageEvents = 1_000;
const patterns = 20;
/** 12,500 events a day. */
const eventEveryNs = 6_912_000_000n;

interface Pattern {
  rows: readonly EnrichedEvent[];
  content: PageContent;
  body: Uint8Array;
}

/** A page in the form in which the activities write it. */
export interface MadePage {
  page: PageToWrite;
  body: Uint8Array;
}

/**
 * Makes pages for a store without the API and Temporal: 20 pages of the demo team, read and enriched once as a walk
 * does, whose events get new ids and times for each page. The newest events are from about now.
 */
export class Pages {
  readonly #patterns: readonly Pattern[];
  #timeNs: bigint;
  #made = 0;

  private constructor(made: readonly Pattern[], eventsWanted: number) {
    this.#patterns = made;
    this.#timeNs = BigInt(Date.now()) * 1_000_000n - BigInt(eventsWanted) * eventEveryNs;
  }

  /** @param eventsWanted the number of events that will be made. */
  static async make(eventsWanted: number): Promise<Pages> {
    const { pages } = await demoPages(patterns, pageEvents);
    const made = pages.map(({ body, content }): Pattern => {
      const rows = content.events.map(({ id, timestamp, timeNs, rawEvent, extra, ...event }) => {
        const columns = asa.enrich({ id, timestamp, timeNs, rawEvent, extra, ...event }, content.lookup);
        return { ...columns, id, timestamp, timeNs, rawEvent, extra };
      });
      return { rows, content, body };
    });
    return new Pages(made, eventsWanted);
  }

  /** Makes the next page. */
  next(): MadePage {
    const number = this.#made;
    this.#made += 1;
    const { rows, content, body } = this.#patterns[number % patterns]!;
    const events = rows.map((row) => {
      this.#timeNs += eventEveryNs;
      const id = randomBytes(16).toString('base64');
      return { ...row, id, timestamp: rfc3339(this.#timeNs), timeNs: this.#timeNs };
    });
    const page: PageToWrite = {
      key: `page-${number}-${randomBytes(8).toString('hex')}`,
      collector: 'asa',
      offset: number === 0 ? '' : `after-${number}`,
      generation: 0,
      nextOffset: `after-${number + 1}`,
      more: true,
      events,
      rejected: [],
      relatedObjects: content.relatedObjects,
      digest: randomBytes(32).toString('hex'),
    };
    return { page, body };
  }

  /** Writes pages through the store's own transaction until the store has that many events. */
  async fill(store: Store, events: number): Promise<void> {
    while (this.#made * pageEvents < events) await store.writePage(this.next().page);
  }
}

function rfc3339(timeNs: bigint): string {
  const seconds = new Date(Number(timeNs / 1_000_000n)).toISOString().slice(0, 19);
  return `${seconds}.${String(timeNs % 1_000_000_000n).padStart(9, '0')}Z`;
}

/** The store's part of a page: stages and writes it, without the cost elsewhere. */
export async function storePage(store: Store, { page, body }: MadePage): Promise<void> {
  const { key, collector, offset, generation, nextOffset, more } = page;
  await store.stagePage({ key, collector, offset, generation, nextOffset, more, body });
  await store.relatedObjects(collector, []);
  await store.committedPage(collector, key);
  await store.writePage(page);
}
