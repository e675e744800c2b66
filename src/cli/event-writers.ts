import type { StoredEvent } from '../domain.js';
import { eventLine } from '../event-line.js';
import type { EventFilter, Store } from '../stores/store.js';
import type { EventFormat } from './event-formats.js';
import type { TableLook } from './events/table.js';
import { printable, printableJson } from './output.js';

/** Writes events in one format: a head, each page, and a tail. */
export interface EventWriter {
  head: string;
  events(page: readonly StoredEvent[]): string;
  page(store: Store, filter: EventFilter, limit: number): Promise<WrittenPage>;
  tail: string;
}

export interface WrittenPage {
  text: string | Uint8Array;
  events: number;
  /** Sequence number of the last event. */
  lastSeq: number;
}

/** @param form a format, or how a table is to look. */
export async function eventWriter(form: EventFormat | TableLook): Promise<EventWriter> {
  if (typeof form === 'string') return writers[form]();
  const { eventTable } = await import('./events/table.js');
  return pageAs(eventTable(form));
}

const terminal = process.stdout.isTTY === true;

const writers: Record<EventFormat, () => EventWriter | Promise<EventWriter>> = {
  text: () => eachAs((event) => `${textLine(event)}\n`),
  ndjson: () => {
    const ofEach = eachAs((event) => `${jsonLine(event)}\n`);
    return terminal ? ofEach : { ...ofEach, page: linesOfStore };
  },
  json: () => {
    let separator = '';
    const ofEach = eachAs((event) => {
      const text = `${separator}\n${jsonLine(event)}`;
      separator = ',';
      return text;
    });
    return { ...ofEach, head: '[', tail: '\n]\n' };
  },
  csv: async () => {
    const { eventCsvHead, eventCsvRows } = await import('../formats/event-csv.js');
    return { ...pageAs((page) => eventCsvRows(page, terminal ? printable : undefined)), head: eventCsvHead() };
  },
};

function pageAs(written: EventWriter['events']): EventWriter {
  return {
    head: '',
    events: written,
    page: async (store, filter, limit) => {
      const page = await store.events(filter, limit);
      return { text: written(page), events: page.length, lastSeq: page.at(-1)?.seq ?? 0 };
    },
    tail: '',
  };
}

function eachAs(written: (event: StoredEvent) => string): EventWriter {
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
