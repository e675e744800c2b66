import { workflowInfo } from '@temporalio/workflow';

/** True if the walk should move to another run: the history has `eventsMax` events, or the server suggests it. */
export function historyIsFull(eventsMax: number): boolean {
  const { historyLength, continueAsNewSuggested } = workflowInfo();
  return continueAsNewSuggested || historyLength >= eventsMax;
}
