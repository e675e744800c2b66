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
import type { SettingsChange, SettingsTable } from '../environment.js';
import type { OwnFilter } from '../filter/filter.js';
import type { AnchorLedger } from './anchors.js';
import type { Compared, Comparison } from './comparison.js';
import type { LedgerPage } from './ledger-page.js';
import type { OffloadStore } from './offload.js';
import type { ProofReader } from './proof-reader.js';

/** An event to erase, and who wants it for which reason. */
export interface Erasure {
  collector: string;
  seq: number;
  /** Stays in the journal for ever. */
  reason: string;
  by: string;
  /** The sinks that the collector offloads to. */
  sinks: readonly string[];
}

/** RFC 3339. */
export type Erased = Pick<Erasure, 'reason' | 'by'> & { at: string };

/** A checkpoint, and what else a walk from there must know. */
export interface WalkStart extends Checkpoint {
  /** True if a page of its generation has been staged in the last 10 s and is not written yet: a walk is at work. */
  isBeingRead: boolean;
  /** True if rows of cleared events are left to remove. */
  isClearing: boolean;
  /** True if the proof of completeness lacks events or pages: see `takeOver`. */
  isProofBehind: boolean;
}

/**
 * The store: the article's five tables, plus staged pages, rejects and the ledger of committed pages.
 *
 * Every method is one transaction: it either happens completely and durably, or not at all. Methods throw a TrawlError:
 * STORE_BUSY, STORE_FULL, STORE_READ_ONLY and STORE_FAILED can be retried, STORE_CORRUPT cannot. Unless stated
 * otherwise, repeating a method with the same arguments has no further effect.
 */
export interface Store {
  /** A unique id, assigned when the store is created. */
  identity(): Promise<string>;
  /** True if workers on several hosts can share the store. */
  readonly shared: boolean;
  /** Version of the schema: the number of migrations applied. */
  readonly schema: number;
  readonly offload: OffloadStore;
  readonly proof: ProofReader;
  readonly anchors: AnchorLedger;
  /** Says of each event of a source what the store has of it; changes nothing. */
  compare(collector: string, events: readonly EnrichedEvent[]): Promise<Compared[]>;
  /** Records in the journal how all that a source holds compares with the store. */
  noteComparison(collector: string, found: Comparison): Promise<void>;

  /** U10 Get Last Checkpoint. A collector without one gets the initial checkpoint. */
  checkpoint(collector: string): Promise<Checkpoint>;
  /** The same for a walk that begins, and what is under way there already. */
  walkStart(collector: string): Promise<WalkStart>;

  /** Keeps a page as received until it is written. Pages staged more than a day ago are deleted. */
  stagePage(page: StagedPage): Promise<void>;
  /** The body of a staged page; null if the page has been written, superseded or deleted. */
  stagedBody(collector: string, key: string): Promise<Uint8Array | null>;
  /**
   * What is staged about pages besides their bodies, by key. Without those that have been written, superseded or deleted,
   * those that are an hour old, and those that a worker of an earlier version has staged, which said less.
   */
  stagedFacts(collector: string, keys: readonly string[]): Promise<Map<string, PageFacts>>;

  /** Related objects with one of these ids that committed pages contained, by id. None that is longer than 64 KiB. */
  relatedObjects(collector: string, ids: readonly string[]): Promise<Map<string, RelatedObject>>;

  /**
   * Commits a page: its related objects (S20, S21: known ones are replaced if they changed), events that are not stored
   * yet (S30, S31), rejects, the checkpoint (U12, U13), the execution-log line (U20) and the ledger's row. The staged
   * page is removed.
   *
   * The checkpoint moves only if it is still at the page's offset and generation. Otherwise nothing is written and the
   * outcome is `superseded`. If the ledger already has the key, the result of that earlier write is returned.
   */
  writePage(page: PageToWrite): Promise<PageWritten>;

