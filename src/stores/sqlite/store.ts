import type { Signer } from '../../proof/note.js';
import { SqlStore } from '../sql/store.js';
import { type SqliteAccess, SqliteDatabase } from './database.js';
import { sqliteDialect } from './dialect.js';
import { migrations } from './migrations.js';

/** A store in a SQLite file. */
export class SqliteStore extends SqlStore {
  /** @throws TrawlError as documented in `Store`, or STORE_NEWER */
  constructor(path: string, now: () => Date = () => new Date(), access: SqliteAccess = 'read', signer?: Signer) {
    super(sqliteDialect(new SqliteDatabase(path, access)), { shared: false, schema: migrations.length, now, signer });
  }
}
