import type { StorePlace } from './place.js';
import type { SqliteAccess } from './sqlite/database.js';
import type { Store } from './store.js';

/** The kinds of store. Each is loaded when it is asked for: a driver takes a while. */
const openers: {
  [Kind in StorePlace['kind']]: (place: StorePlace & { kind: Kind }, access: SqliteAccess) => Promise<Store>;
} = {
  sqlite: async ({ path }, access) => new (await import('./sqlite/store.js')).SqliteStore(path, undefined, access),
  postgres: async (place, access) =>
    (await import('./postgres/store.js')).PostgresStore.open({ ...place, look: access === 'look' }),
};

/**
 * Opens a store, made where there is none yet.
 * @param access of a file that cannot be written to just now: see SqliteAccess.
 * @throws TrawlError as `Store` says, or STORE_NEWER, STORE_REFUSED; with the access `look` also STORE_OLDER, and
 *   NOT_RUNNING where a database has no tables yet.
 */
export async function openStore(place: StorePlace, access: SqliteAccess = 'read'): Promise<Store> {
  return openers[place.kind](place as never, access);
}
