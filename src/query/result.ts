import type { StorePlace } from '../stores/place.js';

/** A value of a result. Whole numbers that a double cannot hold are `bigint`. */
export type QueryValue = string | number | bigint | boolean | Uint8Array | null;

/** The result of a query, while it is read. */
export interface QueryResult {
  columns: readonly string[];
  /** The rows, several at a time. @throws TrawlError QUERY_REFUSED */
  rows: AsyncIterable<readonly (readonly QueryValue[])[]>;
}

export interface QueryOptions {
  /** One statement. It may only read. */
  sql: string;
  /** Time for all of it, in ms. */
  withinMs: number;
  /** Ends the query before. */
  signal?: AbortSignal;
}

/** Opens a query, hands its result to `read`, and ends it, whatever happens. */
export type RunQuery<Kind extends StorePlace['kind']> = <T>(
  place: StorePlace & { kind: Kind },
  options: QueryOptions,
  read: (result: QueryResult) => Promise<T>,
) => Promise<T>;
