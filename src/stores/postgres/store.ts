import { SqlStore } from '../sql/store.js';
import { PostgresDatabase, type PostgresOptions } from './database.js';
import { postgresDialect } from './dialect.js';
import { migrations } from './migrations.js';

/** A store in a PostgreSQL database, for any number of workers. */
export class PostgresStore extends SqlStore {
  private constructor(db: PostgresDatabase, now: () => Date) {
    super(postgresDialect(db), { shared: true, schema: migrations.length, now });
  }

  /** @throws TrawlError as documented in `Store`, or STORE_NEWER, STORE_REFUSED */
  static async open(options: PostgresOptions, now: () => Date = () => new Date()): Promise<PostgresStore> {
    return new PostgresStore(await PostgresDatabase.open(options), now);
  }
}
