/** The one task queue that all workers share. */
export const taskQueue = 'audit-collection';

/** Workflow id of a collector's recurring collection. */
export function recurringId(collector: string): string {
  return `audit-collection-${collector}`;
}

/** The collector of a recurring collection's id; undefined where it is another workflow's. */
export function collectorOf(id: string): string | undefined {
  return id.startsWith(recurringId('')) ? id.slice(recurringId('').length) : undefined;
}

/** Workflow id of a collection that was asked for now, beside the recurring one. */
export function collectId(collector: string): string {
  return `audit-collection-${collector}-now`;
}

/** Workflow id of a collector's offloading: one at a time, whoever began it. */
export function offloadId(collector: string): string {
  return `audit-offload-${collector}`;
}

/** Workflow id of a repetition; no collector has a slash in its name. */
export function reoffloadId(collector: string, series: string): string {
  return `audit-reoffload-${collector}/${series}`;
}
