import type { BatchForm, ConfirmedPart, RefusedEvent, SentObject } from '../batch.js';

/** What is sent in an order of its own: the offloading of a collector to a sink, or a repetition of a range of time. */
export interface SeriesKey {
  collector: string;
  sink: string;
  /** Empty for the offloading itself, else the name of a repetition. */
  series: string;
}

/** How far a series is. */
export interface OffloadCursor extends SeriesKey {
  /** Of the last event that the sink has confirmed; 0 before the first. */
  lastSeq: number;
  batches: number;
  events: number;
  bytes: number;
  /** RFC 3339; null before the first. */
  confirmedAt: string | null;
  /** Why the last attempt failed; null where it did not. */
  failure: string | null;
  failedAt: string | null;
}

/** Which events a repetition takes: of this time, epoch nanoseconds, the end not among them. */
export interface TimeRange {
  sinceNs: bigint | null;
  untilNs: bigint | null;
}

export interface BatchWanted extends SeriesKey {
  /** Whoever is going to send it: unique for each attempt. An earlier one finds out with the next part. */
  sender: string;
  eventsMax: number;
  /** Of raw events; a batch has one event at least. */
  bytesMax: number;
  /** A batch that is not full is left to grow until its first event was collected before this; RFC 3339, or null. */
  partOnlyBefore: string | null;
  range: TimeRange;
  form: BatchForm;
}

/** A row of the manifest: what a batch holds is fixed before anything of it is sent. */
export interface FixedBatch extends SeriesKey {
  number: number;
  firstSeq: number;
  lastSeq: number;
  events: number;
  range: TimeRange;
  form: BatchForm;
  fixedAt: string;
  /** The last event of the parts that the sink has confirmed; 0 before the first. */
  sentSeq: number;
  confirmedAt: string | null;
  objects: SentObject[];
}

export interface BatchSent {
  objects: readonly SentObject[];
  /** Without those of the parts that were noted. */
  bytes: number;
  refused: readonly RefusedEvent[];
}

export interface Clearing {
  collector: string;
  /** All of them must have confirmed an event. Not empty. */
  sinks: readonly string[];
  /** Only events before this go; epoch nanoseconds. */
  beforeNs: bigint;
  /** How many at the most, so that no transaction is long. */
  eventsMax: number;
}

/** What has been offloaded, and what may therefore be cleared. */
export interface OffloadLedger {
  cursors(collector?: string): Promise<OffloadCursor[]>;
  /** The newest batches first. */
  batches(collector: string, limit: number): Promise<FixedBatch[]>;
  /**
   * The batch that is to be sent next: the one that is fixed already and has not been confirmed, else a new one with the
   * events that follow. Null where there is nothing to send.
   * @throws TrawlError SETTINGS_INVALID where the name of a repetition was used for another range of time.
   */
  fixBatch(wanted: BatchWanted): Promise<FixedBatch | null>;
  /**
   * Notes how far a batch has come, so that whoever goes on begins behind it, and keeps what the sink refused of it.
   * @returns false where the batch is confirmed or somebody else sends it by now.
   */
  notePart(batch: SeriesKey & { number: number }, sender: string, part: ConfirmedPart): Promise<boolean>;
  /** Moves the cursor behind the batch, and keeps what the sink refused; once for each batch. */
  confirmBatch(batch: SeriesKey & { number: number }, sent: BatchSent): Promise<void>;
  /** How many events each sink of a collector has refused and are still stored. */
  refusedCounts(collector: string): Promise<Map<string, number>>;
  noteFailure(key: SeriesKey, failure: string): Promise<void>;
  /** Events after the least cursor of these sinks, counted up to `countMax`. */
  backlog(collector: string, sinks: readonly string[], countMax: number): Promise<number>;

  /**
   * U04 for what is offloaded: deletes events that every sink has, whose page is closed and that no batch which is still
   * to be sent holds. Their ids stay known, so that they do not come back when a page is read again.
   * @returns how many; fewer than `eventsMax` where no more may go.
   */
  clearConfirmed(clearing: Clearing): Promise<number>;
  /** Deletes lines of the execution log, related objects and ids of cleared events from before then; RFC 3339. */
  prune(collector: string, before: { log?: string; related?: string; ids?: string }): Promise<void>;
  /** When `prune` was called last, RFC 3339; null where never. */
  prunedAt(collector: string): Promise<string | null>;
  /** Gives room that has become free back to the file system, where the kind of store does not do so itself. */
  shrink(): Promise<void>;
}
