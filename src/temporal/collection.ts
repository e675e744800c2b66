import { type Client, type WorkflowHandleWithFirstExecutionRunId, WorkflowNotFoundError } from '@temporalio/client';
import type { recurringAuditCollection } from '../../workflows/recurring-audit-collection.js';
import { TrawlError } from '../errors.js';
import type { RunFailure } from '../watch/run-failure.js';
import { requireCron } from '../watch/ticks.js';
import { cronState, isOver, startCron, stopCron } from './cron.js';
import { collectId, collectorOf, offloadId, recurringId, taskQueue } from './names.js';
import {
  deleteSchedule,
  pauseSchedule,
  type ScheduleWishes,
  scheduleState,
  startSchedule,
  triggerSchedule,
} from './schedule.js';

export type CollectionHandle = WorkflowHandleWithFirstExecutionRunId<typeof recurringAuditCollection>;

/** Starts M10 now, beside the recurring collection, or joins a run that was started this way and is still going. */
export async function startNow(client: Client, collector: string): Promise<CollectionHandle> {
  return client.workflow.start('recurringAuditCollection', {
    workflowId: collectId(collector),
    taskQueue,
    args: [{ collector }],
    workflowIdConflictPolicy: 'USE_EXISTING',
    staticSummary: `${collector}: collect now`,
  });
}

/** A collection recurs by a workflow on cron or by a Temporal Schedule. */
export type Recurrence = 'cron' | 'schedule';

/** State of a collector's recurring collection on the Temporal server. */
export interface RecurringState {
  recurrence: Recurrence;
  state: 'waiting' | 'running' | 'paused';
  /** Empty for a Schedule that was made elsewhere. */
  cron: string;
  /** RFC 3339; null while a run is under way. */
  nextRun: string | null;
  /** The last recurring run's failure; null if it did not fail. */
  failure: RunFailure | null;
  /** Workflow id of the run under way; null if there is none. */
  run: string | null;
  /** The note left when the Schedule was paused; null if it is not paused. */
  pausedBecause: string | null;
}

/** Returns null if the collector has no recurring collection. */
export async function recurringState(client: Client, collector: string): Promise<RecurringState | null> {
  const [schedule, workflow] = await Promise.all([scheduleState(client, collector), cronState(client, collector)]);
  // A cron started by other means takes precedence over a paused Schedule.
  if (schedule && !(schedule.paused && workflow?.running)) {
    const { cron, paused, note, running, nextRunMs, failure } = schedule;
    const state = running.length > 0 ? 'running' : paused ? 'paused' : 'waiting';
    const nextRun = state === 'waiting' && nextRunMs !== null ? new Date(nextRunMs).toISOString() : null;
    const run = running[0]?.workflowId ?? null;
    const pausedBecause = paused ? note : null;
    return { recurrence: 'schedule', state, cron, nextRun, failure, run, pausedBecause };
  }
  if (!workflow?.running) return null;
  const { cron, begun, executionTimeMs, failure } = workflow;
  const waiting = !begun;
  const nextRun = waiting ? new Date(executionTimeMs).toISOString() : null;
  const run = waiting ? null : recurringId(collector);
  const state = waiting ? 'waiting' : 'running';
  return { recurrence: 'cron', state, cron, nextRun, failure, run, pausedBecause: null };
}

/** The collectors with a recurring collection, according to Temporal's lists. */
export async function recurringCollectors(client: Client): Promise<string[]> {
  const names = new Set<string>();
  const query = `WorkflowType = 'recurringAuditCollection' AND ExecutionStatus = 'Running'`;
  for await (const { workflowId } of client.workflow.list({ query })) {
    const name = collectorOf(workflowId);
    // Leaves out a collection started by hand, and runs of a Schedule, whose ids end with their time.
    if (name !== undefined && !/-now$|-\d{4}-\d\d-\d\dT[\d:]+Z$/.test(name)) names.add(name);
  }
  for await (const { scheduleId } of client.schedule.list()) {
    const name = collectorOf(scheduleId);
    if (name !== undefined) names.add(name);
  }
  return [...names].sort();
}

/** Wishes for a recurring collection. Omitted ones stay unchanged, or get their default in a new one. */
export interface RecurringWishes extends ScheduleWishes {
  recurrence?: Recurrence | undefined;
}

/**
 * Starts the recurring collection or changes an existing one. A move from cron to a Schedule or back misses no run: the
 * new one exists before the old one ends.
 * @throws TrawlError INPUT_INVALID if the cron is refused; nothing was changed then.
 */
export async function startRecurring(
  client: Client,
  collector: string,
  wishes: RecurringWishes = {},
): Promise<'started' | 'running already' | 'changed'> {
  const before = await recurringState(client, collector);
  const recurrence = wishes.recurrence ?? before?.recurrence ?? 'cron';
  const moves = before !== null && before.recurrence !== recurrence;
  if (moves && !before.cron && wishes.cron === undefined) {
    throw new TrawlError('INPUT_INVALID', `The Schedule of ${collector} was made elsewhere: its times are unknown.`, {
      hint: 'Give the cron to move to with --cron. Nothing was changed.',
    });
  }
  // Keep its cron when it moves.
  const cron = wishes.cron ?? (moves ? before.cron : undefined);
  if (cron !== undefined) requireCron(cron);
  const outcome =
    recurrence === 'schedule'
      ? await startSchedule(client, collector, { ...wishes, cron })
      : await startCron(client, collector, cron);
  if (!moves) return outcome;
  if (recurrence === 'cron') await deleteSchedule(client, collector);
  else {
    await stopCron(client, collector, 'Started with a Schedule');
    // Stopping has cancelled the run under way: replace it.
    if (before.state === 'running') await triggerSchedule(client, collector);
  }
  return 'changed';
}

/**
 * Ends the recurring collection; pauses a Schedule.
 * @returns `stopping` if no worker has carried out the cancellation yet.
 */
export async function stopRecurring(
  client: Client,
  collector: string,
  reason: string,
): Promise<'stopped' | 'stopping'> {
  await pauseSchedule(client, collector, reason);
  return stopCron(client, collector, reason);
}

/**
 * Ends all that runs for a collector, and deletes its Schedules: of collecting, and of offloading under the id that the
 * docs give it. Can be repeated.
 * @returns `stopping` if no worker has carried out a cancellation yet.
 */
export async function endAll(client: Client, collector: string, reason: string): Promise<'stopped' | 'stopping'> {
  const recurring = await stopRecurring(client, collector, reason);
  await deleteSchedule(client, collector);
  await deleteSchedule(client, collector, offloadId(collector));
  const others = await Promise.all([collectId(collector), offloadId(collector)].map((id) => cancelled(client, id)));
  return recurring === 'stopped' && others.every(Boolean) ? 'stopped' : 'stopping';
}

/** @returns false if the run has not ended yet */
async function cancelled(client: Client, workflowId: string): Promise<boolean> {
  const handle = client.workflow.getHandle(workflowId);
  try {
    if ((await handle.describe()).status.name !== 'RUNNING') return true;
    await handle.cancel();
    return await isOver(handle);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return true;
    throw error;
  }
}
