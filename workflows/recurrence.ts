import { workflowInfo } from '@temporalio/workflow';
import type { Recurrence } from '../activities/types.js';

/** What made this run begin by itself: a cron, or a Schedule, which notes its cron in the memo where Trawl has made it. */
export function recurrence(): { recurrence?: Recurrence } {
  const { cronSchedule, memo, searchAttributes } = workflowInfo();
  if (cronSchedule) return { recurrence: { cron: cronSchedule } };
  const [scheduledAt] = searchAttributes.TemporalScheduledStartTime ?? [];
  if (!(scheduledAt instanceof Date)) return {};
  const cron = memo?.cron;
  return { recurrence: typeof cron === 'string' ? { cron } : { scheduledAt: scheduledAt.toISOString() } };
}
