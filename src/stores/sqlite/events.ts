import type { StoredEvent } from '../../domain.js';
import { TrawlError } from '../../errors.js';
import { lineTexts } from '../../event-line.js';
import { joinedLines } from '../event-lines.js';
import { type Conditions, selectedEvents } from '../sql/event-filter.js';
import type { SqlValue } from '../sql/steps.js';
import type { EventFilter, EventLines } from '../store.js';
import type { SqliteDatabase } from './database.js';
import { seqOfIdsAmong } from './event-ids.js';

const columns = `collector, seq, id, timestamp, type, actor, user, client, gateway, "group", project, hostname, server, from_addr,
  raw_event, extra, collected_at`;

/** Values in the order of `columns`. */
type Row = readonly [
  ...[collector: string, seq: number, id: string, timestamp: string, type: string, actor: string, user: string],
  ...[client: string, gateway: string, group: string, project: string, hostname: string, server: string],
  ...[fromAddr: string, rawEvent: string, extra: string | null, collectedAt: string],
];

/** Uses indexes, since destructuring an array goes through its iterator, which is slower. */
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

/** Events of one collector after a sequence number, in order. */
export function selectEvents(db: SqliteDatabase, filter: EventFilter, limit: number): StoredEvent[] {
  const { sql, values } = selected(db, filter, limit);
  return (db.arrays(`SELECT ${columns} ${sql}`, ...values) as unknown as readonly Row[]).map(storedEvent);
}

/** See `Store.latestEvents`. */
export function selectLatest(db: SqliteDatabase, filter: EventFilter, limit: number): StoredEvent[] {
  const values: SqlValue[] = [];
  const sql = selectedEvents({ filter, limit, latestFirst: true }, conditions, (value) => `$${values.push(value)}`);
  return (db.arrays(`SELECT ${columns} ${sql}`, ...values) as unknown as readonly Row[]).map(storedEvent);
}

const onOneLine = (json: string) => `replace(replace(${json}, char(10), ' '), char(13), ' ')`;

/** The same line as `eventLine`: an object of the texts, reopened at its end to append the values that are JSON. */
const line = `rtrim(json_object('collector', collector, 'seq', seq, ${lineTexts.map((name) => `'${name}', "${name}"`).join(', ')}), '}')
  || ',"raw_event":' || ${onOneLine('raw_event')} || iif(extra IS NULL, '', ',"extra":' || ${onOneLine('extra')})
  || ',"collected_at":' || json_quote(collected_at) || '}' || char(10)`;

/**
 * Like `selectEvents`, but all in one value, without creating rows or JavaScript strings. The outer query has no ORDER
 * BY: SQLite keeps the order of the subquery, and would otherwise sort a second time.
 */
export function selectLines(db: SqliteDatabase, filter: EventFilter, limit: number): EventLines {
  const { sql, values } = selected(db, filter, limit);
  try {
    const { bytes, ...found } = db.get<EventLines>(
      `SELECT CAST(group_concat(line, '') AS BLOB) AS bytes, count(*) AS events, coalesce(max(seq), 0) AS lastSeq
       FROM (SELECT seq, ${line} AS line ${sql})`,
      ...values,
    )!;
    return { bytes: bytes ?? new Uint8Array(), ...found };
  } catch (error) {
    if (limit === 1 || !isTooBig(error)) throw error;
    const half = Math.ceil(limit / 2);
    const first = selectLines(db, filter, half);
    const others = selectLines(db, { ...filter, afterSeq: first.lastSeq }, limit - half);
    return joinedLines(first, others);
  }
}

/** A value of SQLite has at most 1,000,000,000 bytes. */
function isTooBig(error: unknown): boolean {
  return error instanceof TrawlError && (error.cause as { errcode?: number } | undefined)?.errcode === 18;
}

const conditions: Conditions = {
  time: (operator, place) => `time_ns ${operator} ${place}`,
  typeIs: (place) => `type = ${place}`,
  idAmong: (collector, places) => `id IN (${places.join(', ')}) AND ${seqOfIdsAmong(collector, places)}`,
  like: 'LIKE',
  contains: (column, place) => `instr(lower(${column}), lower(${place})) > 0`,
};

/** The rest of the SELECT after its columns, with its values. */
function selected(db: SqliteDatabase, filter: EventFilter, limit: number): { sql: string; values: SqlValue[] } {
  const values: SqlValue[] = [];
  const afterSeq = Math.max(filter.afterSeq, beforeFirstInTime(db, filter));
  const sql = selectedEvents(
    { filter: { ...filter, afterSeq }, limit },
    conditions,
    (value) => `$${values.push(value)}`,
  );
  return { sql, values };
}

/** Lets a time filter start at its first match instead of at the collector's first event. */
function beforeFirstInTime(db: SqliteDatabase, filter: EventFilter): number {
  if (filter.sinceNs === undefined || filter.afterSeq > 0) return 0;
  const first = db.get<{ seq: number | null }>(
    'SELECT min(seq) AS seq FROM audit_events WHERE collector = $1 AND time_ns >= $2',
    filter.collector,
    filter.sinceNs,
  );
  return first?.seq ? first.seq - 1 : 0;
}
