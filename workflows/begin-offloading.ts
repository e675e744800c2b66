import { startChild } from '@temporalio/workflow';
import { offloadEvents } from './offload-events.js';
import type { Walk } from './walk.js';

/** Whether what this walk has found so far, or what is left from before, is to be offloaded now. */
export function isOffloadingDue({ offloads }: Walk, newEvents: number): boolean {
  return offloads === 'due' || (offloads === 'when new' && newEvents > 0);
}

/** The master schedule of the article: offloading follows the run. It goes on by itself; one that runs already goes on. */
export async function beginOffloading(collector: string): Promise<void> {
  try {
    await startChild(offloadEvents, {
      workflowId: `audit-offload-${collector}`,
      args: [{ collector }],
      parentClosePolicy: 'ABANDON',
      staticSummary: `${collector}: offload`,
    });
  } catch (error) {
    if ((error as Error).name !== 'WorkflowExecutionAlreadyStartedError') throw error;
  }
}
