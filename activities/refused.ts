import { activityInfo } from '@temporalio/activity';
import { sentence, TrawlError } from '../src/errors.js';
import type { Context } from './context.js';
import type { ActivityInput } from './types.js';

/** The error for an input that contradicts the store. */
export function forgedInput(message: string): TrawlError {
  return new TrawlError('INPUT_INVALID', message, {
    hint: 'No workflow of Trawl sends this: find out who can schedule activities on the task queue.',
  });
}

/** The line of the execution log for something that is refused through Temporal. */
export function refusedNote(what: string, error: TrawlError): string {
  return `${what} refused: ${sentence(error)} [${error.code}]`;
}

/**
 * Refuses a clearing if this worker accepts none through Temporal. Each key leaves its line in the execution log.
 * @returns the reason for a signal, whose run goes on; undefined if the worker accepts clearings
 * @throws TrawlError NOT_THROUGH_TEMPORAL for the workflow `clearEvents`, whose caller waits for the result; not retried.
 */
export async function refusedClearing(
  { store, temporalSettings }: Pick<Context, 'store' | 'temporalSettings'>,
  { collector, keys }: ActivityInput<'clearEvents'>,
): Promise<string | undefined> {
  if (temporalSettings !== 'off') return undefined;
  const error = new TrawlError(
    'NOT_THROUGH_TEMPORAL',
    'Nothing was cleared: TRAWL_TEMPORAL_SETTINGS=off allows no clearing through Temporal.',
    { hint: `Clear the events with access to the store: trawl clear ${collector}` },
  );
  await store.logFailedCommand(collector, refusedNote('clearEvents', error), keys);
  if (activityInfo().workflowType === 'clearEvents') throw error;
  return sentence(error);
}
