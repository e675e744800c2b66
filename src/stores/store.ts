import type {
  Checkpoint,
  EnrichedEvent,
  ExecutionLogLine,
  Offset,
  Rejected,
  RelatedObject,
  RetentionGap,
  StoredEvent,
} from '../domain.js';
import type { SettingsTable } from '../environment.js';
import type { OffloadLedger } from './offload.js';

/**
 * The store: the article's five tables, with staging, rejects and the ledger of committed pages.
 *
 * Every method is one transaction: it happens as a whole, durably, or not at all. Methods throw a TrawlError:
 * STORE_BUSY, STORE_FULL, STORE_READ_ONLY and STORE_FAILED may be tried again, STORE_CORRUPT may not. Repeating a
 * method with the same arguments changes nothing further, unless said otherwise.
 */
export interface Store {
  /** Tells this store from any other; made with it. */
  identity(): Promise<string>;
  /** Whether workers on several hosts can share it. */
  readonly shared: boolean;
  /** Of its tables: how many migrations have made them. */
  readonly schema: number;
  /** What has been offloaded. */
  readonly offload: OffloadLedger;

  /** U10 Get Last Checkpoint. A collector that has none gets the one it would start with. */
  checkpoint(collector: string): Promise<Checkpoint>;

  /** Keeps a page as it came until it is written. Pages staged longer than a day ago are swept. */
  stagePage(page: StagedPage): Promise<void>;
  /** The staged page, or null where it has been written, superseded or swept. */
  stagedPage(key: string): Promise<StagedPage | null>;

  /** The related objects among `ids` that are known from committed pages, by id. */
  relatedObjects(collector: string, ids: readonly string[]): Promise<Map<string, RelatedObject>>;

  /**
   * Commits a page: its related objects (S20, S21: those known before are replaced where they changed), events that are
   * not stored yet (S30, S31), rejects, the checkpoint (U12, U13), the execution-log line (U20) and the ledger's row; the
   * staged page is removed.
   *
   * The checkpoint moves only where it still stands at the page's offset and generation; otherwise nothing is
   * written and the answer is `superseded`. A key that the ledger has already gives what was written then.
   */
  writePage(page: PageToWrite): Promise<PageWritten>;

  /** What was written for a key, or null where nothing was. */
  committedPage(key: string): Promise<PageWritten | null>;
  /** Removes staged pages that nobody will write. */
  dropStagedPages(keys: readonly string[]): Promise<void>;

  /**
   * U20 Write Exec Log Record for a run that found nothing new; `LastDateTime` moves along.
   * @param key the same key writes the line once.
   */
  logIdleRun(collector: string, key: string): Promise<void>;
  /** The line of a run that failed; once for each key. */
  logFailedRun(collector: string, failure: string, key: string): Promise<void>;
  /** A line for each of the keys, which a command of the same key then no longer takes effect under. */
  logFailedCommand(collector: string, note: string, keys: readonly string[]): Promise<void>;

  /** U03 Reset Checkpoint, once for each key; a line in the execution log each. */
  resetCheckpoint(collector: string, keys: readonly string[]): Promise<void>;
  /**
   * U04 Clear Events Table, once for each key; a line in the execution log each. Events of the part page in hand are
   * remembered by id, since that page is read again.
   * @param sinks those of the collector. While one of them lacks an event, or has refused it, nothing is cleared, unless
   *   with `force`. What all of them have does not come back when it is read again.
   * @returns why nothing was cleared, as the line says it; null where it was.
   */
  clearEvents(
    collector: string,
    keys: readonly string[],
    sinks?: readonly string[],
    force?: boolean,
  ): Promise<string | null>;
  /**
   * Starts reading again at the beginning because the source no longer knows `offset`; a line in the execution log.
   * Does nothing where the checkpoint has moved since.
   * @throws TrawlError OFFSET_REFUSED_AGAIN where this offset was refused before and reached again.
   */
  rewind(collector: string, offset: Offset, generation: number): Promise<void>;

  /** Keeps an answer that was no page, once for each text. */
  keepAnswer(collector: string, offset: Offset, reason: string, raw: string): Promise<void>;

  /**
   * Counts a request to a place that allows few of them in a period, if there is room for one.
   * @returns 0 where it may be made now, else how long to wait before asking again; ms.
   */
  reserveRequest(place: string, limit: { requests: number; periodMs: number }): Promise<number>;

