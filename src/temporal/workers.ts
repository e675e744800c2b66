import type { Client } from '@temporalio/client';
import { taskQueue } from './names.js';

/** A worker that has nothing to do asks for work once a minute: one that has not for longer than this has ended. */
const silentMaxMs = 70_000;

/** Whether a worker takes work from the task queue. One that was killed counts for a minute yet. */
export async function hasWorker(client: Client): Promise<boolean> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: 1,
  });
  const since = Date.now() - silentMaxMs;
  return (pollers ?? []).some(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000 > since);
}
