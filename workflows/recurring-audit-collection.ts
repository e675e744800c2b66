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
 * M10 Recurring Audit Collection: one run, started by cron, by a Schedule or by hand. Walks from the checkpoint until
 * the source has no more events.
 *
 * It never continues as new, since a cron workflow that does so loses its schedule: a walk that would make its history
 * long is handed over to `auditWalk`. Commands that arrive meanwhile are still carried out here; after a reset, the
 * store makes the walk start again.
 */
export async function recurringAuditCollection(input: unknown): Promise<Progress> {
  const { collector, historyEventsMax } = parseInput(collectionInput, input, '{"collector":"asa"}');
  const report = new ProgressReport(collector);
  const commands = new Commands(collector, report);
  const walk = new Walk({ collector, historyEventsMax, catchesUp: false }, commands, report);
  const isDue = () => isOffloadingDue(walk, report.progress.newEvents);
  await runWithCommands(commands, report, {
    walk: async () => {
      let { resets } = commands;
      if ((await walkAndSettle(walk, commands)) === 'caught up') return resets;
      // If the checkpoint is reset from here on, this run cannot know whether the child reads everything after it.
      ({ resets } = commands);
      if (isDue() && patched('long walks offload as they go')) await beginOffloading(collector);
      await handOver({ collector, historyEventsMax }, report);
      return resets;
    },
    failed: (failure) => logFailure(collector, failure),
    // An unavailable source must hold up neither the sinks nor retention.
    offload: async (failed) => {
      if (isDue() && (!failed || patched('failed runs offload, too'))) await beginOffloading(collector);
    },
  });
  return report.progress;
}

/** U20, so that the store alone shows how a run ended. If the store fails too, the run's own failure still counts. */
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
  // From here on it can be queried and signalled.
  report.update({ state: 'handed over', walk });
  const done = await result();
  const state = done.state === 'not caught up' ? done.state : 'walking';
  report.update({ state, walk: null, requests: report.progress.requests + done.requests });
  report.written(done);
}

/** The first version used the beginning of the run id. That is a time, which two runs of the same minute share. */
function runOf(): string {
  const { runId } = workflowInfo();
  return patched('walk-named-by-whole-run-id') ? runId : runId.slice(0, 8);
}
