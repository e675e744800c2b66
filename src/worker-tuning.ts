/** Limits on the work of a worker. */
export interface WorkerTuning {
  activities: number;
  cachedWorkflows: number;
}

export const defaultTuning: WorkerTuning = { activities: 20, cachedWorkflows: 200 };
