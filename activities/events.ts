import { cancellationSignal } from '@temporalio/activity';
import { inSteps, removedAtOnce } from '../src/stores/in-steps.js';
import type { Context } from './context.js';
import { refusedClearing } from './refused.js';
import type { ActivityInput } from './types.js';

/**
 * U04 Clear Events Table, once for each key.
 * @returns the reason if nothing was cleared; null if the table was cleared.
 * @throws TrawlError COLLECTOR_UNKNOWN, SETTINGS_INVALID if the collector's sinks cannot be determined, or
 *   NOT_THROUGH_TEMPORAL; not retried.
 */
export async function clearEvents(
  context: Context,
  input: ActivityInput<'clearEvents'>,
  cancelled: AbortSignal = cancellationSignal(),
): Promise<string | null> {
  const { store, collectors } = context;
  const { collector, keys, force } = input;
  await collectors.require(collector);
  const refused = await refusedClearing(context, input);
  if (refused !== undefined) return refused;
  const refusal = await store.clearEvents(collector, keys, await collectors.sinks(collector), force);
  // An attempt that takes too long is cancelled; the next one goes on where it was.
  await inSteps(
    () => store.removeCleared(collector, removedAtOnce),
    () => !cancelled.aborted,
  );
  cancelled.throwIfAborted();
  return refusal;
}
