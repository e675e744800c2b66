import type { Context } from './context.js';
import type { Recurrence } from './types.js';

/**
 * Keeps in the store when the next runs are due, so that their absence is noticed even where Temporal is gone. Writes
 * only where that changes. A Schedule that was made elsewhere does not say its times: what lies between two runs is
 * taken for them.
 */
export async function expectRuns(
  { store, collectors }: Context,
  collector: string,
  recurrence: Recurrence,
): Promise<void> {
  const due = (await store.standings(collector))[0]?.due ?? null;
  const next = 'cron' in recurrence ? { cron: recurrence.cron, tick: null } : observed(due, recurrence.scheduledAt);
  if (due?.cron === next.cron && due.tick === next.tick) return;
  // A run for a name that does not exist leaves nothing behind.
  if (await collectors.has(collector)) await store.expectRuns(collector, next);
}

function observed(before: { cron: string; tick: string | null } | null, scheduledAt: string) {
  const gapMs = before?.tick ? Date.parse(scheduledAt) - Date.parse(before.tick) : 0;
  if (gapMs > 0) return { cron: `@every ${Math.round(gapMs / 1000)}s`, tick: scheduledAt };
  return { cron: before?.tick ? before.cron : '', tick: scheduledAt };
}