  /** The result of the write with this key; null if there was none. */
  committedPage(collector: string, key: string): Promise<PageWritten | null>;
  /** Removes staged pages that will never be written. */
  dropStagedPages(collector: string, keys: readonly string[]): Promise<void>;

  /**
   * U20 Write Exec Log Record for a run that found nothing new. Also updates `LastDateTime`.
   * @param key the line is written once per key
   * @param seen the source's last page, which was read just now
   * @returns false, and nothing is written, if that page says something new or is not the one at the checkpoint
   */
  logIdleRun(collector: string, key: string, seen: SeenPage): Promise<boolean>;
  /** Logs a failed run, once per key. */
  logFailedRun(collector: string, failure: string, key: string): Promise<void>;
  /** Logs a failed command under each key. A command that arrives later with one of these keys has no effect. */
  logFailedCommand(collector: string, note: string, keys: readonly string[]): Promise<void>;

  /** U03 Reset Checkpoint, once per key. Each writes a line to the execution log. */
  resetCheckpoint(collector: string, keys: readonly string[]): Promise<void>;
  /**
   * U04 Clear Events Table, once per key. Each writes a line to the execution log. The event ids of the current part
   * page are remembered, since that page is read again. From then on nothing sees the events; their rows are left for
   * `removeCleared`.
   * @param sinks the collector's sinks. Nothing is cleared while one of them lacks an event or has refused one, unless
   *   `force` is set. Events that all of them have are not stored again when the source returns them again.
   * @returns the reason why nothing was cleared, as logged; null if the table was cleared
   */
  clearEvents(
    collector: string,
    keys: readonly string[],
    sinks?: readonly string[],
    force?: boolean,
  ): Promise<string | null>;
  /**
   * Removes rows of cleared events, at most so many.
   * @returns whether more are left
   */
  removeCleared(collector: string, eventsMax: number): Promise<boolean>;
  /**
   * Restarts from the beginning because the source no longer knows `offset`. Writes a line to the execution log. Does
   * nothing if the checkpoint has moved since.
   * @throws TrawlError OFFSET_REFUSED_AGAIN if the source refused this offset before and collecting reached it again
   */
  rewind(collector: string, offset: Offset, generation: number): Promise<void>;

  /**
   * Adds events and pages to the proof of completeness that were stored without it, as by an earlier version: so many of
   * each at most, as they stand now.
   * @returns whether more are left
   */
  takeOver(collector: string, eventsMax: number): Promise<boolean>;

  /** Keeps an answer that could not be read as a page, once per distinct text. */
  keepAnswer(collector: string, offset: Offset, reason: string, raw: string): Promise<void>;

  /**
   * Reserves a request to a place that allows only a few per period, if the limit leaves room for one.
   * @returns 0 if the request may be made now, else how long to wait before trying again; ms
   */
  reserveRequest(place: string, limit: { requests: number; periodMs: number }): Promise<number>;

  /** The wait that `reserveRequest` would return, without reserving a request. */
  requestWait(place: string, limit: { requests: number; periodMs: number }): Promise<number>;

  /**
   * Sets when runs are expected from now on. Null if none are: then an earlier failure is past, and a line of the
   * execution log says so. Setting the same cron again keeps its `since`. What a run
   * tells (`told`) neither replaces a cron that a command has set nor lets the time begin anew.
   */
  expectRuns(collector: string, due: Omit<DueRuns, 'since'> | null): Promise<void>;
  /** Progress of one collector, or of every collector that has started or is expected to run, ordered by name. */
  standings(collector?: string): Promise<Standing[]>;

  /** U01 Get env vars: the Environment Variables table. */
  settings(): Promise<SettingsTable>;
  /**
   * U02 Set env vars: rows to write, and names to remove.
   * @param change how the change is told in the execution log: a line for each setting whose value differs
   */
  setSettings(
    collector: string,
    rows: Readonly<Record<string, string>>,
    unset: readonly string[],
    change?: SettingsChange,
  ): Promise<void>;

