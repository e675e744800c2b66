/**
 * The words of the project as types. Nothing here knows a vendor, a database or Temporal.
 */

/** An opaque place to read from next; the empty string is the start of what the source still holds. */
export type Offset = string;

/**
 * The article's Audit Checkpoints row of one collector, with what makes it safe to move.
 *
 * `generation` grows with every reset or rewind, so that a page read before one can be told from a page read after
 * it, even where both were read at the same offset.
 */
export interface Checkpoint {
  lastOffset: Offset;
  /** RFC 3339; null before the first run. */
  lastDateTime: string | null;
  /** Events of the page at `lastOffset` when it was read last; 0 when that page has not been read. */
  lastCount: number;
  generation: number;
  /** SHA-256 (hex) of the page at `lastOffset` when it was read last; the empty string when it has not been read. */
  lastDigest: string;
  /** The offset that the source refused before the last rewind; null when none was. */
  refusedOffset: Offset | null;
  /** Timestamp of the newest event stored, as the source wrote it; null before the first. */
  newestTimestamp: string | null;
  /** Pages committed, and the last sequence number given out. */
  pages: number;
  lastSeq: number;
}

/** The common columns that enrichment fills (flows S30, S32 to S37). Texts; empty where there is nothing. */
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
  /** The same moment in epoch nanoseconds, within 64 bits: for sorting and filtering only. */
  timeNs: bigint;
  /** JSON text in the bytes that the source sent. */
  rawEvent: string;
  /** JSON text of the members outside the source's envelope, or null. */
  extra: string | null;
}

/** A row of Audit Events as it is read back. */
export interface StoredEvent extends Omit<EnrichedEvent, 'timeNs'> {
  collector: string;
  /** Grows by one with each event stored for a collector; never used again. */
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

/** What could not become an event, kept as it came. */
export interface Rejected {
  /** 'event' for one event of a page, 'answer' for an answer that was no page at all. */
  kind: 'event' | 'answer';
  reason: string;
  /** The source's own text. */
  raw: string;
}

/** A stretch of time whose events were lost to the source's retention before they were read. RFC 3339. */
export interface RetentionGap {
  from: string;
  to: string;
}

/** One line of the Execution Log (U20). */
export interface ExecutionLogLine {
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
  clearedEvents: 'Cleared events table',
} as const;

/** Note of a U04 that was not carried out. */
export function notClearedNote(events: number, sinks: readonly string[]): string {
  return `Not cleared: ${events} events have not reached every sink (${sinks.join(', ')})`;
}
