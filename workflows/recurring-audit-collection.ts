import { ApplicationFailure, patched, startChild, workflowInfo } from '@temporalio/workflow';
import { auditWalk } from './audit-walk.js';
import { beginOffloading, isOffloadingDue } from './begin-offloading.js';
import { Commands } from './commands.js';
import { type CollectionInput, collectionInput, parseInput } from './input.js';
import type { Progress } from './messages.js';
import { lastActivities } from './options.js';
import { ProgressReport } from './progress.js';
import { runWithCommands, walkAndSettle } from './run.js';
import { Walk } from './walk.js';

/**
 * M10 Recurring Audit Collection: one run of it, on cron or a Schedule or by hand. Walks from the checkpoint until the
 * source has no more.
 *
 * It never continues as new itself, since a cron workflow that does so loses its schedule: a walk that would make its
 * history long goes on in `auditWalk`. Commands that come meanwhile are carried out here all the same; the store then
 * makes the walk begin again.
 */
export async function recurringAuditCollection(input: unknown): Promise<Progress> {
  const { collector, historyEventsMax } = parseInput(collectionInput, input, '{"collector":"asa"}');
  const report = new ProgressReport(collector);
  const commands = new Commands(collector, report);
  const walk = new Walk(collector, commands, report, historyEventsMax);
  const isDue = () => isOffloadingDue(walk, report.progress.newEvents);
  await runWithCommands(commands, report, {
    walk: async () => {
      let { resets } = commands;
      if ((await walkAndSettle(walk, commands)) === 'caught up') return resets;
      // Whether the walk that goes on had read everything when the checkpoint was reset under it cannot be told from here.
      ({ resets } = commands);
      if (isDue() && patched('long walks offload as they go')) await beginOffloading(collector);
      await handOver({ collector, historyEventsMax }, report);
      return resets;
    },
    failed: (failure) => logFailure(collector, failure),
    // A source that is away holds up neither a sink nor retention.
    offload: async (failed) => {
      if (isDue() && (!failed || patched('failed runs offload, too'))) await beginOffloading(collector);
    },
  });
  return report.progress;
}

/** U20, so that the store alone tells how a run ended. A store that is in trouble itself does not hide the failure. */
async function logFailure(collector: string, failure: unknown): Promise<void> {
  if (!(failure instanceof ApplicationFailure) || !patched('failed-run-in-execution-log')) return;
  const reason = `${failure.message} [${failure.type}]`;
  await lastActivities.writeExecutionLog
    .executeWithOptions({ summary: `${collector}: the run failed` }, [{ collector, failure: reason }])
    .catch(() => undefined);
}

async function handOver(input: CollectionInput, report: ProgressReport): Promise<void> {
  const walk = `audit-walk-${input.collector}-${runOf()}-${report.progress.pages}`;
  const { result } = await startChild(auditWalk, {
    workflowId: walk,
    args: [input],
    staticSummary: `${input.collector}: walk of a long catch-up`,
  });
  // Only now can it be queried and sent signals.
  report.update({ state: 'handed over', walk });
  const done = await result();
  report.update({ state: 'walking', walk: null, requests: report.progress.requests + done.requests });
  report.written(done);
}

/** The beginning of a run's id, which the first version took, is the time: two runs of one minute share it. */
function runOf(): string {
  const { runId } = workflowInfo();
  return patched('walk-named-by-whole-run-id') ? runId : runId.slice(0, 8);
}
