import type { EventFilter } from '../store.js';
import { afterCleared, upToDurable } from './seen-events.js';

/** Builds conditions on events in a database's own SQL. A place is a bound placeholder. */
export interface Conditions {
  time(operator: '>=' | '<', place: string): string;
  typeIs(place: string): string;
  /** Case-insensitive LIKE. */
  readonly like: 'LIKE' | 'ILIKE';
  /** Case-insensitive substring test. */
  contains(column: string, place: string): string;
}

const searched = [
  ...['id', 'type', 'actor', '"user"', 'client', 'gateway', '"group"', 'project', 'hostname', 'server', 'from_addr'],
  'raw_event',
];

/** Binds a value and returns its placeholder. */
type Bind = (value: string | number | bigint) => string;

/** The rest of a SELECT after its columns. */
export function selectedEvents(
  { filter, limit }: { filter: EventFilter; limit: number },
  conditions: Conditions,
  bind: Bind,
): string {
  const { collector, afterSeq, upToSeq, sinceNs, untilNs, type, actor, text } = filter;
  const whose = bind(collector);
  const all = [`collector = ${whose}`, `seq > ${afterCleared(whose, bind(afterSeq))}`, `seq <= ${upToDurable(whose)}`];
  if (upToSeq !== undefined) all.push(`seq <= ${bind(upToSeq)}`);
  if (sinceNs !== undefined) all.push(conditions.time('>=', bind(sinceNs)));
  if (untilNs !== undefined) all.push(conditions.time('<', bind(untilNs)));
  if (type?.includes('*')) {
    const pattern = type.replace(/[\\%_]/g, (character) => `\\${character}`).replace(/\*+/g, '%');
    all.push(`type ${conditions.like} ${bind(pattern)} ESCAPE '\\'`);
  } else if (type !== undefined) all.push(conditions.typeIs(bind(type)));
  // Not with LIKE, which limits the length of its pattern.
  if (actor !== undefined) all.push(conditions.contains('actor', bind(actor)));
  if (text !== undefined) {
    const place = bind(text);
    all.push(`(${searched.map((column) => conditions.contains(column, place)).join(' OR ')})`);
  }
  return `FROM audit_events WHERE ${all.join(' AND ')} ORDER BY seq LIMIT ${bind(limit)}`;
}
