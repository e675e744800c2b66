import { text } from '../copied-tables.js';
import { type Dialect, type IdColumns, namesOf, type RowsToInsert } from '../sql/dialect.js';
import { noLongerNeeded } from '../sql/retention.js';
import { all, changes, first, plainText, type Steps } from '../sql/steps.js';
import { lockSpace, type PostgresDatabase } from './database.js';
import { selectEvents, selectLatest, selectLines } from './events.js';
import { idKey, pageEvents } from './page-events.js';
import { monthOf, Partitions } from './partitions.js';

const typeOf = { text: 'text', integer: 'bigint', bytes: 'bytea' } as const;

/** Ids are indexed by digest, since an id may be too long for an index. */
const ids: IdColumns = {
  key: 'digest',
  columns: [{ name: 'digest', type: 'bytes' }, ...text('id')],
  keyOf: idKey,
  withKey: (row) => ({ ...row, digest: idKey(String(row.id)) }),
  ofEvents: `(SELECT i.collector, i.digest, i.seq, e.id, e.time_ns FROM audit_event_ids i
    JOIN audit_events e ON e.collector = i.collector AND e.seq = i.seq AND e.event_time = i.event_time)`,
  numbers: 'audit_event_ids',
};

/** The dialect of PostgreSQL, whose database any number of workers can share. */
export function postgresDialect(db: PostgresDatabase): Dialect {
  const partitions = new Partitions(db);
  return {
    run: (steps) => db.finish(steps),
    transaction: (steps, light) => {
      const begin = light ? 'BEGIN; SET LOCAL synchronous_commit = off' : 'BEGIN';
      return db.transaction(({ finish }) => finish(steps), begin);
    },
    clockMs: '(extract(epoch FROM clock_timestamp()) * 1000)::bigint',
    rowLock: 'FOR UPDATE',
    among,
    byBytes: ' COLLATE "C"',
    hexOf: (column) => `encode(${column}, 'hex')`,
    ids,
    insertRows,
    *lockPlace(place) {
      yield* first('SELECT pg_advisory_xact_lock($1, hashtext($2))', lockSpace, place);
    },
    /** Creates partitions outside the transaction: inside it, that would block all readers. */
    makeRoom: (times, now) => partitions.make(new Set(times.map(monthOf)), now),
    /** In one statement: the table is not logged, so it waits for no disk. */
    stagePage: async (row, sweptBefore) => {
      const names = Object.keys(row);
      const sweep = `DELETE FROM staged_pages WHERE staged_at < $${names.length + 1}`;
      const sql = `WITH swept AS (${sweep}) INSERT INTO staged_pages (${names.map((name) => `"${name}"`).join(', ')})
        VALUES (${names.map((_, index) => `$${index + 1}`).join(', ')}) ON CONFLICT DO NOTHING`;
      await db.finish(changes(sql, ...Object.values(row), sweptBefore));
    },
    pageEvents,
    /** The times let PostgreSQL skip the partitions of other months. */
    *removeEvents(collector, { afterSeq, upToSeq }) {
      const those = 'collector = $1 AND seq > $2 AND seq <= $3';
      const range = [collector, afterSeq, upToSeq];
      const times = yield* first<{ first: string | null; last: string | null }>(
        `SELECT min(event_time)::text AS first, max(event_time)::text AS last FROM audit_event_ids WHERE ${those}`,
        ...range,
      );
      const within = `${those} AND event_time BETWEEN $4::timestamptz AND $5::timestamptz`;
      yield* changes(`DELETE FROM audit_events WHERE ${within}`, ...range, times!.first, times!.last);
      yield* changes(`DELETE FROM audit_event_ids WHERE ${those}`, ...range);
    },
    /** VACUUM overwrites them, which PostgreSQL runs by itself. */
    leavingNothing: (work) => work(),
    /** Removes in order of storage, oldest first. */
    *removeSentEvents({ collector, sinks, beforeNs, eventsMax, afterSeq, upToSeq, now }) {
      const removed = yield* all<{ seq: number }>(
        `WITH chosen AS MATERIALIZED (
           SELECT seq, event_time, id, time_ns FROM audit_events e
           WHERE collector = $1 AND seq > $8 AND seq <= $2 AND time_ns < $3 AND event_time <= to_timestamp($7)
             AND ${noLongerNeeded((sink) => `${sink} ${among('$5')}`)}
           ORDER BY seq LIMIT $4
         ), ids AS (
           DELETE FROM audit_event_ids i USING chosen c
           WHERE i.collector = $1 AND i.digest = sha256(convert_to(c.id, 'UTF8')) AND i.seq = c.seq
           RETURNING i.digest, c.id, c.time_ns
         ), kept AS (
           INSERT INTO offloaded_event_ids (collector, digest, id, time_ns, cleared_at)
           SELECT $1, digest, id, time_ns, $6 FROM ids
           ON CONFLICT DO NOTHING
         ), gone AS (
           DELETE FROM audit_events e USING chosen c
           WHERE e.collector = $1 AND e.seq = c.seq AND e.event_time = c.event_time RETURNING e.seq
         ) SELECT seq FROM gone ORDER BY seq`,
        collector,
        upToSeq,
        beforeNs,
        eventsMax,
        sinks,
        now,
        // Lets PostgreSQL skip the partitions of later months.
        Math.ceil(Number(beforeNs / 1_000_000n) / 1_000),
        afterSeq,
      );
      return removed.map(({ seq }) => seq);
    },
    /** As the owner of the log, which nobody else may change. */
    *pruneLog(collector, before, linesMax) {
      const row = yield* first<{ n: number }>(
        'SELECT prune_execution_log($1, $2, $3) AS n',
        collector,
        before,
        linesMax,
      );
      return row!.n;
    },
    /** Autovacuum frees the room of single rows; partitions of empty months are dropped. */
    shrink: (now) => partitions.dropEmpty(now),
    events: (filter, limit) => selectEvents(db, filter, limit),
    eventLines: (filter, limit) => selectLines(db, filter, limit),
    latestEvents: (filter, limit) => selectLatest(db, filter, limit),
    /** The primary key of the ids refuses, as a whole, a batch that was inserted before. */
    *insertCopiedEvents({ name, columns }, rows) {
      const names = namesOf(columns);
      const eventTime = `timestamptz 'epoch' + (time_ns / 1000) * interval '1 microsecond'`;
      yield* insertRows({
        rows: rows.map(ids.withKey),
        columns: [...columns, { name: 'digest', type: 'bytes' }],
        shared: [],
        insert: (source) => `WITH page AS MATERIALIZED (SELECT * FROM ${source}), ids AS (
            INSERT INTO audit_event_ids (collector, digest, seq, event_time)
            SELECT collector, digest, seq, ${eventTime} FROM page
          )
          INSERT INTO ${name} (${names}, event_time) SELECT ${names}, ${eventTime} FROM page`,
      });
    },
    *goOnAfterLastLine() {
      yield* first(
        `SELECT setval(pg_get_serial_sequence('execution_log', 'line'), (SELECT max(line) FROM execution_log))`,
      );
    },
    // Backups are made by PostgreSQL's own tools.
    isBackup: () => false,
    endBackup: () => undefined,
    sizeBytes: async () => {
      const size = first<{ bytes: number }>('SELECT pg_database_size(current_database()) AS bytes');
      return (await db.finish(size))!.bytes;
    },
    close: async () => {
      await partitions.idle();
      await db.close();
    },
  };
}

function among(place: string): string {
  return `= ANY(${place})`;
}

/** One statement, since each costs a round trip. */
function* insertRows({ rows, columns, shared, insert }: RowsToInsert): Steps<number> {
  if (rows.length === 0) return 0;
  const typed = columns.map(({ name, type }) => `"${name}" ${typeOf[type]}`).join(', ');
  const source = `json_to_recordset($${shared.length + 1}::json) AS row (${typed})`;
  const plain = (value: RowsToInsert['rows'][number][string] | undefined) => {
    if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`;
    return typeof value === 'string' ? plainText(value) : value;
  };
  const sent = rows.map((row) => Object.fromEntries(columns.map(({ name }) => [name, plain(row[name] ?? null)])));
  return yield* changes(insert(source), ...shared, JSON.stringify(sent));
}
