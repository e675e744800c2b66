import { setTimeout as sleep } from 'node:timers/promises';
import { isGrpcServiceError, ServiceError } from '@temporalio/client';

/** A restarting server is back well within this time. */
const patienceMs = 60_000;

/**
 * gRPC codes of a server that is temporarily not answering: unknown (a starting or stopping server reports its database
 * this way), deadline exceeded, resource exhausted, internal (a reset stream), unavailable.
 */
const deadlineExceeded = 4;
const passing: ReadonlySet<number> = new Set([2, deadlineExceeded, 8, 13, 14]);

/**
 * Repeats a call to the Temporal server for at most a minute while the server does not answer. The call must be
 * idempotent.
 */
export async function patiently<T>(call: () => Promise<T>, tell: (line: string) => void): Promise<T> {
  let failingSince: number | undefined;
  for (;;) {
    const startedAt = Date.now();
    try {
      return await call();
    } catch (error) {
      const code = codeOf(error);
      // A call that ran for a while, such as a long poll, restarts the count, unless it ran into its deadline.
      const wasAnswered = Date.now() - startedAt > patienceMs && code !== deadlineExceeded;
      failingSince = failingSince === undefined || wasAnswered ? Date.now() : failingSince;
      if (code === undefined || !passing.has(code) || Date.now() - failingSince > patienceMs) throw error;
      if (failingSince >= startedAt) tell('The Temporal server is not answering: waiting for it.');
      await sleep(500);
    }
  }
}

function codeOf(error: unknown): number | undefined {
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) ? cause.code : undefined;
}
