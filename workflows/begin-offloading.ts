import { startChild } from '@temporalio/workflow';
import { offloadEvents } from './offload-events.js';
import type { Walk } from './walk.js';

/** Returns whether to offload now what this walk has found so far or an earlier one has left. */
export function isOffloadingDue({ offloads }: Walk, newEvents: number): boolean {
  return offloads === 'due' || (offloads === 'when new' && newEvents > 0);
}

/** The article's master schedule: offloading follows the run. It outlives the run; only one runs at a time. */
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
