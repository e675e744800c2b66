import type { RetentionGap } from '../src/domain.js';
import type { CommandKind } from '../src/inputs/commands.js';

/**
 * What goes between workflows and activities, and so into Temporal's history: references, counts and offsets, never
 * an event and never a secret.
 */

export interface CollectorInput {
  collector: string;
}

/** Where a walk reads next. */
export interface WalkPosition {
  offset: string;
  generation: number;
}

export interface LastCheckpointInput extends CollectorInput {
  /** Left out where the run was asked for by hand. */
  recurrence?: Recurrence;
}

/** What made a run begin by itself: the cron, as far as it is known, or else when it was due (RFC 3339). */
export type Recurrence = { cron: string } | { scheduledAt: string };

/** U10 Get Last Checkpoint. */
export interface LastCheckpoint extends WalkPosition {
  /** SHA-256 of the page at `offset` when it was read last; empty where it was not. */
  digest: string;
  /** Pages committed so far. */
  pages: number;
  /** Set where the run is to begin offloading: `due` where something is left from before, else once there is something. */
  offload?: 'due' | 'when new';
}

export interface FetchPagesInput extends CollectorInput {
  from: WalkPosition;
  /** Digest of the first page when it was read last: if it is still the same and the last, nothing is staged. */
  knownDigest: string;
  /** An activity hands on what it has when it reaches one of these. */
  pagesMax: number;
  eventsMax: number;
  bytesMax: number;
  durationMaxMs: number;
}

/** A page that is staged in the store. */
export interface PageRef {
  key: string;
  offset: string;
  /** Where to read on: after this page, or at it once more where it may still fill. */
  nextOffset: string;
  /** Whether the source had more, at `nextOffset`. */
  more: boolean;
  generation: number;
  events: number;
  rejected: number;
  /** Set where events before it were lost to the source's retention. */
  gap?: RetentionGap;
  /** Set where a person should know something of it. */
  warning?: string;
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

export interface PagesInput extends CollectorInput {
  pages: PageRef[];
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

export interface ExecutionLogInput extends CollectorInput {
  /** How the run failed, or the command; left out where the run found nothing new. */
  failure?: string;
  /** Set where it is a command that failed for good. */
  command?: { kind: CommandKind; keys: string[] };
}

export interface CommandInput extends CollectorInput {
  /** One for each command asked for: the same key takes effect once. */
  keys: string[];
}

export interface ClearEventsInput extends CommandInput {
  /** Also events that a sink lacks. */
  force?: boolean;
}

export interface RewindInput extends CollectorInput {
  from: WalkPosition;
}

export interface SetEnvironmentVariablesInput extends CollectorInput {
  variables: Record<string, string>;
}

export interface PlanOffloadInput extends CollectorInput {
  /** Only to these of its sinks. */
  sinks?: string[];
}

export interface OffloadPlan {
  sinks: string[];
  /** Whether anything is to be cleared or deleted afterwards. */
  retains: boolean;
}

export interface OffloadBatchesInput extends CollectorInput {
  sink: string;
  /** Empty for the offloading itself, else the name of a repetition. */
  series: string;
  /** Of a repetition: events of this time, RFC 3339; the end not among them. */
  since: string | null;
  until: string | null;
  /** Also a batch that is not full and could wait. */
  now: boolean;
  durationMaxMs: number;
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
