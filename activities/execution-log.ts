import { activityInfo } from '@temporalio/activity';
import { printable } from '../src/printable.js';
import { splitCode } from '../src/watch/problem.js';
import type { Context } from './context.js';
import type { ActivityInput } from './types.js';

/** Longer than any message of an error of Trawl. */
const failureMax = 2_000;

/**
 * U20 Write Exec Log Record, for a run or a command that failed. The line of a committed page is part of its write, that
 * of a run that found nothing new part of `fetchPages`. Each line is written once, however often the activity is retried.
 *
 * Without a failure it is of a run whose page an older worker has read: whether that run found nothing cannot be known
 * here, so no line says so.
 * @throws TrawlError COLLECTOR_UNKNOWN; not retried.
 */
export async function writeExecutionLog(
  { store, collectors }: Context,
  { collector, failure, command }: ActivityInput<'writeExecutionLog'>,
): Promise<void> {
  if (failure === undefined) return;
  const { workflowExecution, activityId } = activityInfo();
  const key = `${workflowExecution?.runId}/${activityId}`;
  const told = toldFailure(failure);
  // A run for an unknown collector must leave no rows behind.
  await collectors.require(collector);
  if (command) return store.logFailedCommand(collector, `${command.kind} failed: ${told}`, command.keys);
  return store.logFailedRun(collector, told, key);
}

/** On one line, bounded, and with a code that docs/errors.md explains. */
function toldFailure(failure: string): string {
  const { code, message } = splitCode(failure);
  const line = printable(message.replace(/\s+/g, ' '));
  return `${line.length > failureMax ? `${line.slice(0, failureMax)}…` : line} [${code}]`;
}
