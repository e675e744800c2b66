import type { EventWord, Match, OwnFilter, Term } from '../../filter/filter.js';
import type { EventFilter } from '../store.js';
import { afterCleared, upToDurable } from './seen-events.js';

/** Builds conditions on events in a database's own SQL. A place is a bound placeholder. */
export interface Conditions {
  time(operator: '>=' | '<', place: string): string;
  typeIs(place: string): string;
  /** The event has one of these ids. Found by the index of ids. */
  idAmong(collector: string, places: readonly string[]): string;
  /** Case-insensitive LIKE. */
  readonly like: 'LIKE' | 'ILIKE';
  /** Case-insensitive substring test. */
  contains(column: string, place: string): string;
}

/** The columns of each word. A person or a machine is looked for wherever the event has it. */
const columnsOf: Readonly<Record<EventWord | 'text', readonly string[]>> = {
  user: ['"user"', 'actor'],
  actor: ['actor'],
  type: ['type'],
  host: ['hostname', 'server'],
  ip: ['from_addr'],
  server: ['server'],
  client: ['client'],
  gateway: ['gateway'],
  group: ['"group"'],
  project: ['project'],
  id: ['id'],
  text: [
    ...['id', 'type', 'actor', '"user"', 'client', 'gateway', '"group"', 'project', 'hostname', 'server', 'from_addr'],
    'raw_event',
  ],
};

/** Binds a value and returns its placeholder. */
type Bind = (value: string | number | bigint) => string;

type OwnTerm = Term<EventWord | 'text'>;

interface Selection {
  filter: EventFilter;
  limit: number;
  /** Latest first by their own times, instead of in the order of storing. */
  latestFirst?: boolean;
}

/** The rest of a SELECT after its columns. */
export function selectedEvents(
  { filter, limit, latestFirst = false }: Selection,
  conditions: Conditions,
  bind: Bind,
): string {
  const { collector, afterSeq, upToSeq, sinceNs, untilNs, where } = filter;
  const whose = bind(collector);
  // A plus hides a column from its index. Then rows come in the order of the other one; those of a few ids are sorted.
  const isOfIds = where?.groups.some(areIds) ?? false;
  const seq = latestFirst && !isOfIds ? '+seq' : 'seq';
  const time = isOfIds ? '+time_ns' : 'time_ns';
  const all = [
    `collector = ${whose}`,
    `${seq} > ${afterCleared(whose, bind(afterSeq))}`,
    `${seq} <= ${upToDurable(whose)}`,
  ];
  if (upToSeq !== undefined) all.push(`${seq} <= ${bind(upToSeq)}`);
  if (sinceNs !== undefined) all.push(conditions.time('>=', bind(sinceNs)));
  if (untilNs !== undefined) all.push(conditions.time('<', bind(untilNs)));
  if (where) all.push(...matching(where, whose, conditions, bind));
  const order = latestFirst ? `${time} DESC, seq DESC` : 'seq';
  return `FROM audit_events WHERE ${all.join(' AND ')} ORDER BY ${order} LIMIT ${bind(limit)}`;
}

function matching({ groups, excluded }: OwnFilter, whose: string, conditions: Conditions, bind: Bind): string[] {
  const oneOf = (group: readonly OwnTerm[]): string => {
    if (areIds(group)) {
      const places = group.map(({ match }) => bind(match.text));
      return conditions.idAmong(whose, places);
    }
    return `(${group.map((term) => condition(term, conditions, bind)).join(' OR ')})`;
  };
  return [...groups.map(oneOf), ...excluded.map((term) => `NOT (${condition(term, conditions, bind)})`)];
}

function areIds(group: readonly OwnTerm[]): boolean {
  return group.every(({ of, match }) => of === 'id' && match.how === 'is');
}

function condition({ of, match }: OwnTerm, conditions: Conditions, bind: Bind): string {
  const columns = columnsOf[of];
  // An event without a user has none in any of the columns.
  if (match.how === 'is' && match.text === '') return columns.map((column) => `${column} = ''`).join(' AND ');
  const place = bind(boundText(match));
  return columns.map((column) => compared(column, match.how, place, conditions)).join(' OR ');
}

function boundText({ how, text }: Match): string {
  return how === 'like' ? text.replace(/[\\%_]/g, (character) => `\\${character}`).replace(/\*+/g, '%') : text;
}

function compared(column: string, how: Match['how'], place: string, conditions: Conditions): string {
  if (how === 'like') return `${column} ${conditions.like} ${place} ESCAPE '\\'`;
  // Not with LIKE, which limits the length of its pattern.
  if (how === 'contains') return conditions.contains(column, place);
  return column === 'type' ? conditions.typeIs(place) : `${column} = ${place}`;
}
