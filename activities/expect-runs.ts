import type { Context } from './context.js';
import type { Recurrence } from './types.js';

/**
 * Records in the store when the next runs are due, so that missing runs are noticed even if Temporal is gone. Writes
 * only on a change. A Schedule that was made elsewhere does not reveal its times, so the interval between its last two
 * runs is used.
 */
export async function expectRuns(
  { store, collectors }: Context,
  collector: string,
  recurrence: Recurrence,
): Promise<void> {
  const due = (await store.standings(collector))[0]?.due ?? null;
  const next = 'cron' in recurrence ? { cron: recurrence.cron, tick: null } : observed(due, recurrence.scheduledAt);
  if (due?.cron === next.cron && due.tick === next.tick) return;
  // A run for an unknown collector must leave no rows behind.
  if (await collectors.has(collector)) await store.expectRuns(collector, next);
}

function observed(before: { cron: string; tick: string | null } | null, scheduledAt: string) {
  const gapMs = before?.tick ? Date.parse(scheduledAt) - Date.parse(before.tick) : 0;
  if (gapMs > 0) return { cron: `@every ${Math.round(gapMs / 1000)}s`, tick: scheduledAt };
  return { cron: before?.tick ? before.cron : '', tick: scheduledAt };
}
