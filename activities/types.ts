import type { ActivityInput, PageRef, WalkPosition } from '../src/inputs/activities.js';

/** What activities answer: as for their inputs (src/inputs/activities.ts), never an event and never a secret. */

export type { ActivityInput, PageRef, PagesInput, Recurrence, WalkPosition } from '../src/inputs/activities.js';
export type FetchPagesInput = ActivityInput<'fetchPages'>;

/** U10 Get Last Checkpoint. */
export interface LastCheckpoint extends WalkPosition {
  /** SHA-256 of the page at `offset` when it was read last; empty where it was not. */
  digest: string;
  /** Pages committed so far. */
  pages: number;
  /** Set where the run is to begin offloading: `due` where something is left from before, else once there is something. */
  offload?: 'due' | 'when new';
}

export interface FetchedPages {
  pages: PageRef[];
  /** Where to read on, and whether the source has more there now. */
  nextOffset: string;
  more: boolean;
  /** How long to leave the source alone first; ms. */
  pauseMs: number;
  requests: number;
}

export interface PagesWritten {
  pages: number;
  newEvents: number;
  rejected: number;
  /** True where the checkpoint stood elsewhere: what was not written yet was left out. */
  superseded: boolean;
  /** Note of the last page; empty where none was written. */
  note: string;
  /** Time of the newest event, to the second; null where there is none. */
  newest: string | null;
}

export interface OffloadPlan {
  sinks: readonly string[];
  /** Whether anything is to be cleared or deleted afterwards. */
  retains: boolean;
}

export interface OffloadedBatches {
  batches: number;
  events: number;
  /** As sent. */
  bytes: number;
  /** Events whose type is in no mapping table of the schema. */
  unmapped: number;
  /** Events that the sink cannot keep. */
  refused: number;
  more: boolean;
}
