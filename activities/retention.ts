import { setImmediate } from 'node:timers/promises';
import type { OffloadSettings } from '../src/settings/offload.js';
import type { Store } from '../src/stores/store.js';
import type { Context } from './context.js';
import type { ActivityInput } from './types.js';

const clearedAtOnce = 2_000;
/** The rest goes with the next run. */
const retentionMaxMs = 120_000;
/** Where nothing is collected, retention is applied after this all the same. */
const retentionEveryMs = 6 * 3_600_000;
const dayMs = 24 * 3_600_000;

/** Whether something is to be deleted by age, and nobody has looked for a while. */
export async function retentionIsDue(
  store: Store,
  collector: string,
  { retainDays, logRetainDays, relatedRetainDays }: OffloadSettings,
): Promise<boolean> {
  if (retainDays === undefined && logRetainDays === undefined && relatedRetainDays === undefined) return false;
  const at = await store.offload.prunedAt(collector);
  return at === null || Date.now() - Date.parse(at) >= retentionEveryMs;
}

/** Clears what every sink has and whose time has come, and deletes what else is older than it is to be kept. */
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
  if (retainDays !== undefined && sinks.length > 0) {
    const beforeNs = BigInt(before(retainDays).getTime()) * 1_000_000n;
    for (;;) {
      const count = await store.offload.clearConfirmed({ collector, sinks, beforeNs, eventsMax: clearedAtOnce });
      cleared += count;
      if (count < clearedAtOnce || Date.now() > until) break;
      // The store may work synchronously: others get their turn, this activity's heartbeat among them.
      await setImmediate();
    }
  }
  await store.offload.prune(collector, {
    ...(logRetainDays === undefined ? {} : { log: before(logRetainDays).toISOString() }),
    ...(relatedRetainDays === undefined ? {} : { related: before(relatedRetainDays).toISOString() }),
    // What the source does not hold any more cannot come back.
    ...(retentionDays === undefined ? {} : { ids: before(retentionDays + 30).toISOString() }),
  });
  if (cleared > 0) await store.offload.shrink();
  return { cleared };
}
