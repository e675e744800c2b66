import type { Client } from '@temporalio/client';
import { workflowTypes } from '../inputs/workflows.js';
import { taskQueue } from './names.js';
import { hasWorker } from './workers.js';

/** Runs of Trawl's types on a task queue that no worker polls, for example because of a typing error. */
export interface StrayRuns {
  taskQueue: string;
  workflowIds: string[];
}

/** Bounds a look at a namespace in which somebody starts runs by the thousand. */
const runsMax = 100;

/** Nothing else shows them: to the server, they wait for a worker like any other run. */
export async function strayRuns(client: Client): Promise<StrayRuns[]> {
  const types = workflowTypes.map((type) => `'${type}'`).join(', ');
  const query = `WorkflowType IN (${types}) AND ExecutionStatus = 'Running' AND TaskQueue != '${taskQueue}'`;
  const byQueue = new Map<string, string[]>();
  let seen = 0;
  for await (const { taskQueue: queue, workflowId } of client.workflow.list({ query, pageSize: runsMax })) {
    byQueue.set(queue, [...(byQueue.get(queue) ?? []), workflowId]);
    seen += 1;
    if (seen === runsMax) break;
  }
  const found: StrayRuns[] = [];
  for (const [queue, workflowIds] of byQueue)
    if (!(await hasWorker(client, queue))) found.push({ taskQueue: queue, workflowIds });
  return found;
}
