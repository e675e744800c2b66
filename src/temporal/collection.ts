import type { Client, WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import type { recurringAuditCollection } from '../../workflows/recurring-audit-collection.js';
import { cronState, startCron, stopCron } from './cron.js';
import { collectId, collectorOf, recurringId, taskQueue } from './names.js';
import {
  deleteSchedule,
  pauseSchedule,
  type ScheduleWishes,
  scheduleState,
  startSchedule,
  triggerSchedule,
} from './schedule.js';

export type CollectionHandle = WorkflowHandleWithFirstExecutionRunId<typeof recurringAuditCollection>;

/** Starts M10 now, beside the recurring collection; one that is under way already is joined. */
export async function startNow(client: Client, collector: string): Promise<CollectionHandle> {
  return client.workflow.start('recurringAuditCollection', {
    workflowId: collectId(collector),
    taskQueue,
    args: [{ collector }],
    workflowIdConflictPolicy: 'USE_EXISTING',
    staticSummary: `${collector}: collect now`,
  });
}

/** What makes a collection recur: a workflow on cron, or a Temporal Schedule. */
export type Recurrence = 'cron' | 'schedule';

/** A collector's recurring collection as Temporal has it. */
export interface RecurringState {
  recurrence: Recurrence;
  state: 'waiting' | 'running' | 'paused';
  /** Empty where a Schedule was made elsewhere. */
  cron: string;
  /** RFC 3339; null while it runs. */
  nextRun: string | null;
  /** How the last run failed; null where it did not. */
  lastFailure: string | null;
  /** The code of that failure; null where it has none. */
  lastFailureCode: string | null;
  /** Workflow id of the run under way; null where there is none. */
  run: string | null;
  /** What whoever paused a Schedule has noted; null where it is not paused. */
  pausedBecause: string | null;
}

/** Null where there is none. */
export async function recurringState(client: Client, collector: string): Promise<RecurringState | null> {
  const [schedule, workflow] = await Promise.all([scheduleState(client, collector), cronState(client, collector)]);
  // One that was paused, and then a cron started by other means.
  if (schedule && !(schedule.paused && workflow?.running)) {
    const { cron, paused, note, running, nextRunMs, lastFailure, lastFailureCode } = schedule;
    const state = running.length > 0 ? 'running' : paused ? 'paused' : 'waiting';
    const nextRun = state === 'waiting' && nextRunMs !== null ? new Date(nextRunMs).toISOString() : null;
    const run = running[0]?.workflowId ?? null;
    const pausedBecause = paused ? note : null;
    return { recurrence: 'schedule', state, cron, nextRun, lastFailure, lastFailureCode, run, pausedBecause };
  }
  if (!workflow?.running) return null;
  const { cron, begun, executionTimeMs, lastFailure, lastFailureCode } = workflow;
  const waiting = !begun;
  const nextRun = waiting ? new Date(executionTimeMs).toISOString() : null;
  const run = waiting ? null : recurringId(collector);
  const state = waiting ? 'waiting' : 'running';
  return { recurrence: 'cron', state, cron, nextRun, lastFailure, lastFailureCode, run, pausedBecause: null };
}

/** The collectors that have a recurring collection, as far as Temporal lists them. */
export async function recurringCollectors(client: Client): Promise<string[]> {
  const names = new Set<string>();
  const query = `WorkflowType = 'recurringAuditCollection' AND ExecutionStatus = 'Running'`;
  for await (const { workflowId } of client.workflow.list({ query })) {
    const name = collectorOf(workflowId);
    // One that was asked for now, or a run of a Schedule, whose id ends with its time.
    if (name !== undefined && !/-now$|-\d{4}-\d\d-\d\dT[\d:]+Z$/.test(name)) names.add(name);
  }
  for await (const { scheduleId } of client.schedule.list()) {
    const name = collectorOf(scheduleId);
    if (name !== undefined) names.add(name);
  }
  return [...names].sort();
}

/** What is asked of a recurring collection; what is left out stays as it is, or gets its default where it is new. */
export interface RecurringWishes extends ScheduleWishes {
  recurrence?: Recurrence | undefined;
}

/**
 * Starts the recurring collection, or changes what is asked of one that there is. Moved from cron to a Schedule or back,
 * it misses no run: the new one is there before the old one ends.
 */
export async function startRecurring(
  client: Client,
  collector: string,
  wishes: RecurringWishes = {},
): Promise<'started' | 'running already' | 'changed'> {
  const before = await recurringState(client, collector);
  const recurrence = wishes.recurrence ?? before?.recurrence ?? 'cron';
  const moves = before !== null && before.recurrence !== recurrence;
  // Its own cron goes along.
  const cron = wishes.cron ?? (moves && before.cron ? before.cron : undefined);
  const outcome =
    recurrence === 'schedule'
      ? await startSchedule(client, collector, { ...wishes, cron })
      : await startCron(client, collector, cron);
  if (!moves) return outcome;
  if (recurrence === 'cron') await deleteSchedule(client, collector);
  else {
    await stopCron(client, collector, 'Started with a Schedule');
    // A run that was under way has been cancelled.
    if (before.state === 'running') await triggerSchedule(client, collector);
  }
  return 'changed';
}

/** Ends the recurring collection; a Schedule is paused. @returns `stopping` where no worker has carried out the cancellation yet. */
export async function stopRecurring(
  client: Client,
  collector: string,
  reason: string,
): Promise<'stopped' | 'stopping'> {
  await pauseSchedule(client, collector, reason);
  return stopCron(client, collector, reason);
}
