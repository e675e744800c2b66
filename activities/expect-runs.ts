import { log } from '@temporalio/activity';
import type { DueRuns } from '../src/stores/store.js';
import type { Context } from './context.js';
import type { Recurrence } from './types.js';

/**
 * Records in the store when the next runs are due, so that missing runs are noticed even if Temporal is gone. Writes
 * only on a change. A Schedule that was made elsewhere does not reveal its times, so the interval between its last two
 * runs is used.
 *
 * Anyone who can reach Temporal can tell any times. So what a run tells never replaces a cron that `trawl start` has set,
 * and the watch trusts it only so far (`nthDueBefore`).
 */
export async function expectRuns(
  { store, collectors }: Context,
  collector: string,
  recurrence: Recurrence,
): Promise<void> {
  const due = (await store.standings(collector))[0]?.due ?? null;
  const next =
    'cron' in recurrence ? { cron: shown(recurrence.cron), tick: null } : observed(due, recurrence.scheduledAt);
  if (due?.cron === next.cron && due.tick === next.tick) return;
  if (due !== null && due.cron !== '' && !due.told) {
    const message = 'A run tells other times than "trawl start" has set; it is still expected at those';
    log.warn(message, { collector, cron: due.cron, told: next.cron });
    return;
  }
  // A run for an unknown collector must leave no rows behind.
  if (await collectors.has(collector)) await store.expectRuns(collector, { ...next, told: true });
}

/** Messages show it. An unusual cron is as good as an unknown one. */
function shown(cron: string): string {
  return /^[\x20-\x7e]{0,200}$/.test(cron) ? cron : '';
}

function observed(before: DueRuns | null, scheduledAt: string): Pick<DueRuns, 'cron' | 'tick'> {
  const gapMs = before?.tick ? Date.parse(scheduledAt) - Date.parse(before.tick) : 0;
  if (gapMs > 0) return { cron: `@every ${Math.round(gapMs / 1000)}s`, tick: scheduledAt };
  return { cron: before?.tick ? before.cron : '', tick: scheduledAt };
}
