import type { Signer } from '../proof/note.js';
import type { StorePlace } from './place.js';
import type { SqliteAccess } from './sqlite/database.js';
import type { Store } from './store.js';

interface Opening {
  access: SqliteAccess;
  signer: Signer | undefined;
}

/** Opens each kind of store. Imports are lazy, since a driver takes a while to load. */
const openers: {
  [Kind in StorePlace['kind']]: (place: StorePlace & { kind: Kind }, how: Opening) => Promise<Store>;
} = {
  sqlite: async ({ path }, { access, signer }) =>
    new (await import('./sqlite/store.js')).SqliteStore(path, undefined, access, signer),
  postgres: async (place, { access, signer }) =>
    (await import('./postgres/store.js')).PostgresStore.open({ ...place, look: access === 'look' }, undefined, signer),
};

/**
 * Opens a store, creating it if there is none yet.
 * @param signer signs the heads of proofs
 * @param access how to open a file that is not writable at the moment: see SqliteAccess
 * @throws TrawlError as documented in `Store`, or STORE_NEWER, STORE_REFUSED; with access `look` also STORE_OLDER, and
 *   NOT_RUNNING if a database has no tables yet
 */
export async function openStore(
  place: StorePlace,
  access: SqliteAccess = 'read',
  signer?: Signer | undefined,
): Promise<Store> {
  return openers[place.kind](place as never, { access, signer });
}
