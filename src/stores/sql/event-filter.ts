import type { EventFilter } from '../store.js';

/** How a database says a condition on events. A place is where a value is bound. */
export interface Conditions {
  time(operator: '>=' | '<', place: string): string;
  typeIs(place: string): string;
  /** Compares without regard to case. */
  readonly like: 'LIKE' | 'ILIKE';
  /** Whether a text has another one in it, in any case. */
  contains(column: string, place: string): string;
}

const searched = [
  ...['id', 'type', 'actor', '"user"', 'client', 'gateway', '"group"', 'project', 'hostname', 'server', 'from_addr'],
  'raw_event',
];

/** Binds a value, and gives its place. */
export type Bind = (value: string | number | bigint) => string;

/** What follows the columns of a SELECT. @param upToSeq the last number that is looked at */
export function selectedEvents(
  { filter, limit, upToSeq }: { filter: EventFilter; limit: number; upToSeq?: number },
  conditions: Conditions,
  bind: Bind,
): string {
  const { collector, afterSeq, sinceNs, untilNs, type, actor, text } = filter;
  const all = [`collector = ${bind(collector)}`, `seq > ${bind(afterSeq)}`];
  if (upToSeq !== undefined) all.push(`seq <= ${bind(upToSeq)}`);
  if (sinceNs !== undefined) all.push(conditions.time('>=', bind(sinceNs)));
  if (untilNs !== undefined) all.push(conditions.time('<', bind(untilNs)));
  if (type?.includes('*')) {
    const pattern = type.replace(/[\\%_]/g, (character) => `\\${character}`).replace(/\*+/g, '%');
    all.push(`type ${conditions.like} ${bind(pattern)} ESCAPE '\\'`);
  } else if (type !== undefined) all.push(conditions.typeIs(bind(type)));
  // Not by LIKE, whose patterns have a greatest length.
  if (actor !== undefined) all.push(conditions.contains('actor', bind(actor)));
  if (text !== undefined) {
    const place = bind(text);
    all.push(`(${searched.map((column) => conditions.contains(column, place)).join(' OR ')})`);
  }
  return `FROM audit_events WHERE ${all.join(' AND ')} ORDER BY seq LIMIT ${bind(limit)}`;
}
