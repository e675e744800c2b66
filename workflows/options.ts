import { type ActivityOptions, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import type { FetchPagesInput } from '../activities/types.js';

/** Timeouts and retries shared by all activities. A missing heartbeat reveals a worker that died. */
const base: ActivityOptions = {
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '8 seconds',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' },
};

/**
 * How many attempts a step gets. They take some minutes, or longer if a rate limit says when to come back. Then the run
 * fails, so that the problem is visible, and the next tick tries again. An unavailable sink holds up nothing else, so it
 * gets more attempts; a person is waiting for the result of a command.
 */
export const attemptsMax = { walk: 8, offload: 10, command: 6 } as const;

export const walkActivities = proxyActivities<Activities>({
  ...base,
  retry: { ...base.retry, maximumAttempts: attemptsMax.walk },
});

/** An accepted command is carried out, however long the store is unavailable. */
export const commandActivities = proxyActivities<Activities>(base);

export const maintenanceActivities = proxyActivities<Activities>({
  ...base,
  retry: { ...base.retry, maximumAttempts: attemptsMax.command },
});

/** The last step of a run that fails anyway. */
export const lastActivities = proxyActivities<Activities>({
  ...base,
  scheduleToCloseTimeout: '1 minute',
  retry: { ...base.retry, maximumAttempts: 3 },
});

/** A batch is sent within the timeout. */
export const offloadActivities = proxyActivities<Activities>({
  ...base,
  retry: { ...base.retry, maximumAttempts: attemptsMax.offload },
});

/** Limits of one round of fetch, enrich and write. */
export const roundLimits: Pick<FetchPagesInput, 'pagesMax' | 'eventsMax' | 'bytesMax' | 'durationMaxMs'> = {
  pagesMax: 20,
  eventsMax: 8_000,
  bytesMax: 8 * 1024 * 1024,
  durationMaxMs: 5_000,
};

/**
 * Order in which a server that supports priorities works off a task queue's backlog: a person's commands first, then
 * the beginnings of walks, which is all that most runs consist of, then long catch-ups. Without priorities, a thousand
 * runs that find nothing new would wait behind every page of a catch-up.
 */
type Urgency = 'command' | 'beginning' | 'catch-up';

const priorityKeys: Record<Urgency, number> = { command: 1, beginning: 2, 'catch-up': 4 };

/** Options of one step for a collector. A server with fairness enabled divides each urgency among the collectors. */
export function stepOptions(
  collector: string,
  urgency: Urgency,
  summary = collector,
): Pick<ActivityOptions, 'summary' | 'priority'> {
  return { summary, priority: { priorityKey: priorityKeys[urgency], fairnessKey: collector } };
}
