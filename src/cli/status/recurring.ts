import type { RecurringState } from '../../temporal/collection.js';

/** `running` if a worker polls the task queue; `unknown` if Temporal does not say. */
export type WorkerState = 'running' | 'none' | 'unknown';

/**
 * State of the recurring collection: `no worker` if a run is due that no worker carries out, `unknown` if Temporal does
 * not answer.
 */
export type Recurring = RecurringState['state'] | 'stopped' | 'no worker' | 'unknown';

/** @param state null if there is no recurring collection, undefined if Temporal does not say. */
export function recurringOf(state: Pick<RecurringState, 'state'> | null | undefined, worker: WorkerState): Recurring {
  if (state === undefined) return 'unknown';
  if (state === null) return 'stopped';
  return state.state === 'running' && worker === 'none' ? 'no worker' : state.state;
}
