import { ApplicationFailure, activityInfo, CancelledFailure, heartbeat, log } from '@temporalio/activity';
import { type ErrorCode, reasonOf, sentence, TrawlError } from '../src/errors.js';

/**
 * Refusals of credentials that a passing fault of the source can bring about too: they are believed when they have
 * come this many times in a row.
 */
const doubted: ReadonlySet<ErrorCode> = new Set(['TOKEN_REFUSED', 'CREDENTIALS_REFUSED']);
const attemptsToBelieve = 3;
const doubtMs = 1_000;

/** How often a running activity tells the server that it is alive; see `heartbeatTimeout` in workflows/options.ts. */
const heartbeatEveryMs = 1_500;

/**
 * Runs an activity's body: heartbeats meanwhile, and every error becomes Temporal's ApplicationFailure whose type is
 * the error's code and whose message says what to do.
 */
export async function asActivity<T>(body: () => Promise<T>): Promise<T> {
  const beating = setInterval(() => heartbeat(), heartbeatEveryMs);
  try {
    return await body();
  } catch (error) {
    throw failureOf(error, activityInfo().attempt);
  } finally {
    clearInterval(beating);
  }
}

export function failureOf(error: unknown, attempt: number): Error {
  if (error instanceof CancelledFailure || error instanceof ApplicationFailure) return error;
  if (!(error instanceof TrawlError)) {
    log.error('Unexpected error', { reason: reasonOf(error), stack: (error as Error)?.stack });
    return ApplicationFailure.create({
      message: `Unexpected: ${reasonOf(error)}`,
      type: 'UNEXPECTED',
      nonRetryable: false,
    });
  }
  const isDoubted = doubted.has(error.code) && attempt < attemptsToBelieve;
  const retried = isDoubted || (error.retry && !doubted.has(error.code));
  log.warn(error.message, { code: error.code, attempt, retried });
  const delay = error.retryAfterMs ?? (isDoubted ? doubtMs * attempt : undefined);
  return ApplicationFailure.create({
    message: sentence(error),
    type: error.code,
    nonRetryable: !retried,
    ...(delay === undefined ? {} : { nextRetryDelay: delay }),
  });
}
