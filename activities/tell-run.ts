import { activityInfo, getClient } from '@temporalio/activity';
import { attemptFailed, type FailedAttempt } from '../src/inputs/attempts.js';

const tellMaxMs = 2_000;

/** Tells the run why this attempt failed, so that its details say so before it succeeds. Never throws. */
export async function tellRun(told: Omit<FailedAttempt, 'number'>): Promise<void> {
  const { attempt, workflowExecution } = activityInfo();
  if (!workflowExecution) return;
  const { workflowId, runId } = workflowExecution;
  try {
    const client = getClient();
    const argument: FailedAttempt = { ...told, number: attempt };
    await client.withDeadline(Date.now() + tellMaxMs, () =>
      client.workflow.getHandle(workflowId, runId).signal(attemptFailed, argument),
    );
  } catch {
    // The store has the failure, too; a run that has ended needs none.
  }
}
