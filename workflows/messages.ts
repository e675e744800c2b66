import { defineQuery, defineSignal } from '@temporalio/workflow';
import { attemptFailed } from '../src/inputs/attempts.js';
import type { CommandKind } from '../src/inputs/commands.js';

/** U03 as a signal: read again from the oldest event that the source still holds. */
export const resetCheckpointSignal = defineSignal('resetCheckpoint');

/**
 * U04 as a signal: clear this collector's events. If a sink lacks some of them, nothing is cleared and the execution
 * log says so; with `{"force": true}` they are cleared anyway.
 */
export const clearEventsSignal = defineSignal<[options?: unknown]>('clearEvents');

export const progressQuery = defineQuery<Progress>('progress');

/** Result of the query `progress`: what this run (or this walk) has done so far. */
export interface Progress {
  collector: string;
  state:
    | 'starting'
    | 'walking'
    | 'waiting for the rate limit'
    | 'waiting for another walk'
    | 'handed over'
    | 'caught up'
    /** The run has ended, but the source has more: `note` says why. */
    | 'not caught up'
    | 'failed';
  /** Pages and new events committed, and requests made. Those of a walk handed over are added when it ends. */
  pages: number;
  newEvents: number;
  rejected: number;
  requests: number;
  /** Events on the committed pages, stored before or not. Absent in the answer of an older worker, as is `reached`. */
  eventsRead?: number;
  /** Time of the newest stored event, to the second; null before the first. */
  newest: string | null;
  /** Time of the last event read, to the second: after a reset, long before `newest`. */
  reached?: string | null;
  /** Workflow id of the `auditWalk` that has taken over the walk; null if none has. */
  walk: string | null;
  /** Note of the last page; empty before the first. */
  note: string;
  /** Commands that failed for good. If there are any, the run fails at its end. */
  failedCommands: CommandFailure[];
}

export interface CommandFailure {
  command: CommandKind;
  /** Says what happened and what to do. */
  message: string;
  code: string;
}

/** Result of `offloadEvents` and of its query `progress`: what it has done so far. */
export interface OffloadProgress {
  collector: string;
  sinks: Record<string, SinkProgress>;
  /** Events cleared from the table. */
  cleared: number;
}

export interface SinkProgress {
  state: 'sending' | 'done' | 'failed';
  batches: number;
  events: number;
  /** Bytes as sent: encoded and compressed. */
  bytes: number;
  unmapped: number;
  refused: number;
  /** Why the last attempt failed; set while the state is `failed`. */
  failure?: { message: string; code: string };
  /** The latest attempt of the present step that failed; Temporal makes another. Absent once one succeeds. */
  attempt?: { number: number; failure: string };
  /** Id of the `offloadToSink` that is sending; the counts are added when it ends. Absent for a single sink. */
  workflow?: string;
}

/** Sent by `offloadBatches`, since Temporal tells a workflow only of a step's last attempt. */
export const attemptFailedSignal = defineSignal<[attempt: unknown]>(attemptFailed);

export const offloadProgressQuery = defineQuery<OffloadProgress>('progress');

export const sinkProgressQuery = defineQuery<SinkProgress>('progress');
