import type { StoredEvent } from '../domain.js';

/** How events are written for a reader that knows nothing of Trawl. A new one is a folder beside this file and a line in registry.ts. */
export interface Schema {
  /** `ocsf` or `ecs`. */
  readonly name: string;
  /** Of its mapping tables: a change to them that a reader could notice is a new version. */
  readonly version: string;
  /**
   * One event of a source (`asa`, `descope`, `skyflow`) in this schema. Pure, and never throws: whatever an event holds
   * comes out somewhere.
   */
  record(event: StoredEvent, source: string): SchemaRecord;
}

export interface SchemaRecord {
  /** JSON values only: what `JSON.stringify` writes and `JSON.parse` reads back the same. */
  record: Readonly<Record<string, unknown>>;
  /** False where the event's type is in no mapping table. */
  known: boolean;
}
