import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  type WorkflowHandle,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { TrawlError } from '../errors.js';
import { defaultCron, recurringId, taskQueue } from './names.js';
import { epochMsOf } from './times.js';

/** A run is given so long to end. */
const stopMaxMs = 20_000;

/** A collector's workflow on cron. */
export interface CronState {
  runId: string;
  running: boolean;
  cron: string;
  /** When the present run begins, or began: before that it waits for its tick. Epoch ms. */
  executionTimeMs: number;
  /** How the run before this one failed; null where it did not. */
  lastFailure: string | null;
  /** The code of that failure; null where it has none. */
  lastFailureCode: string | null;
  /** Temporal's name for the status, in lower case. */
  status: string;
}

/** Null where there is none, or not on cron. */
export async function cronState(client: Client, collector: string): Promise<CronState | null> {
  const workflowId = recurringId(collector);
  const { namespace } = client.options;
  try {
    const { raw, status } = await client.workflow.getHandle(workflowId).describe();
    const runId = raw.workflowExecutionInfo!.execution!.runId!;
    const { history } = await client.workflowService.getWorkflowExecutionHistory({
      namespace,
      execution: { workflowId, runId },
      maximumPageSize: 1,
    });
    const started = history?.events?.[0]?.workflowExecutionStartedEventAttributes;
    return {
      runId,
      running: status.name === 'RUNNING',
      status: status.name.toLowerCase(),
      cron: started?.cronSchedule ?? '',
      executionTimeMs: epochMsOf(raw.workflowExecutionInfo!.executionTime),
      lastFailure: started?.continuedFailure?.message ?? null,
      lastFailureCode: started?.continuedFailure?.applicationFailureInfo?.type || null,
    };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

/**
 * Starts the recurring collection on cron. One that runs with the same cron, or where no other is asked for, is left
 * alone; with another, it is started anew.
 */
export async function startCron(
  client: Client,
  collector: string,
  wanted?: string,
): Promise<'started' | 'running already' | 'changed'> {
  const state = await cronState(client, collector);
  const cron = wanted ?? defaultCron;
  if (state?.running && (wanted === undefined || state.cron === cron)) return 'running already';
  if (state?.running && (await stopCron(client, collector, 'Started with another cron')) === 'stopping') {
    throw new TrawlError(
      'NO_WORKER',
      `The recurring collection of ${collector} has been told to end, and has not yet.`,
      {
        hint: 'It ends when a worker carries that out ("trawl worker"); then start it again.',
      },
    );
  }
  try {
    await startOnCron(client, collector, cron);
  } catch (error) {
    // Somebody else was faster.
    if (error instanceof WorkflowExecutionAlreadyStartedError) return 'running already';
    // A cron that the server does not take must not leave the collector stopped.
    if (state?.running) await startOnCron(client, collector, state.cron);
    throw error;
  }
  return state?.running ? 'changed' : 'started';
}

async function startOnCron(client: Client, collector: string, cron: string): Promise<void> {
  await client.workflow.start('recurringAuditCollection', {
    workflowId: recurringId(collector),
    taskQueue,
    args: [{ collector }],
    cronSchedule: cron,
    staticSummary: `${collector}: recurring collection`,
  });
}

/**
 * Ends the recurring collection. A run may end, and the next one begin, while it is being ended: that one is then
 * ended in turn.
 *
 * @returns `stopping` where no worker has carried out the cancellation yet.
 */
export async function stopCron(client: Client, collector: string, reason: string): Promise<'stopped' | 'stopping'> {
  for (;;) {
    const state = await cronState(client, collector);
    if (!state?.running) return 'stopped';
    if ((await stopRun(client, collector, state, reason)) === 'stopping') return 'stopping';
  }
}

/**
 * A run that is walking is cancelled, and carries out the commands it has taken first; one that waits for its next
 * tick is terminated, and commands that were sent to it meanwhile are carried out as workflows.
 */
async function stopRun(
  client: Client,
  collector: string,
  state: CronState,
  reason: string,
): Promise<'ended' | 'stopping'> {
  const handle = client.workflow.getHandle(recurringId(collector), state.runId, { followRuns: false });
  try {
    if (state.executionTimeMs <= Date.now()) {
      await handle.cancel();
      return (await isOver(handle)) ? 'ended' : 'stopping';
    }
    await handle.terminate(reason);
  } catch (error) {
    // The run has ended by itself meanwhile.
    if (error instanceof WorkflowNotFoundError) return 'ended';
    throw error;
  }
  // Only now: nothing can be sent to it any more.
  const { events } = await handle.fetchHistory();
  for (const [index, event] of (events ?? []).entries()) {
    const signal = event.workflowExecutionSignaledEventAttributes?.signalName;
    if (signal !== 'resetCheckpoint' && signal !== 'clearEvents') continue;
    const workflowId = `${recurringId(collector)}-${signal}-${state.runId}-${index}`;
    // One after the other while a worker runs; in any case the server has them.
    await isOver(await client.workflow.start(signal, { workflowId, taskQueue, args: [{ collector }] }));
  }
  return 'ended';
}

/** Asks often instead of waiting for the result, which would leave a call behind where it does not end. */
async function isOver(handle: WorkflowHandle): Promise<boolean> {
  const until = Date.now() + stopMaxMs;
  for (;;) {
    if ((await handle.describe()).status.name !== 'RUNNING') return true;
    if (Date.now() > until) return false;
    await sleep(100);
  }
}
