/** The one task queue that all workers share. */
export const taskQueue = 'audit-collection';

/** Workflow id of a collector's recurring collection. */
export function recurringId(collector: string): string {
  return `audit-collection-${collector}`;
}

/** The collector in the id of a recurring collection; undefined for the id of another workflow. */
export function collectorOf(id: string): string | undefined {
  return id.startsWith(recurringId('')) ? id.slice(recurringId('').length) : undefined;
}

/** Workflow id of a collection started by hand, beside the recurring one. */
export function collectId(collector: string): string {
  return `audit-collection-${collector}-now`;
}

/** Workflow id of a collector's offloading. A Schedule appends the time of its run. */
export function offloadId(collector: string): string {
  return `audit-offload-${collector}`;
}

/** Workflow id of a repetition. The slash keeps it distinct: collectors' names have none. */
export function reoffloadId(collector: string, series: string): string {
  return `audit-reoffload-${collector}/${series}`;
}
