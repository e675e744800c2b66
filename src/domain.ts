/**
 * The project's vocabulary as types. Nothing here depends on a vendor, a database or Temporal.
 */

/** An opaque position to read from next. The empty string is the oldest event that the source still holds. */
export type Offset = string;

/**
 * One collector's row of the article's Audit Checkpoints table, with the columns that make it safe to move.
 *
 * `generation` grows with every reset or rewind. It distinguishes a page read before one from a page read after it,
 * even if both were read at the same offset.
 */
export interface Checkpoint {
  lastOffset: Offset;
  /** RFC 3339; null before the first run. */
  lastDateTime: string | null;
  /** RFC 3339; `lastDateTime` if the source had no more then. Null before the first time. */
  caughtUpAt: string | null;
  /** Number of events on the page at `lastOffset` when it was last read; 0 if it has not been read. */
  lastCount: number;
  generation: number;
  /** SHA-256 (hex) of the page at `lastOffset` when it was last read; the empty string if it has not been read. */
  lastDigest: string;
  /** The offset that the source refused before the last rewind; null if it refused none. */
  refusedOffset: Offset | null;
  /** Timestamp of the newest stored event, as the source wrote it; null before the first event. */
  newestTimestamp: string | null;
  /** Number of pages committed, and the last sequence number assigned. */
  pages: number;
  lastSeq: number;
}

/** The common columns that enrichment fills (flows S30, S32 to S37). A column without a value is the empty string. */
export interface EventColumns {
  type: string;
  actor: string;
  user: string;
  client: string;
  gateway: string;
  group: string;
  project: string;
  hostname: string;
  server: string;
  fromAddr: string;
}

/** A row of Audit Events before it has a sequence number. */
export interface EnrichedEvent extends EventColumns {
  id: string;
  /** RFC 3339 as the source wrote it, to the nanosecond. */
  timestamp: string;
  /** The same moment in epoch nanoseconds, within 64 bits. Used for sorting and filtering only. */
  timeNs: bigint;
  /** JSON text, byte for byte as the source sent it. */
  rawEvent: string;
  /** JSON text of the members outside the source's envelope, or null. */
  extra: string | null;
  /** The event as the source sent it, if `rawEvent` is only a part of that. */
  whole?: string;
}

/** A row of Audit Events as the store returns it. */
export interface StoredEvent extends Omit<EnrichedEvent, 'timeNs' | 'whole'> {
  collector: string;
  /** Grows by one with each event stored for a collector; never reused. */
  seq: number;
  /** RFC 3339. */
  collectedAt: string;
}

/** A row of Audit Related Objects: `object` is JSON text. */
export interface RelatedObject {
  id: string;
  type: string;
  object: string;
}

/** Text from a source that could not become an event, kept unchanged. */
export interface Rejected {
  /** 'event' for one event of a page, 'answer' for a response that was not a page. */
  kind: 'event' | 'answer';
  reason: string;
  /** The source's own text. */
  raw: string;
  /** Id of the event, if it could be read and is not stored yet. */
  id?: string;
  /** Distinguishes altered events that have the same text; absent if only the text is known. */
  event?: { id: string; timestamp: string };
}

/** A period whose events the source's retention deleted before they were read. RFC 3339. */
export interface RetentionGap {
  from: string;
  to: string;
}

/** One line of the Execution Log (U20). */
export interface ExecutionLogLine {
  /** Grows with each line of the store. */
  line: number;
  /** RFC 3339 in UTC. */
  datetime: string;
  collector: string;
  eventsWritten: number;
  notes: string;
}

/** The notes of the article's M10 branches, and those that this project adds. */
export const notes = {
  noNewEvents: 'No new events',
  firstPartPage: 'First part page',
  subsequentPartPage: 'Subsequent part page',
  fullPage: 'Full page',
  resetCheckpoint: 'Reset checkpoint',
  resetToRejected: 'Reset checkpoint to the first page with rejected events',
  clearedEvents: 'Cleared events table',
  stopped: 'Stopped: no run is expected',
  removed: 'Removed: settings, checkpoint and expected runs',
} as const;

/** Begins the note of a failed run. The failure follows, with its code in brackets. */
export const runFailed = 'Run failed: ';

/** Begins the note of a last page that was not the source's last. The reason follows. */
export const notCaughtUp = 'Not caught up: ';

/** Why a page was the last of a run although its source has more: it leads to where the run had been. */
export const leadsBack = 'the source leads back to a page that was read';
