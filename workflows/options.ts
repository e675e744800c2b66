import { type ActivityOptions, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import type { FetchPagesInput } from '../activities/types.js';

/** All timeouts and retries. A worker that died is noticed by the missing heartbeat. */
const base: ActivityOptions = {
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '8 seconds',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' },
};

/**
 * Eight attempts take about two minutes (longer where a rate limit says when to come back); then the run fails, so that
 * it shows, and the next tick tries again.
 */
export const walkActivities = proxyActivities<Activities>({ ...base, retry: { ...base.retry, maximumAttempts: 8 } });

/** A command that was taken is carried out, however long the store is away. */
export const commandActivities = proxyActivities<Activities>(base);

/** A person waits for the answer. */
export const maintenanceActivities = proxyActivities<Activities>({
  ...base,
  retry: { ...base.retry, maximumAttempts: 6 },
});

/** The last step of a run that fails anyway. */
export const lastActivities = proxyActivities<Activities>({
  ...base,
  scheduleToCloseTimeout: '1 minute',
  retry: { ...base.retry, maximumAttempts: 3 },
});

/** A sink that is away holds up nothing else, so it is given more time. A batch is sent within the time-out. */
export const offloadActivities = proxyActivities<Activities>({
  ...base,
  retry: { ...base.retry, maximumAttempts: 10 },
});

/** How much one round of fetch, enrich and write takes at the most. */
export const roundLimits: Pick<FetchPagesInput, 'pagesMax' | 'eventsMax' | 'bytesMax' | 'durationMaxMs'> = {
  pagesMax: 20,
  eventsMax: 8_000,
  bytesMax: 8 * 1024 * 1024,
  durationMaxMs: 5_000,
};

/**
 * What of a task queue's backlog is done first, where the server heeds priorities: commands of a person, then the
 * beginnings of walks, which is all that most runs consist of, then long catch-ups. Without them, a thousand runs that
 * find nothing new would wait behind every page of a catch-up.
 */
export type Urgency = 'command' | 'beginning' | 'catch-up';

const priorityKeys: Record<Urgency, number> = { command: 1, beginning: 2, 'catch-up': 4 };

/** Options of a step of a collector. Servers with fairness enabled share out each urgency among the collectors. */
export function stepOptions(
  collector: string,
  urgency: Urgency,
  summary = collector,
): Pick<ActivityOptions, 'summary' | 'priority'> {
  return { summary, priority: { priorityKey: priorityKeys[urgency], fairnessKey: collector } };
}
