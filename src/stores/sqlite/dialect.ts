import { text } from '../copied-tables.js';
import { type Dialect, namesOf, type RowsToInsert } from '../sql/dialect.js';
import { noLongerNeeded } from '../sql/retention.js';
import { all, changes, changesByMany, insert, type SqlValue, type Steps } from '../sql/steps.js';
import type { SqliteDatabase } from './database.js';
import { forgetEventIds, noteCopiedEvents } from './event-ids.js';
import { selectEvents, selectLatest, selectLines } from './events.js';
import { pageEvents } from './page-events.js';
import { shrink } from './shrink.js';

/** Otherwise every batch that was ever confirmed is read for each event. */
const openBatches = 'offload_batches b INDEXED BY offload_batches_open';

/**
 * The dialect of SQLite. Statements are synchronous and a transaction has exclusive access to the file, so no further
 * locks are needed.
 */
export function sqliteDialect(db: SqliteDatabase): Dialect {
  return {
    run: async (steps) => db.finish(steps),
    transaction: async (steps, light) => db.transaction(() => db.finish(steps), light),
    clockMs: 'clock_ms()',
    rowLock: '',
    among,
    byBytes: '',
    hexOf: (column) => `lower(hex(${column}))`,
    ids: {
      key: 'id',
      columns: text('id'),
      keyOf: (id) => id,
      withKey: (row) => row,
      ofEvents: 'audit_events',
      numbers: 'audit_events',
    },
    insertRows,
    *lockPlace() {},
    makeRoom: async () => undefined,
    stagePage: async (row, sweptBefore) =>
      db.transaction(() => {
        db.run('DELETE FROM staged_pages WHERE staged_at < $1', sweptBefore);
        db.finish(insert('staged_pages', row, 'ON CONFLICT DO NOTHING'));
      }, true),
    pageEvents,
    *removeEvents(collector, { afterSeq, upToSeq }) {
      const those = 'collector = $1 AND seq > $2 AND seq <= $3';
      yield* forgetEventIds(those, collector, afterSeq, upToSeq);
      yield* changes(`DELETE FROM audit_events WHERE ${those}`, collector, afterSeq, upToSeq);
    },
    leavingNothing: (work) => db.leavingNothing(work),
    /** Removes in the order of the time index, so that later events are not read. */
    *removeSentEvents({ collector, sinks, beforeNs, eventsMax, afterSeq, upToSeq, now }) {
      yield* changes('CREATE TEMP TABLE IF NOT EXISTS chosen_events (seq INTEGER PRIMARY KEY)');
      yield* changes('DELETE FROM chosen_events');
      const chosen = yield* changes(
        `INSERT INTO chosen_events SELECT seq FROM audit_events e
         WHERE collector = $1 AND time_ns < $3 AND seq > $6 AND seq <= $2 AND ${noLongerNeeded((sink) => `${sink} ${among('$5')}`, openBatches)}
         ORDER BY time_ns, seq LIMIT $4`,
        collector,
        upToSeq,
        beforeNs,
        eventsMax,
        sinks,
        afterSeq,
      );
      if (chosen === 0) return [];
      const chosenOnes = 'collector = $1 AND seq IN (SELECT seq FROM chosen_events)';
      yield* changes(
        `INSERT INTO offloaded_event_ids (collector, id, time_ns, cleared_at)
         SELECT collector, id, time_ns, $2 FROM audit_events WHERE ${chosenOnes} ON CONFLICT DO NOTHING`,
        collector,
        now,
      );
      yield* forgetEventIds(chosenOnes, collector);
      yield* changes(`DELETE FROM audit_events WHERE ${chosenOnes}`, collector);
      return (yield* all<{ seq: number }>('SELECT seq FROM chosen_events ORDER BY seq')).map(({ seq }) => seq);
    },
    /** Lines are in the order of their times, so that the first one that stays ends the search. */
    *pruneLog(collector, before, linesMax) {
      return yield* changes(
        `DELETE FROM execution_log WHERE datetime < $2 AND line IN (
           SELECT line FROM execution_log WHERE collector = $1 ORDER BY line LIMIT $3)`,
        collector,
        before,
        linesMax,
      );
    },
    shrink: () => shrink(db),
    events: async (filter, limit) => selectEvents(db, filter, limit),
    eventLines: async (filter, limit) => selectLines(db, filter, limit),
    latestEvents: async (filter, limit) => selectLatest(db, filter, limit),
    *insertCopiedEvents({ name, columns }, rows) {
      const names = namesOf(columns);
      const insertFrom = (source: string) =>
        `INSERT INTO ${name} (${names}) SELECT ${names} FROM ${source} WHERE true ON CONFLICT DO NOTHING`;
      yield* insertRows({ rows, columns, shared: [], insert: insertFrom });
      yield* noteCopiedEvents(rows);
    },
    /** SQLite continues the numbering without help. */
    *goOnAfterLastLine() {},
    isBackup: () => db.isBackup(),
    endBackup: () => db.endBackup(),
    sizeBytes: async () => db.sizeBytes(),
    close: async () => db.close(),
  };
}

function among(place: string): string {
  return `IN (SELECT value FROM json_each(${place}))`;
}

/** One row at a time: a prepared single-row statement is faster than any multi-row one. */
function* insertRows({ rows, columns, shared, insert: insertFrom }: RowsToInsert): Steps<number> {
  const places = columns.map(({ name, type }, index) => {
    const place = `$${shared.length + index + 1}`;
    return `${type === 'integer' ? `CAST(${place} AS INTEGER)` : place} AS "${name}"`;
  });
  const sql = insertFrom(`(SELECT ${places.join(', ')}) AS row`);
  function* values(): Iterable<SqlValue[]> {
    for (const row of rows) {
      const values = [...shared];
      for (const { name } of columns) values.push(row[name] ?? null);
      yield values;
    }
  }
  return yield* changesByMany(sql, values());
}
