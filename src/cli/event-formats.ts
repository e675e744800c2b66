import { stringify } from 'csv-stringify/sync';
import type { StoredEvent } from '../domain.js';
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
  csv: () => ({ head: csv([exportedColumns]), rows: (page) => csv(page.map(csvCells)), tail: '' }),
};

const exportedColumns = [
  ...['collector', 'seq', 'id', 'timestamp', 'type', 'actor', 'user', 'client', 'gateway', 'group', 'project'],
  ...['hostname', 'server', 'from_addr', 'raw_event', 'extra', 'collected_at'],
];

function textLine(event: StoredEvent): string {
  const where = event.server || event.hostname || event.client || event.project || event.group;
  return [event.timestamp, event.type, event.actor || '-', event.user ? `→ ${event.user}` : '', where, event.fromAddr]
    .filter((part) => part !== '')
    .map((part) => printable(part))
    .join('  ');
}

/** One object a line; `raw_event` in the source's own text, of which only line breaks between values are replaced. */
function jsonLine(event: StoredEvent): string {
  const { rawEvent, extra, fromAddr, collectedAt, ...rest } = event;
  const before = JSON.stringify({ ...rest, from_addr: fromAddr }).slice(0, -1);
  const others = extra === null ? '' : `,"extra":${extra}`;
  const line = `${before},"raw_event":${rawEvent}${others},"collected_at":${JSON.stringify(collectedAt)}}`;
  return terminal ? printableJson(line) : line.replace(/[\r\n]/g, ' ');
}

/**
 * The cells of an event. Those of texts that others write are made harmless for a spreadsheet; JSON is left in the
 * source's own bytes, since nothing that JSON can begin with is a formula: at most a number begins with a minus sign.
 */
function csvCells(event: StoredEvent): string[] {
  const { collector, seq, id, timestamp, type, actor, user, client, gateway, group, project } = event;
  const { hostname, server, fromAddr, rawEvent, extra, collectedAt } = event;
  const described = [type, actor, user, client, gateway, group, project, hostname, server, fromAddr];
  const cells = [
    ...[collector, String(seq), plainId.test(id) ? id : noFormula(id), timestamp, ...described.map(noFormula)],
    ...[rawEvent, extra ?? '', collectedAt],
  ];
  return terminal ? cells.map((cell) => printable(cell)) : cells;
}

/**
 * Ids of base64 (either alphabet), hexadecimal digits or a UUID. They stay as they are where they begin with + or -, or
 * they could not be found again: without brackets a formula calls nothing.
 */
const plainId = /^[A-Za-z0-9+/_-]+={0,2}$/;

/** With an apostrophe before what a spreadsheet would take for a formula; Numbers takes full-width signs for one too. */
function noFormula(cell: string): string {
  return /^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/.test(cell) ? `'${cell}` : cell;
}

function csv(rows: readonly (readonly string[])[]): string {
  return stringify(rows as string[][], { record_delimiter: 'unix' });
}
