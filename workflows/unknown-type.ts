import { ApplicationFailure, proxyLocalActivities, workflowInfo } from '@temporalio/workflow';
import type { LocalActivities } from '../activities/types.js';
import { workflowTypes } from '../src/inputs/workflows.js';

const { otherReleases } = proxyLocalActivities<LocalActivities>({
  startToCloseTimeout: '5 seconds',
  retry: { maximumAttempts: 1 },
});

const typeMax = 200;

/**
 * Carries out runs of a type that this release does not know. Without it, a typing error would be retried for ever and
 * look healthy.
 *
 * A newer release may know the type, and a rolling upgrade has workers of both on the task queue. So the run is failed
 * only if this release is alone there; a child belongs to a newer run in any case, and a run that has begun before is
 * known to whoever began it. Otherwise the workflow task fails, not the run: that leaves nothing in the history, where
 * the other release would stumble over it, and the server offers the task again. A local activity asks, since only a
 * task that completes records it.
 */
export async function unknownType(): Promise<never> {
  const { workflowType, parent, unsafe } = workflowInfo();
  const type = JSON.stringify(workflowType.slice(0, typeMax));
  if (parent || unsafe.isReplaying || !(await isAlone())) {
    throw new Error(`This worker does not know the workflow type ${type}; another one may: the task is offered again.`);
  }
  throw ApplicationFailure.create({
    message: `Unknown workflow type ${type} (known: ${workflowTypes.join(', ')}). Start it again with one of these types.`,
    type: 'INPUT_INVALID',
    nonRetryable: true,
  });
}

async function isAlone(): Promise<boolean> {
  try {
    return (await otherReleases()).length === 0;
  } catch {
    // Whoever cannot be asked may be there.
    return false;
  }
}
