import type { StorePlace } from './place.js';
import type { SqliteAccess } from './sqlite/database.js';
import type { Store } from './store.js';

/** Opens each kind of store. Imports are lazy, since a driver takes a while to load. */
const openers: {
  [Kind in StorePlace['kind']]: (place: StorePlace & { kind: Kind }, access: SqliteAccess) => Promise<Store>;
} = {
  sqlite: async ({ path }, access) => new (await import('./sqlite/store.js')).SqliteStore(path, undefined, access),
  postgres: async (place, access) =>
    (await import('./postgres/store.js')).PostgresStore.open({ ...place, look: access === 'look' }),
};

/**
 * Opens a store, creating it if there is none yet.
 * @param access how to open a file that is not writable at the moment: see SqliteAccess
 * @throws TrawlError as documented in `Store`, or STORE_NEWER, STORE_REFUSED; with access `look` also STORE_OLDER, and
 *   NOT_RUNNING if a database has no tables yet
 */
export async function openStore(place: StorePlace, access: SqliteAccess = 'read'): Promise<Store> {
  return openers[place.kind](place as never, access);
}
