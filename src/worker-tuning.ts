/** Limits on the work of a worker. */
export interface WorkerTuning {
  activities: number;
  cachedWorkflows: number;
  /** How long an answer may take to begin, and then to go on. */
  answerSeconds: number;
}

export const defaultTuning: WorkerTuning = { activities: 20, cachedWorkflows: 200, answerSeconds: 30 };
