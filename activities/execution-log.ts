import { activityInfo } from '@temporalio/activity';
import type { Context } from './context.js';
import type { ActivityInput } from './types.js';

/**
 * U20 Write Exec Log Record, for a run that found nothing new and for a run or a command that failed. The line of a
 * committed page is part of its write. Each line is written once, however often the activity is retried.
 * @throws TrawlError COLLECTOR_UNKNOWN; not retried.
 */
export async function writeExecutionLog(
  { store, collectors }: Context,
  { collector, failure, command }: ActivityInput<'writeExecutionLog'>,
): Promise<void> {
  const { workflowExecution, activityId } = activityInfo();
  const key = `${workflowExecution?.runId}/${activityId}`;
  if (failure === undefined) return store.logIdleRun(collector, key);
  // A run for an unknown collector must leave no rows behind.
  await collectors.require(collector);
  if (command) return store.logFailedCommand(collector, `${command.kind} failed: ${failure}`, command.keys);
  return store.logFailedRun(collector, failure, key);
}
