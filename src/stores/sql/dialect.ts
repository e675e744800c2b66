import type { EnrichedEvent, StoredEvent } from '../../domain.js';
import type { Signer } from '../../proof/note.js';
import type { Column, CopiedRow, CopiedTable } from '../copied-tables.js';
import type { ClearRequest } from '../offload.js';
import type { EventFilter, EventLines } from '../store.js';
import type { SqlValue, Steps } from './steps.js';

/** The operations that differ between databases. The shared code of a store is built on this interface. */
export interface Dialect {
  /** Signs the heads of proofs; absent if no key is set. */
  readonly signer?: Signer | undefined;
  /** True while this process must not sign heads of a collector: see `AnchorLedger.allowSigning`. */
  isHeld?(collector: string): boolean;
  /** Runs each statement on its own, without a transaction. */
  run<T>(steps: Steps<T>): Promise<T>;
  /**
   * Runs all statements in one transaction; an error rolls it back.
   * @param light does not wait for the disk: the transaction survives the end of this process, but a power cut may undo
   *   it and everything after it. For data that can be obtained again, and nothing of which leaves the store before.
   */
  transaction<T>(steps: Steps<T>, light?: boolean): Promise<T>;

  /** The time by the database's clock, in epoch ms. */
  readonly clockMs: string;
  /** Suffix of a SELECT that locks its rows until the transaction ends. */
  readonly rowLock: string;
  /** Condition for membership in the list of texts bound at this placeholder. */
  among(place: string): string;
  /** Suffix of a text column in ORDER BY, to order it by its bytes. */
  readonly byBytes: string;
  /** SQL of a column of bytes in hexadecimal. */
  hexOf(column: string): string;
  readonly ids: IdColumns;
  /** @returns the number of rows inserted or changed */
  insertRows(rows: RowsToInsert): Steps<number>;
  /** Takes an exclusive lock on the place until the transaction ends. */
  lockPlace(place: string): Steps<void>;

  /** Prepares storage for events of these times, before the transaction that stores them. Epoch nanoseconds. */
  makeRoom(times: readonly bigint[], now: Date): Promise<void>;
  /** Keeps a row of `staged_pages`, and removes those that were staged before then; does not wait for the disk. */
  stagePage(row: Readonly<Record<string, SqlValue>>, sweptBefore: string): Promise<void>;
  pageEvents(collector: string, events: readonly EnrichedEvent[]): PageEvents;
  /** Removes the events with these numbers, along with their ids. */
  removeEvents(collector: string, range: { afterSeq: number; upToSeq: number }): Steps<void>;
  /** Runs work that removes rows, and overwrites their bytes as far as the database can. */
  leavingNothing<T>(work: () => Promise<T>): Promise<T>;
  /** Removes events for `OffloadStore.clearConfirmed`, and keeps their ids. @returns their sequence numbers, in order */
  removeSentEvents(events: SentEvents): Steps<number[]>;
  /** Deletes the oldest lines of a collector's execution log that are older than this time. @returns the number deleted */
  pruneLog(collector: string, before: string, linesMax: number): Steps<number>;
  /** See `OffloadStore.shrink`. */
  shrink(now: Date): Promise<void>;

  events(filter: EventFilter, limit: number): Promise<StoredEvent[]>;
  eventLines(filter: EventFilter, limit: number): Promise<EventLines>;
  latestEvents(filter: EventFilter, limit: number): Promise<StoredEvent[]>;
  insertCopiedEvents(table: CopiedTable, rows: readonly CopiedRow[]): Steps<void>;
  /** Must be called after execution-log lines were inserted with explicit numbers, so that numbering continues. */
  goOnAfterLastLine(): Steps<void>;

  /** See `Store.isBackup`. */
  isBackup(): boolean;
  /** Removes the mark of a backup. */
  endBackup(): void;
  sizeBytes(): Promise<number>;
  close(): Promise<void>;
}

/** Selects events to remove, up to and including `upToSeq`. */
interface SentEvents extends ClearRequest {
  afterSeq: number;
  upToSeq: number;
  now: string;
}

export type Row = Readonly<Record<string, string | number | Uint8Array | null>>;

export interface RowsToInsert {
  rows: readonly Row[];
  columns: readonly Column[];
  /** Values common to all rows, bound from `$1` on. */
  shared: readonly SqlValue[];
  /** Returns the statement. @param source the relation that holds the rows */
  insert(source: string): string;
}

/** The form in which tables store ids that come from a source. */
export interface IdColumns {
  /** Column that identifies an id within its collector. */
  readonly key: string;
  readonly columns: readonly Column[];
  keyOf(id: string): string;
  /** Adds the key to a row that has an id. */
  withKey(row: Row): Row;
  /** Relation of all events, with these columns. */
  readonly ofEvents: string;
  /** Table with the sequence number of each of them, in an index by collector and number. */
  readonly numbers: string;
}

export interface StoredContent {
  timestamp: string;
  rawEvent: string;
}

/** What the tables have of an event of a page. */
export interface KnownEvent {
  key: string;
  /** Sequence number of its row; null if the event was cleared and must not be stored again. */
  seq: number | null;
  /** Null if its row is gone, as with a partition that somebody has dropped. */
  content: StoredContent | null;
}

/** Compares the events of a page with the stored ones, and inserts the new ones. */
export interface PageEvents {
  /** Unique key of each event, in page order. */
  readonly keys: readonly string[];
  known(): Steps<KnownEvent[]>;
  /**
   * Stores the new events.
   * @param fresh indexes of the new events
   * @param lastSeq the collector's last sequence number before them
   */
  insert(fresh: readonly number[], lastSeq: number, now: string): Steps<void>;
}

export function namesOf(columns: readonly { name: string }[], of = ''): string {
  return columns.map(({ name }) => `${of}"${name}"`).join(', ');
}
