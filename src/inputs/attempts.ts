import { z } from 'zod';
import { sink } from './parts.js';

/** The signal by which a step tells its run why an attempt failed. */
export const attemptFailed = 'attemptFailed';

const failureMax = 2_000;

/** Its argument. Anyone who can reach Temporal can send it; a run only shows it. */
export const failedAttempt = z.object({
  sink,
  number: z.int().min(1),
  /** On one line. */
  failure: z.string().transform((text) => text.replace(/\s+/g, ' ').slice(0, failureMax)),
});
export type FailedAttempt = z.input<typeof failedAttempt>;
