import { randomUUID } from 'node:crypto';
import { activityInfo } from '@temporalio/activity';
import { TrawlError } from '../src/errors.js';
import { settingsChange } from '../src/settings/change.js';
import { checkTableRows, everySetting } from '../src/settings/collector.js';
import { quote } from '../src/settings/texts.js';
import type { Context } from './context.js';
import { refusedNote } from './refused.js';
import type { ActivityInput } from './types.js';

/**
 * U02 Set env vars, through Temporal. The input stays in the history, so secrets are refused. Each change, and what is
 * refused, leaves its line in the execution log.
 * @throws TrawlError SECRET_REFUSED, NOT_THROUGH_TEMPORAL or SETTINGS_INVALID; not retried.
 */
export async function setEnvironmentVariables(
  { store, sources, collectors, temporalSettings }: Context,
  { collector, variables }: ActivityInput<'setEnvironmentVariables'>,
): Promise<void> {
  // Not from the ids of workflow and activity: the caller chooses them, and a line with a known key is not written.
  const key = randomUUID();
  const stored = (await store.settings())[collector] ?? {};
  try {
    checkTableRows(collector, variables, stored, sources, temporalSettings);
  } catch (error) {
    // A line for a collector that does not exist would create it.
    if (isRefusal(error) && (await collectors.has(collector)))
      await store.logFailedCommand(collector, refusedNote('setEnvironmentVariables', error), [`refused/${key}`]);
    throw error;
  }
  const origin = `through Temporal, by the workflow ${quote(activityInfo().workflowExecution?.workflowId ?? '')}`;
  await store.setSettings(collector, variables, [], settingsChange(origin, key, everySetting(sources)));
}

/** True for what a person must learn of, as opposed to a typing error. */
function isRefusal(error: unknown): error is TrawlError {
  return error instanceof TrawlError && (error.code === 'SECRET_REFUSED' || error.code === 'NOT_THROUGH_TEMPORAL');
}
