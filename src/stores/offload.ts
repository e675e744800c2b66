import type { BatchForm, ConfirmedBatch, ConfirmedPart, HashedObject, WrittenObject } from '../batch.js';
import type { StoredEvent } from '../domain.js';

/** Identifies a sequence of batches: the regular offload of a collector to a sink, or a repetition of a time range. */
export interface SeriesKey {
  collector: string;
  sink: string;
  /** Empty for the regular offload, else the name of the repetition. */
  series: string;
}

/** Progress of a series. */
export interface OffloadCursor extends SeriesKey {
  /** Sequence number of the last event that the sink has confirmed; 0 before the first. */
  lastSeq: number;
  batches: number;
  events: number;
  bytes: number;
  /** RFC 3339; null before the first. */
  confirmedAt: string | null;
  /** Why the last attempt failed; null if it succeeded. */
  failure: string | null;
  failedAt: string | null;
}

/** Events of a repetition: from `sinceNs` (inclusive) to `untilNs` (exclusive), epoch nanoseconds. */
interface TimeRange {
  sinceNs: bigint | null;
  untilNs: bigint | null;
}

export type BatchKey = SeriesKey & { number: number };

/** One attempt to send batches. */
export interface Sender {
  /** The same for all attempts of one step. */
  id: string;
  /** Once a step is tried again, its earlier attempt is over, even if that one does not know it yet. */
  attempt: number;
}

export interface BatchWanted extends SeriesKey {
  sender: Sender;
  /** For how long the batch is this sender's alone, unless it renews the lease. */
  leaseMs: number;
  eventsMax: number;
  /** Size of the raw events; a batch always has at least one event. */
  bytesMax: number;
  /** A partial batch is sent only if its first event was collected before this time; RFC 3339, or null. */
  partOnlyBefore: string | null;
  range: TimeRange;
  form: BatchForm;
}

/** A row of the manifest. The contents of a batch are fixed before any of it is sent. */
export interface FixedBatch extends SeriesKey {
  number: number;
  firstSeq: number;
  lastSeq: number;
  events: number;
  range: TimeRange;
  form: BatchForm;
  fixedAt: string;
  /** Sequence number of the last event in the confirmed parts; 0 before the first. */
  sentSeq: number;
  /** Number of events in the confirmed parts. */
  sentEvents: number;
  /** Number of events that were no longer stored when the batch was sent. Set when it is confirmed. */
  goneEvents: number;
  confirmedAt: string | null;
  objects: WrittenObject[];
}

/** A confirmed batch whose events are in objects. */
export interface ArchivedBatch extends Pick<FixedBatch, 'collector' | 'range' | 'form' | 'objects'> {
  /** Number of its events that were sent and are no longer stored. */
  onlyThere: number;
}

/** A confirmed batch with the objects that the manifest lists for it. */
export interface ListedBatch extends BatchKey, Pick<FixedBatch, 'firstSeq' | 'lastSeq' | 'form'> {
  confirmedAt: string;
  objects: readonly WrittenObject[];
}

/** New objects of a confirmed batch. */
export interface ObjectsChange {
  batch: BatchKey;
  /** The objects that the manifest must still list. */
  from: readonly WrittenObject[];
  to: readonly WrittenObject[];
}

/** Objects of a sink that a compaction has merged into one. */
export interface MergedObjects {
  sink: string;
  /** Names of the objects that it replaces. */
  old: readonly string[];
  object: HashedObject;
  /** For the execution log. */
  note: string;
}

/** A confirmed part of a batch. */
export interface NotedPart extends ConfirmedPart {
  events: number;
}

/** A confirmed batch. */
export interface ClosedBatch extends ConfirmedBatch {
  /** Number of its events that were no longer stored, and so were not sent. */
  goneEvents: number;
}

/** A repetition with a batch that its sink has not confirmed. Retention keeps the events of that batch. */
export interface OpenRepetition {
  sink: string;
  /** Name of the repetition. */
  series: string;
  /** Of the batch. */
  number: number;
  events: number;
  sentEvents: number;
  fixedAt: string;
  /** True if an attempt to send it is under way. */
  sending: boolean;
}

export interface ClearRequest {
  collector: string;
  /** Every one of these must have confirmed an event before it is deleted. Not empty. */
  sinks: readonly string[];
  /** Only events before this time are deleted; epoch nanoseconds. */
  beforeNs: bigint;
  /** Keeps the transaction short. */
  eventsMax: number;
}

/** Deletes what is older than these times, but no line of the log of the last day; RFC 3339. */
export interface PruneRequest {
  before: { log?: string; related?: string; ids?: string };
  /** Keeps the transaction short. */
  rowsMax: number;
}

