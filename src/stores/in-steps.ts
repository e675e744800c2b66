import { setImmediate } from 'node:timers/promises';

/** Rows to remove in one transaction, so that it is short. */
export const removedAtOnce = 2_000;

/** Events to add to a proof in one transaction. */
export const takenOverAtOnce = 10_000;

/**
 * Carries out one bounded transaction after the other until nothing is left. In between, other work goes on, such as an
 * activity's heartbeat: a store may work synchronously.
 * @param step returns whether more is left
 * @param goesOn asked before each further step
 * @returns whether all is done
 */
export async function inSteps(step: () => Promise<boolean>, goesOn: () => boolean = () => true): Promise<boolean> {
  while (await step()) {
    if (!goesOn()) return false;
    await setImmediate();
  }
  return true;
}
