import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { CommandKind } from '../src/inputs/commands.js';

/** U03 as a signal: read again from the start of what the source still holds. */
export const resetCheckpointSignal = defineSignal('resetCheckpoint');

/**
 * U04 as a signal: empty the events table of this collector. While a sink lacks some of the events it is not carried out,
 * and the execution log says so; with `{"force": true}` they go too.
 */
export const clearEventsSignal = defineSignal<[options?: unknown]>('clearEvents');

export const progressQuery = defineQuery<Progress>('progress');

/** Answer to the query `progress`: what this run (or this walk) has done so far. */
export interface Progress {
  collector: string;
  state:
    | 'starting'
    | 'walking'
    | 'waiting for the rate limit'
    | 'waiting for another walk'
    | 'handed over'
    | 'caught up'
    | 'failed';
  /** Pages and new events committed, and requests made; a hand-over's own are added when it ends. */
  pages: number;
  newEvents: number;
  rejected: number;
  requests: number;
  /** Time of the newest event stored, to the second; null before the first. */
  newest: string | null;
  /** Workflow id of the `auditWalk` that goes on with the walk, while one does. */
  walk: string | null;
  /** Note of the last page; empty before the first. */
  note: string;
  /** Commands that failed for good; the run fails at its end where there are any. */
  failedCommands: CommandFailure[];
}

export interface CommandFailure {
  command: CommandKind;
  /** What happened and what to do. */
  message: string;
  code: string;
}

/** What `offloadEvents` has done so far: answer to the query `progress`, and its result. */
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
  /** As sent. */
  bytes: number;
  unmapped: number;
  refused: number;
}

export const offloadProgressQuery = defineQuery<OffloadProgress>('progress');
