import {
  ActivityFailure,
  ApplicationFailure,
  ChildWorkflowFailure,
  isCancellation,
  TimeoutFailure,
} from '@temporalio/workflow';

/** The code of the error that made an activity or a child fail, for example `OFFSET_UNKNOWN`. */
export function failureCode(error: unknown): string | undefined {
  const root = rootOf(error);
  return root instanceof ApplicationFailure ? (root.type ?? undefined) : undefined;
}

/** The message of a failed activity or child workflow: what happened and what to do. */
export function failureSentence(error: unknown): string {
  const failure = runFailure(error);
  return failure instanceof Error ? failure.message : String(failure);
}

/** The failure of a run. Its message says what happened and what to do. */
export function runFailure(error: unknown): unknown {
  if (isCancellation(error)) return error;
  const root = rootOf(error);
  if (error instanceof ApplicationFailure) return error;
  if (root instanceof ApplicationFailure) {
    return ApplicationFailure.create({
      message: root.message,
      ...(root.type ? { type: root.type } : {}),
      nonRetryable: true,
      cause: error as Error,
    });
  }
  if (root instanceof TimeoutFailure && error instanceof ActivityFailure) {
    return ApplicationFailure.create({
      message: `${error.activityType} was given up: workers died or stopped answering while they ran it. Look at the workers' logs; the next run continues from the checkpoint.`,
      type: 'WORKER_LOST',
      nonRetryable: true,
      cause: error,
    });
  }
  return error;
}

/** Resolves as `done` does. If it fails, throws the failure of the run. */
export async function orRunFailure<T>(done: Promise<T>): Promise<T> {
  try {
    return await done;
  } catch (error) {
    throw runFailure(error);
  }
}

function rootOf(error: unknown): unknown {
  let root = error;
  while ((root instanceof ActivityFailure || root instanceof ChildWorkflowFailure) && root.cause) root = root.cause;
  return root;
}
