import pg from 'pg';
import type { StoredEvent } from '../../domain.js';
import { lineTexts } from '../../event-line.js';
import { joinedLines } from '../event-lines.js';
import { type Conditions, selectedEvents } from '../sql/event-filter.js';
import { all, plainText, type SqlValue, type Steps } from '../sql/steps.js';
import type { EventFilter, EventLines } from '../store.js';
import { CopiedLines, type Member } from './copied-lines.js';
import type { PostgresDatabase } from './database.js';
import { seqOfIdsAmong } from './page-events.js';

const columns = `collector, seq, id, "timestamp", type, actor, "user", client, gateway, "group", project, hostname, server,
  from_addr AS "fromAddr", raw_event AS "rawEvent", extra, collected_at AS "collectedAt"`;

/** Events of one collector after a sequence number, in order. */
export async function selectEvents(db: PostgresDatabase, filter: EventFilter, limit: number): Promise<StoredEvent[]> {
  const [near, far] = await nearThenFar(filter, limit, async (part) => {
    const values: SqlValue[] = [];
    const sql = selectedEvents(part, conditions, (value) => `$${values.push(value)}`);
    const rows = await db.finish(all<StoredEvent>(`SELECT ${columns} ${sql}`, ...values));
    return { rows, events: rows.length, lastSeq: rows.at(-1)?.seq ?? 0 };
  });
  return far ? [...near.rows, ...far.rows] : near.rows;
}

/**
 * Lets PostgreSQL read the events in the order of the index over their times until it has enough. Without statistics, as
 * for a new collector, it would read and sort all of them.
 */
const inOrder = 'BEGIN READ ONLY; SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off';

/** Events among which one of a type is looked for in the order of their times, before the index over types is used. */
const nearEvents = 2_000;

/** See `Store.latestEvents`. */
export async function selectLatest(db: PostgresDatabase, filter: EventFilter, limit: number): Promise<StoredEvent[]> {
  const isIndexed = (word: 'id' | 'type') =>
    filter.where?.groups.some((group) => group.every(({ of, match }) => of === word && match.how === 'is')) ?? false;
  const ordered = <Row>(select: Steps<Row[]>) => db.transaction(({ finish }) => finish(select), inOrder);
  if (isIndexed('id')) return db.finish(latest(filter, limit));
  if (!isIndexed('type')) return ordered(latest(filter, limit));
  // Of a common type there are enough among the newest. Of a rare one, there are few to sort.
  const { where: _, sinceNs = -(2n ** 63n), ...others } = filter;
  const [oldest] = await ordered(oldestOf(others, nearEvents));
  const nearNs = BigInt(oldest?.ns ?? sinceNs);
  const near = await ordered(latest({ ...filter, sinceNs: nearNs > sinceNs ? nearNs : sinceNs }, limit));
  return near.length === limit ? near : db.finish(latest(filter, limit));
}

function latest(filter: EventFilter, limit: number): Steps<StoredEvent[]> {
  const values: SqlValue[] = [];
  const sql = selectedEvents({ filter, limit, latestFirst: true }, conditions, (value) => `$${values.push(value)}`);
  return all(`SELECT ${columns} ${sql}`, ...values);
}

/** The time of the oldest of so many of the newest events. */
function oldestOf(filter: EventFilter, limit: number): Steps<{ ns: string | null }[]> {
  const values: SqlValue[] = [];
  const sql = selectedEvents({ filter, limit, latestFirst: true }, conditions, (value) => `$${values.push(value)}`);
  return all(`SELECT min(time_ns)::text AS ns FROM (SELECT time_ns ${sql}) AS newest`, ...values);
}

interface Part {
  filter: EventFilter;
  limit: number;
}

/**
 * First reads the range that holds a whole page if no number is missing and nothing is filtered out, then everything
 * after the last event found. (Not everything after that range: it may have received events meanwhile.) Without the
 * first read, a server that has no statistics yet, as for a new collector, would read and sort all later events for
 * each page. A filter that ends within that range is read by one statement, and so in one snapshot.
 */
async function nearThenFar<Found extends { events: number; lastSeq: number }>(
  filter: EventFilter,
  limit: number,
  read: (part: Part) => Promise<Found>,
): Promise<[near: Found, far: Found | null]> {
  const { afterSeq: before, upToSeq = Number.MAX_SAFE_INTEGER } = filter;
  const nearEnd = Math.min(before + limit, upToSeq);
  const near = await read({ filter: { ...filter, upToSeq: nearEnd }, limit });
  if (near.events === limit || nearEnd === upToSeq) return [near, null];
  const afterSeq = near.events > 0 ? near.lastSeq : before;
  return [near, await read({ filter: { ...filter, afterSeq }, limit: limit - near.events })];
}

/**
 * Columns in the order of a line. The number is a text, so that it can be copied unchanged. It has another name, since
 * `ORDER BY seq` must refer to the column.
 */
const lineColumns: readonly { sql: string; member: Member }[] = [
  { sql: 'collector', member: { name: 'collector', holds: 'text' } },
  { sql: 'seq::text AS number', member: { name: 'seq', holds: 'JSON' } },
  ...lineTexts.map((name) => ({ sql: `"${name}"`, member: { name, holds: 'text' as const } })),
  { sql: 'raw_event', member: { name: 'raw_event', holds: 'JSON' } },
  { sql: 'extra', member: { name: 'extra', holds: 'JSON' } },
  { sql: 'collected_at', member: { name: 'collected_at', holds: 'text' } },
];
const lines = new CopiedLines(lineColumns.map(({ member }) => member));
const seqOfLine = 1;

/** Like `selectEvents`, but converts the bytes of a COPY to lines, without creating rows or strings. */
export async function selectLines(db: PostgresDatabase, filter: EventFilter, limit: number): Promise<EventLines> {
  const [near, far] = await nearThenFar(filter, limit, async (part): Promise<EventLines> => {
    // COPY does not take parameters.
    const sql = selectedEvents(part, conditions, (value) => pg.escapeLiteral(plainText(String(value))));
    const copied = await db.copyOut(
      `COPY (SELECT ${lineColumns.map((column) => column.sql).join(', ')} ${sql}) TO STDOUT (FORMAT binary)`,
    );
    const { bytes, rows, last } = lines.of(copied, seqOfLine);
    return { bytes, events: rows, lastSeq: Number(last) };
  });
  return far ? joinedLines(near, far) : near;
}

const conditions: Conditions = {
  // Both columns: time_ns is exact, event_time excludes whole partitions.
  time: (operator, place) =>
    `time_ns ${operator} ${place}::bigint AND event_time ${operator}${operator === '<' ? '=' : ''} timestamptz 'epoch' + (${place}::bigint / 1000) * interval '1 microsecond'`,
  // The second condition matches the expression of the index.
  typeIs: (place) => `type = ${place} AND left(type, 100) = left(${place}, 100)`,
  idAmong: (collector, places) => `id IN (${places.join(', ')}) AND ${seqOfIdsAmong(collector, places)}`,
  like: 'ILIKE',
  contains: (column, place) => `position(lower(${place}::text) in lower(${column})) > 0`,
};
