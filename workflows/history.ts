import { workflowInfo } from '@temporalio/workflow';

/** Whether this run is to go on in another one: its history has `eventsMax` events, or the server suggests it. */
export function historyIsFull(eventsMax: number): boolean {
  const { historyLength, continueAsNewSuggested } = workflowInfo();
  return continueAsNewSuggested || historyLength >= eventsMax;
}
