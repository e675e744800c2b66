import type { StoredEvent } from '../domain.js';
import { eventLine } from '../event-line.js';
import type { EventFilter, Store } from '../stores/store.js';
import type { EventFormat } from './event-formats.js';
import { printable, printableJson } from './output.js';

/** Writes events in one format: a head, each page, and a tail. */
export interface EventWriter {
  head: string;
  page(store: Store, filter: EventFilter, limit: number): Promise<WrittenPage>;
  tail: string;
}

export interface WrittenPage {
  text: string | Uint8Array;
  events: number;
  /** Sequence number of the last event. */
  lastSeq: number;
}

export async function eventWriter(format: EventFormat): Promise<EventWriter> {
  return writers[format]();
}

const terminal = process.stdout.isTTY === true;

const writers: Record<EventFormat, () => EventWriter | Promise<EventWriter>> = {
  text: () => ({ head: '', page: eachAs((event) => `${textLine(event)}\n`), tail: '' }),
  ndjson: () => ({ head: '', page: terminal ? eachAs((event) => `${jsonLine(event)}\n`) : linesOfStore, tail: '' }),
  json: () => {
    let separator = '';
    const page = eachAs((event) => {
      const text = `${separator}\n${jsonLine(event)}`;
      separator = ',';
      return text;
    });
    return { head: '[', page, tail: '\n]\n' };
  },
  csv: async () => {
    const { eventCsvHead, eventCsvRows } = await import('../formats/event-csv.js');
    return {
      head: eventCsvHead(),
      page: pageAs((page) => eventCsvRows(page, terminal ? printable : undefined)),
      tail: '',
    };
  },
};

function pageAs(written: (page: readonly StoredEvent[]) => string): EventWriter['page'] {
  return async (store, filter, limit) => {
    const page = await store.events(filter, limit);
    return { text: written(page), events: page.length, lastSeq: page.at(-1)?.seq ?? 0 };
  };
}

function eachAs(written: (event: StoredEvent) => string): EventWriter['page'] {
  return pageAs((page) => page.map(written).join(''));
}

const linesOfStore: EventWriter['page'] = async (store, filter, limit) => {
  const { bytes, ...found } = await store.eventLines(filter, limit);
  return { text: bytes, ...found };
};

function textLine(event: StoredEvent): string {
  const where = event.server || event.hostname || event.client || event.project || event.group;
  return [event.timestamp, event.type, event.actor || '-', event.user ? `→ ${event.user}` : '', where, event.fromAddr]
    .filter((part) => part !== '')
    .map((part) => printable(part))
    .join('  ');
}

function jsonLine(event: StoredEvent): string {
  return terminal ? printableJson(eventLine(event)) : eventLine(event);
}