/** Tracks what has been offloaded, and so what may be cleared. */
export interface OffloadStore {
  cursors(collector?: string): Promise<OffloadCursor[]>;
  /** The newest batches first. */
  batches(collector: string, limit: number): Promise<FixedBatch[]>;
  /** The batches that a number lies in, of all sinks and series. A repetition may have left the event out by its time. */
  batchesWith(collector: string, seq: number): Promise<FixedBatch[]>;
  /** The batches of which a sink has objects, of one collector or of all, in the order of their numbers. */
  archived(sink: string, collector?: string): Promise<ArchivedBatch[]>;
  /**
   * The next batch to send, leased to the sender: the fixed batch that is not confirmed yet, else a new one with the events
   * that follow. Null if there is nothing to send; `held` while another sender has the batch. It no longer does when its
   * lease is over, by the store's clock, or when it is the same step's earlier attempt. Nothing that it fixes is cleared meanwhile. Events that were cleared since the previous
   * batch, and so were never sent, get a line in the execution log.
   * @throws TrawlError SETTINGS_INVALID if the repetition was dropped, or its name was used for another time range;
   *   INPUT_INVALID if there is a time range although it is no repetition
   */
  fixBatch(wanted: BatchWanted): Promise<FixedBatch | 'held' | null>;
  /**
   * Extends the lease of a batch to `leaseMs` from now; 0 ends it.
   * @returns false if the batch has been confirmed or another sender has taken it over
   */
  renewLease(batch: BatchKey, sender: Sender, leaseMs: number): Promise<boolean>;
  /**
   * The events of a batch that are still stored, in the order of their sequence numbers and from one snapshot. Usually
   * all of them; but a person can clear events by force or drop a partition, and retention does not wait for a sink that
   * the collector no longer has.
   */
  batchEvents(batch: FixedBatch): Promise<StoredEvent[]>;
  /** How many events right before what is left of a batch its sink has refused, one after the other; up to `countMax`. */
  refusedBefore(batch: FixedBatch, countMax: number): Promise<number>;
  /**
   * Notes the progress of a batch, so that the next attempt resumes there, and keeps the events that the sink refused.
   * @returns false if the batch has been confirmed or another sender has taken it over
   */
  notePart(batch: BatchKey, sender: Sender, part: NotedPart): Promise<boolean>;
  /**
   * Moves the cursor past the batch, keeps the events that the sink refused, and records its objects in the journal; once per
   * batch. `bytes` are those of the last part. Events that were gone get a line in the execution log.
   */
  confirmBatch(batch: FixedBatch, confirmed: ClosedBatch): Promise<void>;
  /** The confirmed batches of which a sink has objects, in the order of series and number. */
  listed(collector: string, sink: string): Promise<ListedBatch[]>;
  /**
   * Changes what the manifest lists: for all of these batches, or for none. What was merged is recorded in the journal,
   * and gets a line in the execution log.
   * @throws TrawlError STORE_BUSY if it lists something else by now
   */
  changeObjects(collector: string, changes: readonly ObjectsChange[], merged?: MergedObjects): Promise<void>;
  /**
   * Takes or renews the right to compact the objects that a sink has of a collector, for `leaseMs` by the store's clock; 0
   * ends it.
   * @returns false while another sender has it, or if there are no objects
   */
  leaseCompaction(collector: string, sink: string, sender: Sender, leaseMs: number): Promise<boolean>;
  openRepetitions(collector: string): Promise<OpenRepetition[]>;
  /**
   * Gives up a repetition for good: its open batches are forgotten, so that retention no longer keeps their events.
   * Whoever is sending one stops. What was confirmed stays in the manifest. Writes a line to the execution log, once.
   * @returns the open batches; null if there is no such repetition
   */
  dropRepetition(collector: string, series: string): Promise<OpenRepetition[] | null>;
  /** Number of stored events that each sink of a collector has refused. */
  refusedCounts(collector: string): Promise<Map<string, number>>;
  noteFailure(key: SeriesKey, failure: string): Promise<void>;
  /** Number of events after the lowest cursor of these sinks, counted up to `countMax`. */
  backlog(collector: string, sinks: readonly string[], countMax: number): Promise<number>;

  /**
   * U04 for offloaded events: deletes those that every sink has, whose page is closed and that no unsent batch
   * contains. Their ids stay known, so they are not stored again when a page is read again.
   * @returns the number deleted; fewer than `eventsMax` once no more may be deleted
   */
  clearConfirmed(clearing: ClearRequest): Promise<number>;
  /**
   * Deletes execution-log lines, related objects and ids of cleared events, so many of each at most.
   * @returns whether more are left
   */
  prune(collector: string, request: PruneRequest): Promise<boolean>;
  /** When `prune` last left nothing, RFC 3339; null if never. */
  prunedAt(collector: string): Promise<string | null>;
  /** Returns free space to the file system, if the database does not do so on its own. */
  shrink(): Promise<void>;
}
