import type { ActivityInput, PageRef, PageStart } from '../src/inputs/activities.js';

/** Results of the activities. Like their inputs (src/inputs/activities.ts), they contain neither events nor secrets. */

export type {
  ActivityInput,
  PageRef,
  PageStart,
  PagesInput,
  Recurrence,
} from '../src/inputs/activities.js';
export type FetchPagesInput = ActivityInput<'fetchPages'>;

/** U10 Get Last Checkpoint. */
export interface LastCheckpoint extends PageStart {
  /** SHA-256 of the page at `offset` when it was last read; empty if it has not been read. */
  digest: string;
  /** Number of pages committed so far. */
  pages: number;
  /** Set if the page committed last was the source's last one, then. */
  caughtUp?: true;
  /** Set if pages from here on have been staged a moment ago: another walk is at work, or was until then. */
  isBeingRead?: true;
  /** Set if the run should begin offloading: `due` if a backlog or retention waits, else once there are new events. */
  offload?: 'due' | 'when new';
}

export interface FetchedPages {
  pages: PageRef[];
  /** The offset to continue from, and whether the source has more there now. */
  nextOffset: string;
  more: boolean;
  /** Milliseconds to wait before the next request. */
  pauseMs: number;
  requests: number;
  /** Number of empty pages in a row that the walk has read last; absent if there are none. */
  emptyPages?: number;
  /** Set if nothing was new and the execution log says so. Absent in the answer of an older worker. */
  noted?: true;
}

export interface PagesWritten {
  pages: number;
  newEvents: number;
  rejected: number;
  /** True if the checkpoint had moved: the pages not yet written were dropped. */
  superseded: boolean;
  /** Note of the last page; empty if none was written. */
  note: string;
  /** Time of the newest event in UTC, to the second and without a zone; null if there is none. */
  newest: string | null;
  /** Time of the last event written or known already, in the same form. Absent if there is none, or of an older worker. */
  reached?: string;
}

export interface OffloadPlan {
  sinks: readonly string[];
  /** True if retention is applied afterwards. */
  retains: boolean;
  /** Sinks that lack events. Absent in the answer of an older worker. */
  behind?: readonly string[];
  /** True if retention must not wait until the sinks are done. Absent in the answer of an older worker. */
  retentionDue?: boolean;
}

export interface OffloadedBatches {
  batches: number;
  events: number;
  /** Bytes as sent: encoded and compressed. */
  bytes: number;
  /** Events whose type the schema's mapping tables do not contain. */
  unmapped: number;
  /** Events that the sink cannot keep. */
  refused: number;
  more: boolean;
}

/** Local activities, which take no input. The worker has them besides those of createActivities. */
export interface LocalActivities {
  /** The releases, besides this worker's, whose workers poll the task queue. @throws if the server does not say. */
  otherReleases(): Promise<string[]>;
}
