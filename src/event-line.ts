import type { StoredEvent } from './domain.js';

/**
 * The members of a line between `seq` and `raw_event`, in their order. All are columns of `audit_events` by the same
 * name, so that a store can make lines of a whole page itself (`Store.eventLines`).
 */
export const lineTexts = [
  ...['id', 'timestamp', 'type', 'actor', 'user', 'client', 'gateway', 'group', 'project', 'hostname', 'server'],
  'from_addr',
] as const;

/**
 * An event as one line of JSON, without its end: what `trawl events` exports and sinks of the schema `native` get. `raw_event`
 * and `extra` are in the source's own text, of which only line breaks are replaced, which in JSON can stand between
 * values only.
 *
 * Each member by itself: copying the event without some of its members takes longer than making JSON of all of them.
 */
export function eventLine(event: StoredEvent): string {
  const { collector, seq, id, timestamp, type, actor, user, client, gateway, group, project } = event;
  const { hostname, server, fromAddr: from_addr, rawEvent, extra, collectedAt } = event;
  const before = JSON.stringify({
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
  const others = extra === null ? '' : `,"extra":${onOneLine(extra)}`;
  return `${before},"raw_event":${onOneLine(rawEvent)}${others},"collected_at":${JSON.stringify(collectedAt)}}`;
}

function onOneLine(json: string): string {
  return /[\r\n]/.test(json) ? json.replace(/[\r\n]/g, ' ') : json;
}
