import { stringify } from 'csv-stringify/sync';
import type { StoredEvent } from '../domain.js';

const columns = [
  ...['collector', 'seq', 'id', 'timestamp', 'type', 'actor', 'user', 'client', 'gateway', 'group', 'project'],
  ...['hostname', 'server', 'from_addr', 'raw_event', 'extra', 'collected_at'],
];

/** The line of column names, as an export of the command line and an offloaded file begin. */
export function eventCsvHead(): string {
  return csv([columns]);
}

/** A line for each event. `shown` is how a cell is written where it is not written as it is. */
export function eventCsvRows(events: readonly StoredEvent[], shown?: (cell: string) => string): string {
  return csv(events.map((event) => (shown ? cellsOf(event).map(shown) : cellsOf(event))));
}

/**
 * The cells of an event. Those of texts that others write are made harmless for a spreadsheet; JSON is left in the
 * source's own bytes, since nothing that JSON can begin with is a formula: at most a number begins with a minus sign.
 */
function cellsOf(event: StoredEvent): string[] {
  const { collector, seq, id, timestamp, type, actor, user, client, gateway, group, project } = event;
  const { hostname, server, fromAddr, rawEvent, extra, collectedAt } = event;
  const described = [type, actor, user, client, gateway, group, project, hostname, server, fromAddr];
  return [
    ...[collector, String(seq), plainId.test(id) ? id : noFormula(id), timestamp, ...described.map(noFormula)],
    ...[rawEvent, extra ?? '', collectedAt],
  ];
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

/** A lone carriage return is the end of a line for Excel and Python, so it is quoted as a line feed is. */
function csv(rows: readonly (readonly string[])[]): string {
  return stringify(rows as string[][], { record_delimiter: 'unix', quoted_match: /\r/ });
}
