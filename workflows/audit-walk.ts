import { continueAsNew, patched } from '@temporalio/workflow';
import { beginOffloading, isOffloadingDue } from './begin-offloading.js';
import { type Command, Commands } from './commands.js';
import { type CollectionInput, collectionInput, parseInput } from './input.js';
import type { Progress } from './messages.js';
import { ProgressReport } from './progress.js';
import { runWithCommands, walkAndSettle } from './run.js';
import { Walk } from './walk.js';

/** State that a walk carries over when it continues as new. */
interface CarriedOver {
  progress: Progress;
  commands: Command[];
}

/**
 * The walk of M10 as a separate workflow, which continues as new when its history grows long. It accepts the same
 * signals and carries over the pending ones, so that a stream of signals cannot hold it up.
 */
export async function auditWalk(input: CollectionInput, carried?: CarriedOver): Promise<Progress> {
  const { collector, historyEventsMax } = parseInput(collectionInput, input, '{"collector":"asa"}');
  const report = new ProgressReport(collector, carried?.progress);
  const commands = new Commands(collector, report, carried?.commands);
  const walk = new Walk({ collector, historyEventsMax, catchesUp: true }, commands, report);
  await runWithCommands(commands, report, {
    walk: async () => {
      const { resets } = commands;
      if ((await walkAndSettle(walk, commands)) === 'caught up') return resets;
      // Otherwise sinks would receive nothing until a first catch-up, which may take hours, is over.
      if (isOffloadingDue(walk, report.progress.newEvents) && patched('long walks offload as they go'))
        await beginOffloading(collector);
      const left = await commands.take();
      return continueAsNew<typeof auditWalk>(
        { collector, historyEventsMax },
        { progress: report.progress, commands: left },
      );
    },
  });
  return report.progress;
}
