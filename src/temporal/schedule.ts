import { setTimeout as sleep } from 'node:timers/promises';
import {
  ApplicationFailure,
  type Client,
  ScheduleAlreadyRunning,
  type ScheduleDescription,
  type ScheduleHandle,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { defaultCron } from '../default-cron.js';
import { TrawlError } from '../errors.js';
import { refusedCron } from '../watch/cron.js';
import type { RunFailure } from '../watch/run-failure.js';
import { recurringId, taskQueue } from './names.js';

/** A collector's Temporal Schedule. Its id is that of the workflow on cron. */
interface ScheduleState {
  cron: string;
  paused: boolean;
  /** The note left when it was last paused or started; may be empty. */
  note: string;
  /** Runs under way. */
  running: { workflowId: string; runId: string }[];
  /** Epoch ms; null if no run is planned. */
  nextRunMs: number | null;
  /** The last run's failure; null if it did not fail. */
  failure: RunFailure | null;
}

/** The Schedule's note, which the Temporal UI shows. */
const startedNote = 'Started with "trawl start"';

const jitterDefaultMs = 30_000;
/** Temporal's default is a year, which would start all missed runs one after another. */
const catchupWindowDefaultMs = 600_000;

/** Returns null if the collector has no Schedule. */
export async function scheduleState(client: Client, collector: string): Promise<ScheduleState | null> {
  const description = await describe(client, collector);
  if (!description) return null;
  const { info, state, action } = description;
  const last = info.recentActions.at(-1)?.action.workflow;
  return {
    // A Schedule that was made elsewhere has no memo, and the server does not return the cron as it was written.
    cron: typeof action.memo?.cron === 'string' ? action.memo.cron : '',
    paused: state.paused,
    note: state.note ?? '',
    running: info.runningActions.map(({ workflow }) => ({
      workflowId: workflow.workflowId,
      runId: workflow.firstExecutionRunId,
    })),
    nextRunMs: info.nextActionTimes[0]?.getTime() ?? null,
    failure: last ? await failureOf(client, last.workflowId) : null,
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

async function failureOf(client: Client, workflowId: string): Promise<RunFailure | null> {
  try {
    const handle = client.workflow.getHandle(workflowId);
    const { status, closeTime } = await handle.describe();
    if (status.name !== 'FAILED') return null;
    const failure = await handle.result().then(
      () => null,
      (error: Error) => (error.cause instanceof Error ? error.cause : error),
    );
    if (!failure) return null;
    const code = failure instanceof ApplicationFailure ? failure.type : null;
    return { message: failure.message, code: code || null, atMs: closeTime?.getTime() ?? 0 };
  } catch (error) {
    // The run may be past the server's retention.
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

/** Wishes for a Schedule. Omitted ones stay unchanged, or get their default in a new one. */
export interface ScheduleWishes {
  cron?: string | undefined;
  /** Delays each run by up to this much, so that hundreds do not begin in the same second. */
  jitterMs?: number | undefined;
  /** Runs missed for longer than this (server down) are skipped: each run continues from the checkpoint anyway. */
  catchupWindowMs?: number | undefined;
}

/** Creates the Schedule or applies the wishes to an existing one, and resumes a paused one. */
export async function startSchedule(
  client: Client,
  collector: string,
  wishes: ScheduleWishes,
): Promise<'started' | 'running already' | 'changed'> {
  const { cron = defaultCron, jitterMs = jitterDefaultMs, catchupWindowMs = catchupWindowDefaultMs } = wishes;
  const handle = client.schedule.getHandle(recurringId(collector));
  for (;;) {
    const before = await describe(client, collector);
    if (before) return changeSchedule(handle, before, wishes);
    try {
      await client.schedule.create({
        scheduleId: recurringId(collector),
        spec: { cronExpressions: [cron], jitter: jitterMs },
        action: {
          type: 'startWorkflow',
          workflowType: 'recurringAuditCollection',
          workflowId: recurringId(collector),
          taskQueue,
          args: [{ collector }],
          memo: { cron },
          staticSummary: `${collector}: recurring collection`,
        },
        policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: catchupWindowMs },
        state: { note: startedNote },
      });
      return 'started';
    } catch (error) {
      // Another process was faster; its Schedule may have another cron.
      if (!(error instanceof ScheduleAlreadyRunning)) throw refusal(error, cron);
    }
  }
}

/** The client tells by a TypeError that the server refuses an argument. */
function refusal(error: unknown, cron: string): unknown {
  return error instanceof TypeError ? refusedCron(cron, `the Temporal server says "${error.message}"`, error) : error;
}

async function changeSchedule(
  handle: ScheduleHandle,
  { action, spec, policies, state }: ScheduleDescription,
  { cron, jitterMs, catchupWindowMs }: ScheduleWishes,
): Promise<'running already' | 'changed'> {
  const isOther = {
    cron: cron !== undefined && action.memo?.cron !== cron,
    jitter: jitterMs !== undefined && (spec.jitter ?? 0) !== jitterMs,
    window: catchupWindowMs !== undefined && policies.catchupWindow !== catchupWindowMs,
  };
  const changes = Object.values(isOther).includes(true);
  // An update replaces the whole Schedule. The server may carry out an unpause before an earlier update, so the update
  // must unpause too.
  const update = () =>
    handle.update((before) => ({
      ...before,
      ...(isOther.cron ? { action: { ...before.action, memo: { ...before.action.memo, cron } } } : {}),
      spec: {
        ...(isOther.cron ? { cronExpressions: [cron!] } : before.spec),
        jitter: jitterMs ?? before.spec.jitter ?? 0,
      },
      policies: { ...before.policies, catchupWindow: catchupWindowMs ?? before.policies.catchupWindow },
      state: { ...before.state, paused: false, note: startedNote },
    }));
  // Unpause even if it does not seem paused: the description may be older than the last change.
  await settled(
    handle,
    changes ? update : () => handle.unpause(startedNote),
    (now) => !now.state.paused && (cron === undefined || now.action.memo?.cron === cron),
  ).catch((error: unknown) => {
    throw isOther.cron ? refusal(error, cron!) : error;
  });
  return state.paused || changes ? 'changed' : 'running already';
}

const settleMaxMs = 30_000;
const repeatAfterMs = 5_000;

/** Repeats a change until the Schedule shows it, which may take a moment. The change must be idempotent. */
async function settled(
  handle: ScheduleHandle,
  change: () => Promise<void>,
  holds: (now: ScheduleDescription) => boolean,
): Promise<void> {
  const until = Date.now() + settleMaxMs;
  for (;;) {
    await change();
    const repeatAt = Date.now() + repeatAfterMs;
    while (Date.now() < repeatAt) {
      if (holds(await handle.describe())) return;
      await sleep(50);
    }
    if (Date.now() > until) {
      throw new TrawlError(
        'TEMPORAL_UNREACHABLE',
        `The Schedule ${handle.scheduleId} does not show a change made to it.`,
        {
          hint: 'The Temporal server is busy, or another process changes the Schedule too: try again.',
        },
      );
    }
  }
}

/** Pauses the Schedule and cancels its runs, which first carry out the commands they have accepted. */
export async function pauseSchedule(client: Client, collector: string, reason: string): Promise<void> {
  const state = await scheduleState(client, collector);
  if (!state) return;
  const handle = client.schedule.getHandle(recurringId(collector));
  await settled(
    handle,
    () => handle.pause(reason),
    (now) => now.state.paused,
  );
  for (const { workflowId } of state.running) {
    await client.workflow
      .getHandle(workflowId)
      .cancel()
      .catch((error: unknown) => {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      });
  }
}

/** Begins a run now, unless one is under way. */
export async function triggerSchedule(client: Client, collector: string): Promise<void> {
  await client.schedule.getHandle(recurringId(collector)).trigger(ScheduleOverlapPolicy.SKIP);
}

/** Deletes a collector's Schedule, or another one by its id. Runs under way continue. */
export async function deleteSchedule(client: Client, collector: string, id = recurringId(collector)): Promise<void> {
  await client.schedule
    .getHandle(id)
    .delete()
    .catch((error: unknown) => {
      if (!(error instanceof ScheduleNotFoundError)) throw error;
    });
}
