import type { Client, WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import type { recurringAuditCollection } from '../../workflows/recurring-audit-collection.js';
import { cronState, startCron, stopCron } from './cron.js';
import { collectId, taskQueue } from './names.js';
import { scheduleState, startSchedule, stopSchedule } from './schedule.js';

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
}

/** Null where there is none. */
export async function recurringState(client: Client, collector: string): Promise<RecurringState | null> {
  const schedule = await scheduleState(client, collector);
  if (schedule) {
    const { cron, paused, running, nextRunMs, lastFailure } = schedule;
    const state = running.length > 0 ? 'running' : paused ? 'paused' : 'waiting';
    const nextRun = state === 'waiting' && nextRunMs !== null ? new Date(nextRunMs).toISOString() : null;
    return { recurrence: 'schedule', state, cron, nextRun, lastFailure };
  }
  const workflow = await cronState(client, collector);
  if (!workflow?.running) return null;
  const { cron, executionTimeMs, lastFailure } = workflow;
  const waiting = executionTimeMs > Date.now();
  const nextRun = waiting ? new Date(executionTimeMs).toISOString() : null;
  return { recurrence: 'cron', state: waiting ? 'waiting' : 'running', cron, nextRun, lastFailure };
}

/**
 * Starts the recurring collection. One that recurs in the same way is left alone; with another cron, or in the other
 * way, it is started anew.
 */
export async function startRecurring(
  client: Client,
  collector: string,
  cron: string,
  recurrence: Recurrence = 'cron',
): Promise<'started' | 'running already' | 'changed'> {
  if (recurrence === 'schedule') {
    const workflow = await cronState(client, collector);
    // First the new one: a cron that the server does not take must not leave the collector stopped.
    const outcome = await startSchedule(client, collector, cron);
    if (!workflow?.running) return outcome;
    await stopCron(client, collector, 'Started with a Schedule');
    return 'changed';
  }
  const schedule = await scheduleState(client, collector);
  const outcome = await startCron(client, collector, cron);
  if (!schedule) return outcome;
  await stopSchedule(client, collector, schedule);
  return 'changed';
}

/** Ends the recurring collection. @returns `stopping` where no worker has carried out the cancellation yet. */
export async function stopRecurring(
  client: Client,
  collector: string,
  reason: string,
): Promise<'stopped' | 'stopping'> {
  const schedule = await scheduleState(client, collector);
  if (schedule) await stopSchedule(client, collector, schedule);
  return stopCron(client, collector, reason);
}
