import { setTimeout as sleep } from 'node:timers/promises';
import { isGrpcServiceError, ServiceError } from '@temporalio/client';

/** A server that is being started again is back well within this time. */
const patienceMs = 60_000;

/**
 * gRPC's codes for a server that does not answer just now: unknown (one that is starting or ending says so of its
 * database), deadline exceeded, resource exhausted, internal (a reset stream), unavailable.
 */
const deadlineExceeded = 4;
const passing: ReadonlySet<number> = new Set([2, deadlineExceeded, 8, 13, 14]);

/**
 * Repeats a call to the Temporal server while the server does not answer, for a minute at the most. The call must
 * bear repeating.
 */
export async function patiently<T>(call: () => Promise<T>, tell: (line: string) => void): Promise<T> {
  let failingSince: number | undefined;
  for (;;) {
    const startedAt = Date.now();
    try {
      return await call();
    } catch (error) {
      const code = codeOf(error);
      // A call that was answered for a while, as a long poll is, begins a new count; one that was not in all its time does not.
      const wasAnswered = Date.now() - startedAt > patienceMs && code !== deadlineExceeded;
      failingSince = failingSince === undefined || wasAnswered ? Date.now() : failingSince;
      if (code === undefined || !passing.has(code) || Date.now() - failingSince > patienceMs) throw error;
      if (failingSince >= startedAt) tell('The Temporal server does not answer just now: waiting for it.');
      await sleep(500);
    }
  }
}

function codeOf(error: unknown): number | undefined {
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) ? cause.code : undefined;
}
