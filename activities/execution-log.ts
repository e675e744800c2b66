import { activityInfo } from '@temporalio/activity';
import type { Context } from './context.js';
import type { ActivityInput } from './types.js';

/**
 * U20 Write Exec Log Record, for a run that found nothing new, or for a run or a command that failed. Lines of committed
 * pages are part of their write. Each line is written once, however often the activity is tried.
 * @throws TrawlError COLLECTOR_UNKNOWN; not retried.
 */
export async function writeExecutionLog(
  { store, collectors }: Context,
  { collector, failure, command }: ActivityInput<'writeExecutionLog'>,
): Promise<void> {
  const { workflowExecution, activityId } = activityInfo();
  const key = `${workflowExecution?.runId}/${activityId}`;
  if (failure === undefined) return store.logIdleRun(collector, key);
  // A run for a name that does not exist leaves nothing behind.
  await collectors.require(collector);
  if (command) return store.logFailedCommand(collector, `${command.kind} failed: ${failure}`, command.keys);
  return store.logFailedRun(collector, failure, key);
}
