import type { Context } from './context.js';
import type { ActivityInput } from './types.js';

/**
 * U04 Clear Events Table, once for each key.
 * @returns the reason if nothing was cleared; null if the table was cleared.
 * @throws TrawlError COLLECTOR_UNKNOWN, or SETTINGS_INVALID if the collector's sinks cannot be determined; not retried.
 */
export async function clearEvents(
  { store, collectors }: Context,
  { collector, keys, force }: ActivityInput<'clearEvents'>,
): Promise<string | null> {
  await collectors.require(collector);
  return store.clearEvents(collector, keys, await collectors.sinks(collector), force);
}
