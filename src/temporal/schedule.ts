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
import { recurringId, taskQueue } from './names.js';

/** A collector's Temporal Schedule, whose id is that of the workflow on cron. */
export interface ScheduleState {
  cron: string;
  paused: boolean;
  /** What whoever paused or started it last has noted; empty where nothing. */
  note: string;
  /** Runs under way. */
  running: { workflowId: string; runId: string }[];
  /** Epoch ms; null where there is none. */
  nextRunMs: number | null;
  /** How the run before the next one failed; null where it did not. */
  lastFailure: string | null;
  /** The code of that failure; null where it has none. */
  lastFailureCode: string | null;
}

const jitterDefaultMs = 30_000;
/** The default of Temporal is a year of runs, one after the other. */
const catchupWindowDefaultMs = 600_000;

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
    note: state.note ?? '',
    running: info.runningActions.map(({ workflow }) => ({
      workflowId: workflow.workflowId,
      runId: workflow.firstExecutionRunId,
    })),
    nextRunMs: info.nextActionTimes[0]?.getTime() ?? null,
    ...(last ? await failureOf(client, last.workflowId) : noFailure),
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

type LastFailure = Pick<ScheduleState, 'lastFailure' | 'lastFailureCode'>;

const noFailure: LastFailure = { lastFailure: null, lastFailureCode: null };

async function failureOf(client: Client, workflowId: string): Promise<LastFailure> {
  try {
    const handle = client.workflow.getHandle(workflowId);
    if ((await handle.describe()).status.name !== 'FAILED') return noFailure;
    const failure = await handle.result().then(
      () => null,
      (error: Error) => (error.cause instanceof Error ? error.cause : error),
    );
    if (!failure) return noFailure;
    const code = failure instanceof ApplicationFailure ? failure.type : null;
    return { lastFailure: failure.message, lastFailureCode: code || null };
  } catch (error) {
    // Its time in the history may have passed.
    if (error instanceof WorkflowNotFoundError) return noFailure;
    throw error;
  }
}

/** What may be asked of a Schedule; what is left out stays as it is, or gets its default where it is made. */
export interface ScheduleWishes {
  cron?: string | undefined;
  /** Each run begins up to this much later than its time, so that hundreds do not begin in one second. */
  jitterMs?: number | undefined;
  /** Runs missed for longer than this (server down) are left out: each run reads on from the checkpoint anyway. */
  catchupWindowMs?: number | undefined;
}

/** Makes the Schedule, or changes what was asked; one that is paused goes on. */
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
      });
      return 'started';
    } catch (error) {
      // Somebody else was faster: it may have another cron.
      if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    }
  }
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
  const note = 'Started with "trawl start"';
  // The server keeps of a Schedule only what an update names. It carries out an unpausing before an update that came in
  // first, so that the update has to unpause too.
  const update = () =>
    handle.update((before) => ({
      ...before,
      ...(isOther.cron ? { action: { ...before.action, memo: { ...before.action.memo, cron } } } : {}),
      spec: {
        ...(isOther.cron ? { cronExpressions: [cron!] } : before.spec),
        jitter: jitterMs ?? before.spec.jitter ?? 0,
      },
      policies: { ...before.policies, catchupWindow: catchupWindowMs ?? before.policies.catchupWindow },
      state: { ...before.state, paused: false, note },
    }));
  // Unpaused also where it does not seem to be paused: a description may be older than the last change.
  await settled(
    handle,
    changes ? update : () => handle.unpause(note),
    (now) => !now.state.paused && (cron === undefined || now.action.memo?.cron === cron),
  );
  return state.paused || changes ? 'changed' : 'running already';
}

const settleMaxMs = 30_000;
const repeatAfterMs = 5_000;

/** Changes a Schedule until the change is to be seen, which may take the server a moment. The change must bear repeating. */
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
          hint: 'The Temporal server is busy, or somebody else changes the Schedule too: try again.',
        },
      );
    }
  }
}

/** Pauses the Schedule, and cancels its runs: they carry out the commands they have taken first. */
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

/** Its runs go on to their end. */
export async function deleteSchedule(client: Client, collector: string): Promise<void> {
  await client.schedule
    .getHandle(recurringId(collector))
    .delete()
    .catch((error: unknown) => {
      if (!(error instanceof ScheduleNotFoundError)) throw error;
    });
}
