import type { OffloadSettings } from '../src/settings/offload.js';
import { inSteps, removedAtOnce } from '../src/stores/in-steps.js';
import type { Store } from '../src/stores/store.js';
import type { Context } from './context.js';
import type { ActivityInput } from './types.js';

/** The next run clears the rest. */
const retentionMaxMs = 120_000;
/** Retention is due after this time even if nothing new is collected. */
const retentionEveryMs = 6 * 3_600_000;
const dayMs = 24 * 3_600_000;

/** True if the settings delete rows by age and retention was last applied long enough ago. */
export async function retentionIsDue(
  store: Store,
  collector: string,
  { retainDays, logRetainDays, relatedRetainDays }: OffloadSettings,
): Promise<boolean> {
  if (retainDays === undefined && logRetainDays === undefined && relatedRetainDays === undefined) return false;
  const at = await store.offload.prunedAt(collector);
  return at === null || Date.now() - Date.parse(at) >= retentionEveryMs;
}

/** Clears expired events that every sink has, and deletes other rows that are past their retention. */
export async function applyRetention(
  { store, collectors }: Context,
  { collector }: ActivityInput<'applyRetention'>,
): Promise<{ cleared: number }> {
  const settings = await collectors.offloading(collector);
  const { offload: sinks = [], retainDays, logRetainDays, relatedRetainDays } = settings;
  const { retentionDays } = await collectors.source(collector);
  const before = (days: number) => new Date(Date.now() - days * dayMs);
  let cleared = 0;
  const until = Date.now() + retentionMaxMs;
  const goesOn = () => Date.now() <= until;
  await inSteps(() => store.removeCleared(collector, removedAtOnce), goesOn);
  if (retainDays !== undefined && sinks.length > 0) {
    const beforeNs = BigInt(before(retainDays).getTime()) * 1_000_000n;
    await inSteps(async () => {
      const count = await store.offload.clearConfirmed({ collector, sinks, beforeNs, eventsMax: removedAtOnce });
      cleared += count;
      return count === removedAtOnce;
    }, goesOn);
  }
  const expired = {
    ...(logRetainDays === undefined ? {} : { log: before(logRetainDays).toISOString() }),
    ...(relatedRetainDays === undefined ? {} : { related: before(relatedRetainDays).toISOString() }),
    // The source cannot return events again that it no longer holds.
    ...(retentionDays === undefined ? {} : { ids: before(retentionDays + 30).toISOString() }),
  };
  await inSteps(() => store.offload.prune(collector, { before: expired, rowsMax: removedAtOnce }), goesOn);
  if (cleared > 0) await store.offload.shrink();
  return { cleared };
}
