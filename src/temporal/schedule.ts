import {
  type Client,
  ScheduleAlreadyRunning,
  type ScheduleDescription,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { recurringId, taskQueue } from './names.js';

/** A collector's Temporal Schedule, whose id is that of the workflow on cron. */
export interface ScheduleState {
  cron: string;
  paused: boolean;
  /** Runs under way. */
  running: { workflowId: string; runId: string }[];
  /** Epoch ms; null where there is none. */
  nextRunMs: number | null;
  /** How the run before the next one failed; null where it did not. */
  lastFailure: string | null;
}

/** The default of Temporal is a year of runs, one after the other. */
const catchupWindow = '10 minutes';

/** Null where there is none. */
export async function scheduleState(client: Client, collector: string): Promise<ScheduleState | null> {
  const description = await describe(client, collector);
  if (!description) return null;
  const { info, state, action } = description;
  const last = info.recentActions.at(-1)?.action.workflow;
  return {
    // One that was made elsewhere has no memo: the server does not say how its times were written.
    cron: typeof action.memo?.cron === 'string' ? action.memo.cron : '',
    paused: state.paused,
    running: info.runningActions.map(({ workflow }) => ({
      workflowId: workflow.workflowId,
      runId: workflow.firstExecutionRunId,
    })),
    nextRunMs: info.nextActionTimes[0]?.getTime() ?? null,
    lastFailure: last ? await failureOf(client, last.workflowId) : null,
  };
}

async function describe(client: Client, collector: string): Promise<ScheduleDescription | null> {
  try {
    return await client.schedule.getHandle(recurringId(collector)).describe();
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return null;
    throw error;
  }
}

async function failureOf(client: Client, workflowId: string): Promise<string | null> {
  try {
    const handle = client.workflow.getHandle(workflowId);
    if ((await handle.describe()).status.name !== 'FAILED') return null;
    const failure = await handle.result().then(
      () => null,
      (error: Error) => (error.cause instanceof Error ? error.cause : error),
    );
    return failure?.message ?? null;
  } catch (error) {
    // Its time in the history may have passed.
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

/** Makes the Schedule, or gives it another cron; one that is paused stays so. */
export async function startSchedule(
  client: Client,
  collector: string,
  cron: string,
): Promise<'started' | 'running already' | 'changed'> {
  const action = {
    type: 'startWorkflow' as const,
    workflowType: 'recurringAuditCollection',
    workflowId: recurringId(collector),
    taskQueue,
    args: [{ collector }],
    memo: { cron },
    staticSummary: `${collector}: recurring collection`,
  };
  const spec = { cronExpressions: [cron] };
  const policies = { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow };
  const handle = client.schedule.getHandle(recurringId(collector));
  for (;;) {
    const state = await scheduleState(client, collector);
    if (state?.cron === cron) return 'running already';
    if (state) {
      await handle.update((before) => ({ ...before, spec, action, policies: { ...before.policies, ...policies } }));
      return 'changed';
    }
    try {
      await client.schedule.create({ scheduleId: recurringId(collector), spec, action, policies });
      return 'started';
    } catch (error) {
      // Somebody else was faster: it may have another cron.
      if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    }
  }
}

/** Deletes the Schedule, and cancels its runs: they carry out the commands they have taken first. */
export async function stopSchedule(client: Client, collector: string, { running }: ScheduleState): Promise<void> {
  await client.schedule.getHandle(recurringId(collector)).delete();
  for (const { workflowId } of running) {
    await client.workflow
      .getHandle(workflowId)
      .cancel()
      .catch((error: unknown) => {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      });
  }
}
