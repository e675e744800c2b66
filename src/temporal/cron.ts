import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  type WorkflowHandle,
  WorkflowNotFoundError,
} from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import { defaultCron } from '../default-cron.js';
import { TrawlError } from '../errors.js';
import { refusedCron } from '../watch/cron.js';
import type { RunFailure } from '../watch/run-failure.js';
import { recurringId, taskQueue } from './names.js';
import { epochMsOf } from './times.js';
import { carryOutApart, commandsSentTo, hasBegun } from './waiting-commands.js';
import { hasWorker } from './workers.js';

/** Longest wait for a run to end. */
const stopMaxMs = 20_000;

/** A collector's workflow on cron. */
interface CronState {
  runId: string;
  running: boolean;
  cron: string;
  /** True once the current run has begun; before that it waits for its tick. */
  begun: boolean;
  /** When the current run begins or began; epoch ms, by the server's clock. */
  executionTimeMs: number;
  /** The previous run's failure; null if it did not fail. */
  failure: RunFailure | null;
  /** Temporal's name for the status, in lower case. */
  status: string;
}

/** Returns null if the collector has no such workflow. */
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
    const running = status.name === 'RUNNING';
    return {
      runId,
      running,
      begun: !running || (await hasBegun(client, workflowId, runId)),
      status: status.name.toLowerCase(),
      cron: started?.cronSchedule ?? '',
      executionTimeMs: epochMsOf(raw.workflowExecutionInfo!.executionTime),
      failure: failureBefore(started, epochMsOf(raw.workflowExecutionInfo!.startTime)),
    };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

/** @param startedMs when the current run was made, which is when the previous one ended. */
function failureBefore(
  started: temporal.api.history.v1.IWorkflowExecutionStartedEventAttributes | null | undefined,
  startedMs: number,
): RunFailure | null {
  const failure = started?.continuedFailure;
  if (!failure) return null;
  return { message: failure.message ?? '', code: failure.applicationFailureInfo?.type || null, atMs: startedMs };
}

/**
 * Starts the recurring collection on cron. One that is already running is left alone, unless another cron is wanted:
 * then it is restarted, once it is certain that the new one can start.
 * @throws TrawlError INPUT_INVALID, NO_WORKER; the running one goes on then, unless its end is under way.
 */
export async function startCron(
  client: Client,
  collector: string,
  wanted?: string,
): Promise<'started' | 'running already' | 'changed'> {
  const state = await cronState(client, collector);
  const cron = wanted ?? defaultCron;
  if (state?.running && (wanted === undefined || state.cron === cron)) return 'running already';
  // The server judges the cron before it looks whether the id is in use.
  if (await startOnCron(client, collector, cron)) return state?.running ? 'changed' : 'started';
  // Another process was faster.
  if (!state?.running) return 'running already';
  await end(client, collector, state);
  try {
    return (await startOnCron(client, collector, cron)) ? 'changed' : 'running already';
  } catch (error) {
    await startOnCron(client, collector, state.cron);
    throw error;
  }
}

/** Ends a collection that is to be replaced. @throws TrawlError NO_WORKER */
async function end(client: Client, collector: string, { begun }: CronState): Promise<void> {
  if (begun && !(await hasWorker(client))) {
    throw new TrawlError('NO_WORKER', `A run of ${collector} is under way, and no worker can end it.`, {
      hint: 'Nothing was changed. Start a worker ("trawl worker"), then try again.',
    });
  }
  if ((await stopCron(client, collector, 'Started with another cron')) === 'stopped') return;
  throw new TrawlError(
    'NO_WORKER',
    `The recurring collection of ${collector} has been cancelled but has not ended yet.`,
    {
      hint: 'It ends when a worker carries out the cancellation ("trawl worker"); then start it again.',
    },
  );
}

/**
 * @returns false if the recurring collection is running
 * @throws TrawlError INPUT_INVALID if the server refuses the cron, even if the collection is running.
 */
async function startOnCron(client: Client, collector: string, cron: string): Promise<boolean> {
  try {
    await client.workflow.start('recurringAuditCollection', {
      workflowId: recurringId(collector),
      taskQueue,
      args: [{ collector }],
      cronSchedule: cron,
      staticSummary: `${collector}: recurring collection`,
    });
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    const { details = '' } = (error as { cause?: { details?: string } }).cause ?? {};
    throw /cron/i.test(details) ? refusedCron(cron, `the Temporal server says "${details}"`, error) : error;
  }
}

/**
 * Ends the recurring collection. If a run ends and the next one begins meanwhile, it ends that one too.
 *
 * @returns `stopping` if no worker has carried out the cancellation yet.
 */
export async function stopCron(client: Client, collector: string, reason: string): Promise<'stopped' | 'stopping'> {
  for (;;) {
    const state = await cronState(client, collector);
    if (!state?.running) return 'stopped';
    if ((await stopRun(client, collector, state, reason)) === 'stopping') return 'stopping';
  }
}

/**
 * Cancels a run that has begun; it first carries out the commands it has accepted. Terminates a run that waits for its
 * next tick; separate workflows carry out the commands that were sent to it. This happens twice: before the
 * termination, so that no command is lost if this process dies, and after it, for commands that arrived in between. If
 * the run has begun after all, it carries them out under the same keys, so each takes effect once.
 */
async function stopRun(
  client: Client,
  collector: string,
  { runId, begun }: CronState,
  reason: string,
): Promise<'ended' | 'stopping'> {
  const workflowId = recurringId(collector);
  const handle = client.workflow.getHandle(workflowId, runId, { followRuns: false });
  const carryOut = async () =>
    carryOutApart(client, collector, await commandsSentTo(client, workflowId, runId), (id) =>
      isOver(client.workflow.getHandle(id)),
    );
  try {
    if (begun) {
      await handle.cancel();
      return (await isOver(handle)) ? 'ended' : 'stopping';
    }
    await carryOut();
    await handle.terminate(reason);
  } catch (error) {
    // The run has ended in the meantime.
    if (error instanceof WorkflowNotFoundError) return 'ended';
    throw error;
  }
  await carryOut();
  return 'ended';
}

/** Polls instead of awaiting the result, which would leave a call pending if the run does not end. */
export async function isOver(handle: WorkflowHandle): Promise<boolean> {
  const until = Date.now() + stopMaxMs;
  for (;;) {
    if ((await handle.describe()).status.name !== 'RUNNING') return true;
    if (Date.now() > until) return false;
    await sleep(100);
  }
}