  /**
   * Removes a collector: its settings, staged pages, checkpoint and expected runs. Events, the ledger, the log and rejected
   * events stay, and what sinks have stays known. If it is set up again, everything that the source still holds is read
   * again, events that are stored are not stored twice, and numbers continue. Writes lines to the execution log.
   * @returns false if there was nothing of these
   */
  removeCollector(collector: string, change: SettingsChange): Promise<boolean>;

  /** Collectors that have anything stored. */
  collectors(): Promise<string[]>;
  /** At most `limit` events after `filter.afterSeq`, by sequence number. */
  events(filter: EventFilter, limit: number): Promise<StoredEvent[]>;
  /** The same events as lines of JSON (`eventLine`), much faster than building them from `events`. */
  eventLines(filter: EventFilter, limit: number): Promise<EventLines>;
  /** At most `limit` events that the filter selects, the latest first by their own times, then by sequence number. */
  latestEvents(filter: EventFilter, limit: number): Promise<StoredEvent[]>;
  /** The last sequence number that `events` may return by now. */
  seenUpTo(collector: string): Promise<number>;
  /** The page that brought the event with this number; null if the ledger does not have it. */
  pageOf(collector: string, seq: number): Promise<LedgerPage | null>;
  eventCount(collector: string): Promise<number>;
  rejectedCount(collector: string): Promise<number>;
  /** Rejected events that are neither stored nor acknowledged, the newest first. */
  rejectedEvents(collector: string, limit: number): Promise<RejectedRow[]>;
  /** Acknowledges these rejected events: they are no longer a problem. Logged once per key. @returns how many */
  acknowledgeRejects(collector: string, key: string): Promise<number>;
  /**
   * Resets the checkpoint to the first page that rejected events came on, if they are neither stored nor acknowledged:
   * from there on everything is read again. Once per key; writes a line to the execution log.
   * @returns false if there are no such events
   */
  resetToRejected(collector: string, key: string): Promise<boolean>;
  /**
   * Deletes an event for good, for a person's right to be forgotten: also what was rejected with its id, and its id, but not
   * its hash in the proof. It is not collected again. Recorded in the journal and in the execution log. An event that was
   * erased before stays as it is.
   * @throws TrawlError EVENT_UNKNOWN if it is not stored, STORE_BUSY while it is in a batch that a sink has not confirmed
   */
  eraseEvent(erasure: Erasure): Promise<Erased>;
  /** When and why an event was erased; null if it was not. */
  erased(collector: string, seq: number): Promise<Erased | null>;
  /** Gaps lost to the source's retention, oldest first. */
  retentionGaps(collector: string): Promise<RetentionGap[]>;
  /** The newest lines, newest first. */
  executionLog(filter: LogFilter): Promise<ExecutionLogLine[]>;

  /** True for a backup that nothing has collected into: nobody expects runs of it. */
  isBackup(): Promise<boolean>;
  /** A worker begins its work: from now on this is a store like any other, and all that it has may be shown and sent. */
  beginWork(): Promise<void>;

  /** Size on disk. */
  sizeBytes(): Promise<number>;

  close(): Promise<void>;
}

/** Progress of a collector. Times are RFC 3339. */
export interface Standing {
  collector: string;
  /** When the last page was written, or the last run found nothing new. */
  lastDateTime: string | null;
  /** When the collector last read everything that the source had. */
  caughtUpAt: string | null;
  /** Timestamp of the newest stored event. */
  newestTimestamp: string | null;
  /** Events stored so far, including cleared ones. */
  lastSeq: number;
  /** Pages committed. */
  pages: number;
  /** Rejected events and answers. */
  rejected: number;
  /** Rejected events that are neither stored nor acknowledged; null if there are none. */
  unsettled: UnsettledRejects | null;
  due: DueRuns | null;
  /** The failure of the newest run, whoever began it; null if a run has read a page since, or if no more are wanted. */
  failure: LoggedFailure | null;
  /** The failure after which a person wanted no more runs; absent if there was none. */
  failureBeforeStop?: LoggedFailure;
  /** Why its proof is signed no longer: the store was set back; null if it was not. */
  forked: string | null;
  /** The newest head of its proof that lies elsewhere, and whether entries came after it; null if there is none. */
  anchor: { at: string; isBehind: boolean } | null;
  /** Set while each run ends without having caught up, because the source had only empty pages or led back. */
  endless: Endless | null;
}