  /** As `reserveRequest` would say, without counting one. */
  requestWait(place: string, limit: { requests: number; periodMs: number }): Promise<number>;

  /** When runs are expected from now on; null where none are. The same cron again keeps its `since`. */
  expectRuns(collector: string, due: Omit<DueRuns, 'since'> | null): Promise<void>;
  /** How far each collector has come that has begun or is expected to run, by name; or only one. */
  standings(collector?: string): Promise<Standing[]>;

  /** U01 Get env vars: the Environment Variables table. */
  settings(): Promise<SettingsTable>;
  /** U02 Set env vars: rows to write, and names to remove. */
  setSettings(collector: string, rows: Readonly<Record<string, string>>, unset: readonly string[]): Promise<void>;

  /** The collectors of which anything is stored. */
  collectors(): Promise<string[]>;
  /** Events after `filter.afterSeq` by sequence number, at most `limit`. */
  events(filter: EventFilter, limit: number): Promise<StoredEvent[]>;
  /** The same as lines of JSON (`eventLine`), in a fraction of the time that it takes to make them of `events`. */
  eventLines(filter: EventFilter, limit: number): Promise<EventLines>;
  eventCount(collector: string): Promise<number>;
  rejectedCount(collector: string): Promise<number>;
  /** What was lost to the source's retention, oldest first. */
  retentionGaps(collector: string): Promise<RetentionGap[]>;
  /** The newest lines, newest first. */
  executionLog(filter: { collector?: string | undefined; limit: number }): Promise<ExecutionLogLine[]>;

  /** Room that it takes on its disk. */
  sizeBytes(): Promise<number>;

  close(): Promise<void>;
}

/** How far a collector has come. Times are RFC 3339. */
export interface Standing {
  collector: string;
  /** When a page was written last, or a run found nothing new. */
  lastDateTime: string | null;
  /** When everything that the source had was read last. */
  caughtUpAt: string | null;
  /** Of the newest event stored. */
  newestTimestamp: string | null;
  /** Events stored so far, cleared ones among them. */
  lastSeq: number;
  /** Pages committed. */
  pages: number;
  /** Events and answers that did not fit. */
  rejected: number;
  due: DueRuns | null;
}

/** When runs are expected. */
export interface DueRuns {
  /** As Temporal takes it; empty where it is not known. */
  cron: string;
  since: string;
  /** When the last run was due by a Schedule whose cron is not known; else null. */
  tick: string | null;
}

export interface StagedPage {
  /** Of this attempt to read the page: never the same for two attempts. */
  key: string;
  collector: string;
  offset: Offset;
  generation: number;
  nextOffset: Offset;
  /** The body of the answer, in the bytes that came; some sources leave out what must not be stored. */
  body: Uint8Array;
}

export interface PageToWrite {
  key: string;
  collector: string;
  offset: Offset;
  generation: number;
  /** Where the checkpoint moves to; the page's own offset where it may still fill. */
  nextOffset: Offset;
  /** Whether the source had more then: decides M10's branch. */
  more: boolean;
  events: readonly EnrichedEvent[];
  rejected: readonly Rejected[];
  relatedObjects: readonly RelatedObject[];
  /** SHA-256 (hex) over the page's ids and raw events. */
  digest: string;
  /** Kept with the page, and told in the execution log. */
  gap?: RetentionGap;
  /** A line of the execution log; the same text once in a generation of the checkpoint. */
  warning?: string;
  /**
   * Set where more pages are written right after this one: it need not wait for the disk then, since the last of them
   * does, and a power cut between takes back the checkpoint along with the page.
   */
  followed?: boolean;
}

export interface PageWritten {
  outcome: 'written' | 'superseded';
  newEvents: number;
  /** The note that the execution log got; empty where superseded. */
  note: string;
}

export interface EventLines {
  /** UTF-8; each line with its end. */
  bytes: Uint8Array;
  events: number;
  /** Of the last of them; 0 where there are none. */
  lastSeq: number;
}

/** Which events to read; every condition given must hold. Times are epoch nanoseconds. */
export interface EventFilter {
  collector: string;
  afterSeq: number;
  sinceNs?: bigint | undefined;
  untilNs?: bigint | undefined;
  /** Exact, or with `*` for any characters. */
  type?: string | undefined;
  /** Part of the actor column, in any case. */
  actor?: string | undefined;
  /** Part of the raw event or of any column, in any case. */
  text?: string | undefined;
}
