import type { EnrichedEvent, StoredEvent } from '../../domain.js';
import type { CopiedRow, CopiedTable } from '../copied-tables.js';
import type { Clearing } from '../offload.js';
import type { EventFilter, EventLines } from '../store.js';
import type { SqlValue, Steps } from './steps.js';

/** What a database does in its own way. All that a store decides stands once, over this. */
export interface Dialect {
  /** Runs statements each by itself. */
  run<T>(steps: Steps<T>): Promise<T>;
  /**
   * Runs all of them in one transaction; whatever is thrown undoes it.
   * @param light does not wait for the disk: it survives the end of this process, but a power cut may undo it, with all
   *   that came after it. For what can be had again.
   */
  transaction<T>(steps: Steps<T>, light?: boolean): Promise<T>;

  /** Ends a SELECT whose rows other transactions wait for until this one has ended. */
  readonly rowLock: string;
  /** The condition of being in the list of texts at this place. */
  among(place: string): string;
  /** Ends a column of texts that is to be ordered by its bytes. */
  readonly byBytes: string;
  readonly ids: IdColumns;
  /** @returns how many of them were inserted or changed */
  insertRows(rows: RowsToInsert): Steps<number>;
  /** Lets nobody else in who locks the same place, until the transaction ends. */
  lockPlace(place: string): Steps<void>;

  /** Makes room for events of these times, before the transaction that stores them. Epoch nanoseconds. */
  makeRoom(times: readonly bigint[], now: Date): Promise<void>;
  /** Keeps a row of `staged_pages`, and removes those that were staged before then; does not wait for the disk. */
  stagePage(row: Readonly<Record<string, SqlValue>>, sweptBefore: string): Promise<void>;
  pageEvents(collector: string, events: readonly EnrichedEvent[]): PageEvents;
  /** Removes all events of a collector, with the ids that are known of them. */
  removeEvents(collector: string): Steps<void>;
  /** Removes events as `OffloadLedger.clearConfirmed` says, and keeps their ids. @returns how many */
  removeSentEvents(events: SentEvents): Steps<number>;
  /** As `OffloadLedger.shrink`. */
  shrink(now: Date): Promise<void>;

  events(filter: EventFilter, limit: number): Promise<StoredEvent[]>;
  eventLines(filter: EventFilter, limit: number): Promise<EventLines>;
  insertCopiedEvents(table: CopiedTable, rows: readonly CopiedRow[]): Steps<void>;
  /** To be done after lines of the execution log were inserted with their numbers. */
  goOnAfterLastLine(): Steps<void>;

  sizeBytes(): Promise<number>;
  close(): Promise<void>;
}

/** Events that may be removed: none after `upToSeq`. */
export interface SentEvents extends Clearing {
  upToSeq: number;
  now: string;
}

export type Row = Readonly<Record<string, string | number | null>>;

export interface RowColumn {
  name: string;
  type: 'text' | 'integer' | 'bytes';
}

export interface RowsToInsert {
  rows: readonly Row[];
  columns: readonly RowColumn[];
  /** Values that all rows have in common, from `$1` on. */
  shared: readonly SqlValue[];
  /** The statement. @param source of the rows, to select from */
  insert(source: string): string;
}

/** How tables keep ids that a source gave. */
export interface IdColumns {
  /** By which an id is found, beside its collector. */
  readonly key: string;
  readonly columns: readonly RowColumn[];
  keyOf(id: string): string;
  /** A row that has the id, with its key. */
  withKey(row: Row): Row;
  /** All events with these columns, to select from. */
  readonly ofEvents: string;
}

export interface StoredContent {
  timestamp: string;
  rawEvent: string;
}

/** The events of a page beside those that are stored. */
export interface PageEvents {
  /** What tells each from others, in their order. */
  readonly keys: readonly string[];
  /** What is known of them, by key: `gone` is what was cleared and is not to come back. */
  known(): Steps<Map<string, StoredContent | 'gone'>>;
  /**
   * Stores some of them.
   * @param fresh their indexes
   * @param lastSeq of the collector before the first of them
   */
  insert(fresh: readonly number[], lastSeq: number, now: string): Steps<void>;
}

export function namesOf(columns: readonly { name: string }[], of = ''): string {
  return columns.map(({ name }) => `${of}"${name}"`).join(', ');
}
