import type { RecurringState } from '../../temporal/collection.js';

/** Whether any worker takes work; unknown where Temporal does not say. */
export type WorkerState = 'running' | 'none' | 'unknown';

/**
 * The recurring collection: `no worker` where a run is due that nothing carries out, `unknown` where Temporal does not
 * answer.
 */
export type Recurring = RecurringState['state'] | 'stopped' | 'no worker' | 'unknown';

/** @param state null where there is none, undefined where Temporal does not say. */
export function recurringOf(state: Pick<RecurringState, 'state'> | null | undefined, worker: WorkerState): Recurring {
  if (state === undefined) return 'unknown';
  if (state === null) return 'stopped';
  return state.state === 'running' && worker === 'none' ? 'no worker' : state.state;
}
