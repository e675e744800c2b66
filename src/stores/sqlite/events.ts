import type { StoredEvent } from '../../domain.js';
import type { EventFilter } from '../store.js';
import type { SqliteDatabase, SqlValue } from './database.js';

const columns = `collector, seq, id, timestamp, type, actor, user, client, gateway, "group", project, hostname, server, from_addr,
  raw_event, extra, collected_at`;

/** In the order of `columns`. */
type Row = readonly [
  ...[collector: string, seq: number, id: string, timestamp: string, type: string, actor: string, user: string],
  ...[client: string, gateway: string, group: string, project: string, hostname: string, server: string],
  ...[fromAddr: string, rawEvent: string, extra: string | null, collectedAt: string],
];

/** By index: taking an array apart by names goes through its iterator. */
function storedEvent(row: Row): StoredEvent {
  return {
    collector: row[0],
    seq: row[1],
    id: row[2],
    timestamp: row[3],
    type: row[4],
    actor: row[5],
    user: row[6],
    client: row[7],
    gateway: row[8],
    group: row[9],
    project: row[10],
    hostname: row[11],
    server: row[12],
    fromAddr: row[13],
    rawEvent: row[14],
    extra: row[15],
    collectedAt: row[16],
  };
}

const searched = [
  'id',
  'type',
  'actor',
  'user',
  'client',
  'gateway',
  '"group"',
  'project',
  'hostname',
  'server',
  'from_addr',
  'raw_event',
];

/** Events of one collector after a sequence number, in its order. */
export function selectEvents(db: SqliteDatabase, filter: EventFilter, limit: number): StoredEvent[] {
  const conditions = ['collector = ?', 'seq > ?'];
  const values: SqlValue[] = [filter.collector, Math.max(filter.afterSeq, beforeFirstInTime(db, filter))];
  const also = (condition: string, ...bound: SqlValue[]) => {
    conditions.push(condition);
    values.push(...bound);
  };
  if (filter.sinceNs !== undefined) also('time_ns >= ?', filter.sinceNs);
  if (filter.untilNs !== undefined) also('time_ns < ?', filter.untilNs);
  if (filter.type !== undefined) {
    if (filter.type.includes('*')) also(`type LIKE ? ESCAPE '\\'`, likeText(filter.type).replace(/\*+/g, '%'));
    else also('type = ?', filter.type);
  }
  // Not by LIKE, whose patterns have a greatest length.
  const has = (column: string) => `instr(lower(${column}), lower(?)) > 0`;
  if (filter.actor !== undefined) also(has('actor'), filter.actor);
  if (filter.text !== undefined) {
    const { text } = filter;
    also(`(${searched.map(has).join(' OR ')})`, ...searched.map(() => text));
  }
  const rows = db.arrays(
    `SELECT ${columns} FROM audit_events WHERE ${conditions.join(' AND ')} ORDER BY seq LIMIT ?`,
    ...values,
    limit,
  ) as unknown as readonly Row[];
  return rows.map(storedEvent);
}

/** Lets a filter by time start where it first matches, instead of at the collector's first event. */
function beforeFirstInTime(db: SqliteDatabase, filter: EventFilter): number {
  if (filter.sinceNs === undefined || filter.afterSeq > 0) return 0;
  const first = db.get<{ seq: number | null }>(
    'SELECT min(seq) AS seq FROM audit_events WHERE collector = ? AND time_ns >= ?',
    filter.collector,
    filter.sinceNs,
  );
  return first?.seq ? first.seq - 1 : 0;
}

function likeText(text: string): string {
  return text.replace(/[\\%_]/g, (character) => `\\${character}`);
}
