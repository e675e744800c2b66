import type { StoredEvent } from '../domain.js';
import { eventCsvHead, eventCsvRows } from '../formats/event-csv.js';
import { eventLine } from '../formats/event-line.js';
import { printable, printableJson } from './output.js';

export const eventFormats = ['text', 'ndjson', 'csv', 'json'] as const;
export type EventFormat = (typeof eventFormats)[number];

/** How events are written: what comes before them, the rows of each page, and what comes after. */
export interface EventWriter {
  head: string;
  rows(page: readonly StoredEvent[]): string;
  tail: string;
}

export function eventWriter(format: EventFormat): EventWriter {
  return writers[format]();
}

const terminal = process.stdout.isTTY === true;

const writers: Record<EventFormat, () => EventWriter> = {
  text: () => ({ head: '', rows: (page) => page.map((event) => `${textLine(event)}\n`).join(''), tail: '' }),
  ndjson: () => ({ head: '', rows: (page) => page.map((event) => `${jsonLine(event)}\n`).join(''), tail: '' }),
  json: () => {
    let separator = '';
    return {
      head: '[',
      rows: (page) =>
        page
          .map((event) => {
            const text = `${separator}\n${jsonLine(event)}`;
            separator = ',';
            return text;
          })
          .join(''),
      tail: '\n]\n',
    };
  },
  csv: () => ({
    head: eventCsvHead(),
    rows: (page) => eventCsvRows(page, terminal ? printable : undefined),
    tail: '',
  }),
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
