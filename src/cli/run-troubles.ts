import type { WorkflowHandle } from '@temporalio/client';
import { type ErrorCode, errorCodes, TrawlError } from '../errors.js';
import type { ActivityName } from '../inputs/activities.js';

/**
 * Describes the steps of a run that are being retried, with the last failure of each.
 * @param except the activity of which the run itself tells
 */
export async function troublesOf(run: WorkflowHandle, except?: ActivityName): Promise<string[]> {
  const { raw } = await run.describe();
  return (raw.pendingActivities ?? []).flatMap(({ activityType, attempt, lastFailure }) =>
    lastFailure?.message && activityType?.name !== except
      ? [`${activityType?.name} is being retried (attempt ${attempt}): ${lastFailure.message}`]
      : [],
  );
}

/**
 * The error of a verb whose run failed, with the code of what made it fail; any other error stays as it is.
 * @param what was running, for example `The run`
 * @param hint says what is kept; the failure itself says what to do
 */
export async function runFailed(error: unknown, what: string, hint: string): Promise<unknown> {
  const { WorkflowFailedError, ApplicationFailure } = await import('@temporalio/client');
  if (!(error instanceof WorkflowFailedError)) return error;
  const type = error.cause instanceof ApplicationFailure ? error.cause.type : undefined;
  const code = type && type in errorCodes ? (type as ErrorCode) : 'RUN_FAILED';
  return new TrawlError(code, `${what} failed: ${error.cause?.message ?? error.message}`, { hint, cause: error });
}
