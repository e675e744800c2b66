import type { StoredEvent } from './domain.js';

/**
 * The members of a line between `seq` and `raw_event`, in order. All are columns of `audit_events` with the same name,
 * so that a store can make the lines of a whole page itself (`Store.eventLines`).
 */
export const lineTexts = [
  ...['id', 'timestamp', 'type', 'actor', 'user', 'client', 'gateway', 'group', 'project', 'hostname', 'server'],
  'from_addr',
] as const;

/**
 * An event as one line of JSON, without the line break: the format of `trawl events` and of sinks with the schema
 * `native`. `raw_event` and `extra` are the source's own text. Only their line breaks are replaced, which in JSON can
 * occur between values only.
 *
 * The members are listed one by one: copying the event without some of them takes longer than serializing all of them.
 */
export function eventLine(event: StoredEvent): string {
  const { rawEvent, extra, collectedAt } = event;
  const others = extra === null ? '' : `,"extra":${onOneLine(extra)}`;
  return `${columnsOf(event)},"raw_event":${onOneLine(rawEvent)}${others},"collected_at":${JSON.stringify(collectedAt)}}`;
}

/**
 * The line with `raw_event` and `extra` as JSON strings, for readers that take JSON for columns: they refuse a file for a
 * number that is too large, a key that occurs twice, or half a surrogate pair.
 */
export function textEventLine(event: StoredEvent): string {
  const { rawEvent, extra, collectedAt } = event;
  const others = extra === null ? '' : `,"extra":${JSON.stringify(extra)}`;
  return onlyTexts(
    `${columnsOf(event)},"raw_event":${JSON.stringify(rawEvent)}${others},"collected_at":${JSON.stringify(collectedAt)}}`,
  );
}

/** The JSON of `JSON.stringify` with U+FFFD for each half of a surrogate pair, which is no text of Unicode. */
export function onlyTexts(json: string): string {
  if (!json.includes('\\ud')) return json;
  return json.replace(/\\(?:u(d[89a-f][0-9a-f]{2})|.)/g, (escaped, half?: string) => (half ? '\ufffd' : escaped));
}

/** The beginning of a line, up to `raw_event`. */
function columnsOf(event: StoredEvent): string {
  const { collector, seq, id, timestamp, type, actor, user, client, gateway, group, project } = event;
  const { hostname, server, fromAddr: from_addr } = event;
  return JSON.stringify({
    collector,
    seq,
    id,
    timestamp,
    type,
    actor,
    user,
    client,
    gateway,
    group,
    project,
    hostname,
    server,
    from_addr,
  }).slice(0, -1);
}

/** JSON without line breaks, which can occur between values only. */
export function onOneLine(json: string): string {
  return /[\r\n]/.test(json) ? json.replace(/[\r\n]/g, ' ') : json;
}
