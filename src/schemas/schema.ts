import type { StoredEvent } from '../domain.js';

/**
 * A version of an event format for readers that know nothing about Trawl. To add a format, create a folder beside this
 * file and add a line to registry.ts.
 */
export interface Schema {
  /** `ocsf` or `ecs`. */
  readonly name: string;
  /** Version of the mapping tables. Any change that a reader could notice makes a new one; the former ones stay. */
  readonly version: string;
  /**
   * Converts an event of a source (`asa`, `descope`, `skyflow`) to this schema. Pure, and never throws: everything in
   * the event ends up somewhere in the record.
   */
  record(event: StoredEvent, source: string): SchemaRecord;
}

export interface SchemaRecord {
  /** Holds JSON values only: `JSON.stringify` and `JSON.parse` round-trip it. */
  record: Readonly<Record<string, unknown>>;
  /** False if no mapping table has the event's type. */
  known: boolean;
}
