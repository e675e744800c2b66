import { workflowInfo } from '@temporalio/workflow';
import type { Recurrence } from '../activities/types.js';

/** The cron or the Schedule that started this run, if one did. A Schedule made by Trawl has its cron in the memo. */
export function recurrence(): { recurrence?: Recurrence } {
  const { cronSchedule, memo, searchAttributes } = workflowInfo();
  if (cronSchedule) return { recurrence: { cron: cronSchedule } };
  const [scheduledAt] = searchAttributes.TemporalScheduledStartTime ?? [];
  if (!(scheduledAt instanceof Date)) return {};
  const cron = memo?.cron;
  return { recurrence: typeof cron === 'string' ? { cron } : { scheduledAt: scheduledAt.toISOString() } };
}
