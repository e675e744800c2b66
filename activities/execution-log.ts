import { activityInfo } from '@temporalio/activity';
import { commandKinds } from '../src/inputs/commands.js';
import { printable } from '../src/printable.js';
import { splitCode } from '../src/watch/problem.js';
import type { Context } from './context.js';
import type { ActivityInput } from './types.js';

/** Longer than any message of an error of Trawl. */
const failureMax = 2_000;

const signalMax = 100;

/**
 * U20 Write Exec Log Record, for a run or a command that failed, or for a signal that was ignored. `writePages` writes
 * the line of a committed page, and `fetchPages` that of a run that found nothing new. Each line is written once,
 * however often the activity is retried.
 *
 * An input with neither comes from a run whose page an older worker has read. Nothing here shows whether that run found
 * nothing new, so no line is written.
 * @throws TrawlError COLLECTOR_UNKNOWN; not retried.
 */
export async function writeExecutionLog(
  { store, collectors }: Context,
  { collector, failure, command, ignoredSignal }: ActivityInput<'writeExecutionLog'>,
): Promise<void> {
  if (failure === undefined && ignoredSignal === undefined) return;
  const { workflowExecution, activityId } = activityInfo();
  const key = `${workflowExecution?.runId}/${activityId}`;
  // A run for an unknown collector must leave no rows behind.
  await collectors.require(collector);
  if (failure === undefined) return store.logFailedCommand(collector, toldSignal(ignoredSignal!), [key]);
  const told = toldFailure(failure);
  if (command) return store.logFailedCommand(collector, `${command.kind} failed: ${told}`, command.keys);
  return store.logFailedRun(collector, told, key);
}

/** On one line, bounded, and with a code that docs/errors.md explains. */
function toldFailure(failure: string): string {
  const { code, message } = splitCode(failure);
  const line = printable(message.replace(/\s+/g, ' '));
  return `${line.length > failureMax ? `${line.slice(0, failureMax)}…` : line} [${code}]`;
}

/** Quoted, so that whoever names a signal cannot make the line look like another one. */
function toldSignal(name: string): string {
  const cut = name.length > signalMax ? `${name.slice(0, signalMax)}…` : name;
  return `Ignored a signal with the unknown name ${printable(JSON.stringify(cut))}. Signals are ${commandKinds.join(' and ')}.`;
}
