import type { EnrichedEvent, StoredEvent } from '../../domain.js';
import { type CopiedRow, type CopiedTable, text } from '../copied-tables.js';
import { type Dialect, type IdColumns, namesOf, type RowsToInsert, type SentEvents } from '../sql/dialect.js';
import { changes, changesByMany, type SqlValue, type Steps } from '../sql/steps.js';
import type { EventFilter, EventLines } from '../store.js';
import type { SqliteDatabase } from './database.js';
import { forgetAllEventIds, forgetEventIds, noteCopiedEvents } from './event-ids.js';
import { selectEvents, selectLines } from './events.js';
import { SqlitePageEvents } from './page-events.js';
import { shrink } from './shrink.js';

/**
 * SQLite's side of a store. A transaction is never interleaved, as statements are synchronous, and has the file for itself:
 * so it locks nothing more.
 */
export class SqliteDialect implements Dialect {
  readonly rowLock = '';
  readonly byBytes = '';
  readonly ids: IdColumns = {
    key: 'id',
    columns: text('id'),
    keyOf: (id) => id,
    withKey: (row) => row,
    ofEvents: 'audit_events',
  };
  readonly #db: SqliteDatabase;

  constructor(db: SqliteDatabase) {
    this.#db = db;
  }

  async run<T>(steps: Steps<T>): Promise<T> {
    return this.#db.finish(steps);
  }

  async transaction<T>(steps: Steps<T>): Promise<T> {
    return this.#db.transaction(() => this.#db.finish(steps));
  }

  async lightTransaction<T>(steps: Steps<T>): Promise<T> {
    return this.#db.lightTransaction(() => this.#db.finish(steps));
  }

  among(place: string): string {
    return `IN (SELECT value FROM json_each(${place}))`;
  }

  /** One after the other: a prepared statement of one row is faster than any of many. */
  *insertRows({ rows, columns, shared, insert }: RowsToInsert): Steps<number> {
    const places = columns.map(({ name, type }, index) => {
      const place = `$${shared.length + index + 1}`;
      return `${type === 'integer' ? `CAST(${place} AS INTEGER)` : place} AS "${name}"`;
    });
    const sql = insert(`(SELECT ${places.join(', ')}) AS row`);
    function* values(): Iterable<SqlValue[]> {
      for (const row of rows) {
        const values = [...shared];
        for (const { name } of columns) values.push(row[name] ?? null);
        yield values;
      }
    }
    return yield* changesByMany(sql, values());
  }

  *lockPlace(): Steps<void> {}

  async makeRoom(): Promise<void> {}

  pageEvents(collector: string, events: readonly EnrichedEvent[]): SqlitePageEvents {
    return new SqlitePageEvents(collector, events);
  }

  *removeEvents(collector: string): Steps<void> {
    yield* forgetAllEventIds(collector);
    yield* changes('DELETE FROM audit_events WHERE collector = $1', collector);
  }

  /** In the order of the index by time, so that nothing is looked at that is younger. */
  *removeSentEvents({ collector, sinks, beforeNs, eventsMax, upToSeq, now }: SentEvents): Steps<number> {
    yield* changes('CREATE TEMP TABLE IF NOT EXISTS chosen_events (seq INTEGER PRIMARY KEY)');
    yield* changes('DELETE FROM chosen_events');
    const chosen = yield* changes(
      `INSERT INTO chosen_events SELECT seq FROM audit_events e
       WHERE collector = $1 AND time_ns < $3 AND seq <= $2 AND NOT EXISTS (
         SELECT 1 FROM refused_events r WHERE r.collector = $1 AND r.seq = e.seq AND r.sink ${this.among('$5')})
       ORDER BY time_ns, seq LIMIT $4`,
      collector,
      upToSeq,
      beforeNs,
      eventsMax,
      sinks,
    );
    if (chosen === 0) return 0;
    const chosenOnes = 'collector = $1 AND seq IN (SELECT seq FROM chosen_events)';
    yield* changes(
      `INSERT INTO offloaded_event_ids (collector, id, time_ns, cleared_at)
       SELECT collector, id, time_ns, $2 FROM audit_events WHERE ${chosenOnes} ON CONFLICT DO NOTHING`,
      collector,
      now,
    );
    yield* forgetEventIds(chosenOnes, collector);
    return yield* changes(`DELETE FROM audit_events WHERE ${chosenOnes}`, collector);
  }

  async shrink(): Promise<void> {
    await shrink(this.#db);
  }

  async events(filter: EventFilter, limit: number): Promise<StoredEvent[]> {
    return selectEvents(this.#db, filter, limit);
  }

  async eventLines(filter: EventFilter, limit: number): Promise<EventLines> {
    return selectLines(this.#db, filter, limit);
  }

  *insertCopiedEvents({ name, columns }: CopiedTable, rows: readonly CopiedRow[]): Steps<void> {
    const names = namesOf(columns);
    yield* this.insertRows({
      rows,
      columns,
      shared: [],
      insert: (source) =>
        `INSERT INTO ${name} (${names}) SELECT ${names} FROM ${source} WHERE true ON CONFLICT DO NOTHING`,
    });
    yield* noteCopiedEvents(rows);
  }

  /** It does so by itself. */
  *goOnAfterLastLine(): Steps<void> {}

  async sizeBytes(): Promise<number> {
    return this.#db.sizeBytes();
  }

  async close(): Promise<void> {
    await this.#db.close();
  }
}
