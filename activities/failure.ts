import { ApplicationFailure, activityInfo, CancelledFailure, heartbeat, log } from '@temporalio/activity';
import { z } from 'zod';
import { type ErrorCode, reasonOf, sentence, TrawlError } from '../src/errors.js';
import { systemError } from '../src/system-errors.js';

/**
 * Errors that usually need a person but may also be a passing fault. They fail the run, or throw away the offset, only
 * when this many attempts in a row have failed with the same code.
 */
const attemptsToBelieve: Partial<Record<ErrorCode, number>> = {
  TOKEN_REFUSED: 3,
  CREDENTIALS_REFUSED: 3,
  ANSWER_UNREADABLE: 6,
  OFFSET_UNKNOWN: 3,
  // A receiver that is only slow gets the same events each time.
  SINK_SLOW: 2,
};

/** The retry policy's wait before the next attempt (workflows/options.ts), used if a source asks for a shorter one. */
function backoffMs(attempt: number): number {
  return Math.min(1_000 * 2 ** (attempt - 1), 60_000);
}

/** With the longest of these waits. */
const attemptsAnHour = 60;

/** Interval at which a running activity heartbeats; see `heartbeatTimeout` in workflows/options.ts. */
const heartbeatEveryMs = 1_500;

/** The latest failures of an activity that have the same code. The server keeps them between attempts. */
const rowOfFailures = z.object({ code: z.string(), count: z.int().min(1) });

type RowOfFailures = z.infer<typeof rowOfFailures>;

/**
 * Runs an activity's body and heartbeats meanwhile. Every error becomes Temporal's ApplicationFailure, whose type is
 * the error's code and whose message says what to do.
 */
export async function asActivity<T>(body: () => Promise<T>): Promise<T> {
  const before = rowOfFailures.safeParse(activityInfo().heartbeatDetails).data;
  // An attempt that ends without an answer, such as one whose worker dies, leaves the row as it was.
  const beating = setInterval(() => heartbeat(before), heartbeatEveryMs);
  try {
    const result = await body();
    if (before) log.info(`${activityInfo().activityType} works again: ${before.code} ${before.count} times before`);
    return result;
  } catch (error) {
    const row = rowWith(before, error);
    heartbeat(row);
    throw failureOf(error, row.count);
  } finally {
    clearInterval(beating);
  }
}

function rowWith(before: RowOfFailures | undefined, thrown: unknown): RowOfFailures {
  const error = systemError(thrown) ?? thrown;
  const code = error instanceof TrawlError ? error.code : 'UNEXPECTED';
  return { code, count: before?.code === code ? before.count + 1 : 1 };
}

/** @param inRow how many attempts in a row, up to this one, have failed with this code */
function failureOf(thrown: unknown, inRow: number): Error {
  if (thrown instanceof CancelledFailure || thrown instanceof ApplicationFailure) return thrown;
  const error = systemError(thrown) ?? thrown;
  if (!(error instanceof TrawlError)) {
    log.error('Unexpected error', { reason: reasonOf(error), stack: (error as Error)?.stack });
    return ApplicationFailure.create({
      message: `Unexpected: ${reasonOf(error)}`,
      type: 'UNEXPECTED',
      nonRetryable: false,
    });
  }
  const { attempt, retryPolicy } = activityInfo();
  const believedAt = attemptsToBelieve[error.code];
  const retried = believedAt === undefined ? error.retry : inRow < believedAt;
  // A source that is down for hours is one line, and one an hour.
  const isSaidAlready = retried && inRow % attemptsAnHour !== 1;
  log[isSaidAlready ? 'debug' : 'warn'](error.message, { code: error.code, hint: error.hint, attempt, retried });
  // 0 stands for any number of attempts.
  const isLast = attempt >= (retryPolicy?.maximumAttempts || Number.POSITIVE_INFINITY);
  if (believedAt !== undefined && retried && isLast) return unbelieved(error, inRow, believedAt);
  return ApplicationFailure.create({
    message: sentence(error),
    type: error.code,
    nonRetryable: !retried,
    ...(error.retryAfterMs === undefined ? {} : { nextRetryDelay: Math.max(error.retryAfterMs, backoffMs(attempt)) }),
  });
}

/** Nothing may be concluded from it, but it ends the attempts: the workflow acts on the code of a last failure. */
function unbelieved(error: TrawlError, inRow: number, believedAt: number): ApplicationFailure {
  return ApplicationFailure.create({
    message: `${error.message} That came among other errors, ${inRow} times in a row, and counts from ${believedAt} times on. The next run tries again.`,
    type: (error.code === 'SINK_SLOW' ? 'SINK_UNAVAILABLE' : 'SOURCE_UNAVAILABLE') satisfies ErrorCode,
  });
}
