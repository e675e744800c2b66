import { cancellationSignal } from '@temporalio/activity';
import { inSteps, removedAtOnce } from '../src/stores/in-steps.js';
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
  cancelled: AbortSignal = cancellationSignal(),
): Promise<string | null> {
  await collectors.require(collector);
  const refusal = await store.clearEvents(collector, keys, await collectors.sinks(collector), force);
  // An attempt that takes too long is cancelled; the next one goes on where it was.
  await inSteps(
    () => store.removeCleared(collector, removedAtOnce),
    () => !cancelled.aborted,
  );
  cancelled.throwIfAborted();
  return refusal;
}
