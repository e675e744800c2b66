import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import { epochMsOf } from './times.js';

/** A run that has not ended yet. Times are epoch ms. */
export interface RunUnderWay {
  startedMs: number;
  /** The failing step that is being retried; null if there is none. */
  trouble: Trouble | null;
}

export interface Trouble {
  /** The activity, for example `fetchPages`. */
  step: string;
  /** Number of the next attempt, or of the current one. */
  attempt: number;
  /** The last attempt's failure. */
  failure: string;
  code: string | null;
  /** When the next attempt begins; null if it is under way. */
  nextMs: number | null;
}

/** A run, including the walk that it has handed over to; null if it has ended. */
export async function runUnderWay(client: Client, workflowId: string): Promise<RunUnderWay | null> {
  try {
    const { raw, status } = await client.workflow.getHandle(workflowId).describe();
    if (status.name !== 'RUNNING') return null;
    const startedMs = epochMsOf(raw.workflowExecutionInfo!.executionTime);
    const own = (raw.pendingActivities ?? []).map(troubleOf).find((trouble) => trouble !== null);
    if (own) return { startedMs, trouble: own };
    const walk = raw.pendingChildren?.find(({ workflowTypeName }) => workflowTypeName === 'auditWalk')?.workflowId;
    return { startedMs, trouble: walk ? ((await runUnderWay(client, walk))?.trouble ?? null) : null };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

function troubleOf(pending: temporal.api.workflow.v1.IPendingActivityInfo): Trouble | null {
  const { activityType, attempt, lastFailure, nextAttemptScheduleTime } = pending;
  if (!lastFailure?.message) return null;
  return {
    step: activityType?.name ?? '',
    attempt: attempt ?? 1,
    failure: lastFailure.message,
    code: lastFailure.applicationFailureInfo?.type || null,
    nextMs: epochMsOf(nextAttemptScheduleTime) || null,
  };
}
