import type { Signer } from '../../proof/note.js';
import { SqlStore } from '../sql/store.js';
import { PostgresDatabase, type PostgresOptions } from './database.js';
import { postgresDialect } from './dialect.js';
import { migrations } from './migrations.js';

/** A store in a PostgreSQL database, for any number of workers. */
export class PostgresStore extends SqlStore {
  private constructor(db: PostgresDatabase, now: () => Date, signer: Signer | undefined) {
    super(postgresDialect(db), { shared: true, schema: migrations.length, now, signer });
  }

  /** @throws TrawlError as documented in `Store`, or STORE_NEWER, STORE_REFUSED */
  static async open(
    options: PostgresOptions,
    now: () => Date = () => new Date(),
    signer?: Signer,
  ): Promise<PostgresStore> {
    return new PostgresStore(await PostgresDatabase.open(options), now, signer);
  }
}
