/** The one task queue that all workers share. */
export const taskQueue = 'audit-collection';

/** Workflow id of a collector's recurring collection. */
export function recurringId(collector: string): string {
  return `audit-collection-${collector}`;
}

/** Workflow id of a collection that was asked for now, beside the recurring one. */
export function collectId(collector: string): string {
  return `audit-collection-${collector}-now`;
}

/** Workflow id of the offloading that follows a run. */
export function offloadId(collector: string): string {
  return `audit-offload-${collector}`;
}

/** Workflow id of an offloading that was asked for now. */
export function offloadNowId(collector: string): string {
  return `audit-offload-${collector}-now`;
}

/** The article's interval. */
export const defaultCron = '*/5 * * * *';