export interface LoggedFailure {
  at: string;
  /** Ends with the code in brackets. */
  text: string;
}

export interface Endless {
  since: string;
  /** True if reading has come to the same offset again. */
  leadsBack: boolean;
}

export interface UnsettledRejects {
  events: number;
  /** Why the newest was rejected, and when. */
  reason: string;
  at: string;
}

export interface RejectedRow {
  rejectedAt: string;
  reason: string;
  /** Offset of the page that it came on. */
  offset: Offset;
  /** Null if it could not be read. */
  id: string | null;
  raw: string;
}

/** The times at which runs are expected. */
export interface DueRuns {
  /** In Temporal's syntax; empty if unknown. */
  cron: string;
  since: string;
  /** When the last run of a Schedule with an unknown cron was due; else null. */
  tick: string | null;
  /** True if only a run told these times, and no command that has the store. */
  told?: boolean;
}

/** What the worker that read a page found out about it. */
export interface PageFacts {
  offset: Offset;
  generation: number;
  /** The offset that the checkpoint moves to: the page's own if the page may still fill. */
  nextOffset: Offset;
  /** True if the source had more; decides M10's branch. */
  more: boolean;
  /** Stored with the page and noted in the execution log. */
  gap?: RetentionGap;
  /** A line for the execution log; the same text is logged once per generation of the checkpoint. */
  warning?: string;
  /** Why the walk ends after this page although the source has more: becomes the note in the execution log. */
  notCaughtUp?: string;
}

export interface StagedPage extends PageFacts {
  /** Unique to this attempt to read the page. */
  key: string;
  collector: string;
  /** The body of the answer, byte for byte; some sources remove what must not be stored. */
  body: Uint8Array;
}

export interface PageToWrite extends PageFacts {
  key: string;
  collector: string;
  events: readonly EnrichedEvent[];
  rejected: readonly Rejected[];
  relatedObjects: readonly RelatedObject[];
  /** SHA-256 (hex) over the page's ids and raw events. */
  digest: string;
  /**
   * Set if more pages are written right after this one. The write then need not wait for the disk: the last page does,
   * and a crash of the database server in between undoes the checkpoint along with the page. Until then, `events` and
   * `eventLines` return nothing of it.
   */
  followed?: boolean;
}

/** A page that was read and is not to be staged. */
export interface SeenPage {
  offset: Offset;
  generation: number;
  /** Digest of its events; null if it has none. */
  digest: string | null;
}

export interface PageWritten {
  outcome: 'written' | 'superseded';
  newEvents: number;
  /** The note in the execution log; empty if superseded. */
  note: string;
}

export interface EventLines {
  /** UTF-8; each line ends with a newline. */
  bytes: Uint8Array;
  events: number;
  /** Sequence number of the last event; 0 if there are none. */
  lastSeq: number;
}

/** Selects lines of the execution log; all given conditions must hold. */
export interface LogFilter {
  collector?: string | undefined;
  limit: number;
  /** From this time on, and before that one; RFC 3339 in UTC, to the millisecond. */
  since?: string | undefined;
  until?: string | undefined;
}

/** Selects events; all given conditions must hold. Times are epoch nanoseconds. */
export interface EventFilter {
  collector: string;
  afterSeq: number;
  /** The last sequence number to consider. */
  upToSeq?: number | undefined;
  sinceNs?: bigint | undefined;
  untilNs?: bigint | undefined;
  where?: OwnFilter | undefined;
}
