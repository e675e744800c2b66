import type { StoredEvent } from '../../domain.js';
import type { EventFilter } from '../store.js';
import type { PgValue, Queries } from './database.js';

const columns = `collector, seq, id, "timestamp", type, actor, "user", client, gateway, "group", project, hostname, server,
  from_addr AS "fromAddr", raw_event AS "rawEvent", extra, collected_at AS "collectedAt"`;

const searched = [
  ...['id', 'type', 'actor', '"user"', 'client', 'gateway', '"group"', 'project', 'hostname', 'server', 'from_addr'],
  'raw_event',
];

/** Events of one collector after a sequence number, in its order. */
export async function selectEvents(queries: Queries, filter: EventFilter, limit: number): Promise<StoredEvent[]> {
  const values: PgValue[] = [];
  const bound = (value: PgValue) => `$${values.push(value)}`;
  const conditions = [`collector = ${bound(filter.collector)}`, `seq > ${bound(filter.afterSeq)}`];
  // By both columns: the one is exact, the other leaves whole partitions out.
  const time = (operator: string, ns: bigint) => {
    const place = bound(ns);
    conditions.push(`time_ns ${operator} ${place}::bigint`);
    conditions.push(
      `event_time ${operator}${operator === '<' ? '=' : ''} timestamptz 'epoch' + (${place}::bigint / 1000) * interval '1 microsecond'`,
    );
  };
  if (filter.sinceNs !== undefined) time('>=', filter.sinceNs);
  if (filter.untilNs !== undefined) time('<', filter.untilNs);
  if (filter.type !== undefined) {
    if (filter.type.includes('*')) conditions.push(`type ILIKE ${bound(likeText(filter.type).replace(/\*+/g, '%'))}`);
    else {
      const place = bound(filter.type);
      conditions.push(`type = ${place} AND left(type, 100) = left(${place}, 100)`);
    }
  }
  const has = (column: string, place: string) => `position(lower(${place}::text) in lower(${column})) > 0`;
  if (filter.actor !== undefined) conditions.push(has('actor', bound(filter.actor)));
  if (filter.text !== undefined) {
    const place = bound(filter.text);
    conditions.push(`(${searched.map((column) => has(column, place)).join(' OR ')})`);
  }
  return queries.all<StoredEvent>(
    `SELECT ${columns} FROM audit_events WHERE ${conditions.join(' AND ')} ORDER BY seq LIMIT ${bound(limit)}`,
    ...values,
  );
}

function likeText(text: string): string {
  return text.replace(/[\\%_]/g, (character) => `\\${character}`);
}
