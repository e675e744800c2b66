import type { Client } from '@temporalio/client';

export interface TemporalCost {
  /** As Temporal counts them for billing, without a Schedule's own. */
  actions: number;
  historyEvents: number;
  historyBytes: number;
}

/** The cost of a run, from its history. https://docs.temporal.io/cloud/actions lists what counts. */
export async function costOfRun(client: Client, workflowId: string, runId: string): Promise<TemporalCost> {
  const handle = client.workflow.getHandle(workflowId, runId);
  const { events } = await handle.fetchHistory();
  const { historySize } = await handle.describe();
  const counted = (events ?? []).filter(
    (event) =>
      event.workflowExecutionStartedEventAttributes ||
      event.activityTaskScheduledEventAttributes ||
      event.timerStartedEventAttributes ||
      event.markerRecordedEventAttributes,
  );
  return { actions: counted.length, historyEvents: events?.length ?? 0, historyBytes: historySize ?? 0 };
}
