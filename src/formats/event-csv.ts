import type { StoredEvent } from '../domain.js';
import { csvRows, noFormula } from './csv-cells.js';

const columns = [
  ...['collector', 'seq', 'id', 'timestamp', 'type', 'actor', 'user', 'client', 'gateway', 'group', 'project'],
  ...['hostname', 'server', 'from_addr', 'raw_event', 'extra', 'collected_at'],
];

/** The header line of CSV exports and of offloaded CSV files. */
export function eventCsvHead(): string {
  return csvRows([columns]);
}

/** A line per event. `shown` transforms each cell. */
export function eventCsvRows(events: readonly StoredEvent[], shown?: (cell: string) => string): string {
  return csvRows(events.map((event) => (shown ? cellsOf(event).map(shown) : cellsOf(event))));
}

/**
 * The cells of an event. Texts from outside are made harmless for spreadsheets. JSON keeps the source's own bytes,
 * since it cannot begin like a formula: at most, a number begins with a minus sign.
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
 * Ids in base64 (either alphabet) or hexadecimal, and UUIDs. They stay unchanged even if they begin with + or -, since
 * they could not be looked up otherwise; a formula without brackets calls nothing.
 */
const plainId = /^[A-Za-z0-9+/_-]+={0,2}$/;
