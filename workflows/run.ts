import { ApplicationFailure, ContinueAsNew } from '@temporalio/workflow';
import type { Commands } from './commands.js';
import { runFailure } from './failure.js';
import type { CommandFailure } from './messages.js';
import type { ProgressReport } from './progress.js';
import type { Walk, WalkEnd } from './walk.js';

/** The steps of a run that accepts commands. */
interface RunSteps {
  /**
   * Reads until the source has no more events.
   * @returns the number of checkpoint resets that the walk has taken into account.
   */
  walk(): Promise<number>;
  /** Records that the walk failed; never throws. */
  failed?(failure: unknown): Promise<void>;
  /** Begins offloading if it is due, even after a failed walk. */
  offload?(failed: boolean): Promise<void>;
}

/**
 * Owns the end of a run that accepts commands. Noted commands are carried out before the walk and before the end, even
 * if the walk or the start of the offloading fails. After a reset, the run walks again.
 *
 * There is no await between the last check for pending commands and the return or throw. So a signal that the server
 * has accepted is either carried out or makes the server repeat the workflow task.
 *
 * @throws the failure of the walk, otherwise that of the offloading, otherwise that of a command.
 */
export async function runWithCommands(commands: Commands, report: ProgressReport, steps: RunSteps): Promise<void> {
  for (;;) {
    let resets = commands.resets;
    let failure: unknown;
    try {
      await commands.settled();
      resets = await steps.walk();
      await commands.drained();
    } catch (error) {
      // The next run carries out the remaining commands.
      if (error instanceof ContinueAsNew) throw error;
      failure = runFailure(error);
    }
    if (failure === undefined && commands.resets !== resets) continue;
    if (failure !== undefined) {
      report.update({ state: 'failed' });
      await steps.failed?.(failure);
      await commands.drained();
    }
    const isFailed = failure !== undefined;
    await steps.offload?.(isFailed).catch((error: unknown) => {
      failure ??= runFailure(error);
    });
    // Not drained(): its return would be an await between the last check and the end of the run.
    while (commands.pending) await commands.settled();
    if (failure === undefined && commands.resets !== resets) continue;
    failure ??= failureOf(report.progress.failedCommands);
    const end = report.progress.state === 'not caught up' ? 'not caught up' : 'caught up';
    report.update({ state: failure === undefined ? end : 'failed' });
    if (failure !== undefined) throw failure;
    return;
  }
}

/** Runs the walk. If it fails, carries out the commands noted meanwhile first, so that the failure is recorded last. */
export async function walkAndSettle(walk: Walk, commands: Commands): Promise<WalkEnd> {
  try {
    return await walk.run();
  } catch (error) {
    await commands.drained();
    throw error;
  }
}

function failureOf([first, ...others]: readonly CommandFailure[]): ApplicationFailure | undefined {
  if (first === undefined) return undefined;
  const more = others.length > 0 ? ` ${others.length} more failed: see the execution log.` : '';
  return ApplicationFailure.create({
    message: `The command ${first.command} failed: ${first.message}${more}`,
    type: first.code,
    nonRetryable: true,
  });
}
