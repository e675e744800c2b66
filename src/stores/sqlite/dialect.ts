import type { EnrichedEvent, StoredEvent } from '../../domain.js';
import type { CopiedRow, CopiedTable } from '../copied-tables.js';
import type { Clearing } from '../offload.js';
import { type Dialect, type IdColumns, namesOf, type RowsToInsert } from '../sql/dialect.js';
import { changesByMany, type SqlValue, type Steps } from '../sql/steps.js';
import type { EventFilter, EventLines } from '../store.js';
import type { SqliteDatabase } from './database.js';
import { noteCopiedEvents } from './event-ids.js';
import { selectEvents, selectLines } from './events.js';
import { SqlitePageEvents } from './page-events.js';
import { removeEvents, removeSentEvents } from './removal.js';
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
    columns: [{ name: 'id', type: 'text' }],
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

  removeEvents(collector: string): Steps<void> {
    return removeEvents(collector);
  }

  removeSentEvents(clearing: Clearing & { upToSeq: number; now: string }): Steps<number> {
    return removeSentEvents(this, clearing);
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
