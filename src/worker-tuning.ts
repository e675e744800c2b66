/** How much a worker takes on. */
export interface WorkerTuning {
  activities: number;
  cachedWorkflows: number;
}

export const defaultTuning: WorkerTuning = { activities: 20, cachedWorkflows: 200 };
