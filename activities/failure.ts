import { ApplicationFailure, activityInfo, CancelledFailure, heartbeat, log } from '@temporalio/activity';
import { type ErrorCode, reasonOf, sentence, TrawlError } from '../src/errors.js';

/**
 * Errors that usually need a person but may also be a passing fault of the source. They fail the run only after this
 * many attempts in a row.
 */
const attemptsToBelieve: Partial<Record<ErrorCode, number>> = {
  TOKEN_REFUSED: 3,
  CREDENTIALS_REFUSED: 3,
  ANSWER_UNREADABLE: 6,
  OFFSET_UNKNOWN: 3,
};

/** The retry policy's wait before the next attempt (workflows/options.ts), used if a source asks for a shorter one. */
function backoffMs(attempt: number): number {
  return Math.min(1_000 * 2 ** (attempt - 1), 60_000);
}

/** Interval at which a running activity heartbeats; see `heartbeatTimeout` in workflows/options.ts. */
const heartbeatEveryMs = 1_500;

/**
 * Runs an activity's body and heartbeats meanwhile. Every error becomes Temporal's ApplicationFailure, whose type is
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
  const believedAt = attemptsToBelieve[error.code];
  const retried = believedAt === undefined ? error.retry : attempt < believedAt;
  log.warn(error.message, { code: error.code, attempt, retried });
  return ApplicationFailure.create({
    message: sentence(error),
    type: error.code,
    nonRetryable: !retried,
    ...(error.retryAfterMs === undefined ? {} : { nextRetryDelay: Math.max(error.retryAfterMs, backoffMs(attempt)) }),
  });
}
