import type { StorePlace } from '../stores/place.js';
import type { QueryOptions, QueryResult, RunQuery } from './result.js';

/** Each kind of store has its own way to bound a query. Imports are lazy, since a driver takes a while to load. */
const runners: { [Kind in StorePlace['kind']]: () => Promise<RunQuery<Kind>> } = {
  sqlite: async () => (await import('./sqlite.js')).runOnSqlite,
  postgres: async () => (await import('./postgres.js')).runOnPostgres,
};

/**
 * Runs one statement on a store and hands its result to `read`. It can only read, and ends after its time.
 * @throws TrawlError QUERY_REFUSED, or as the store does if it cannot be reached
 */
export async function runQuery<T>(
  place: StorePlace,
  options: QueryOptions,
  read: (result: QueryResult) => Promise<T>,
): Promise<T> {
  const run = (await runners[place.kind]()) as RunQuery<StorePlace['kind']>;
  return run(place, options, read);
}
