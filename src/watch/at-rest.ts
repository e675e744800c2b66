import type { Standing } from '../stores/store.js';

/** True if nothing is known of any run, and none is expected: so `trawl remove` leaves a collector. */
export function isAtRest({ due, lastDateTime, failure }: Standing): boolean {
  return due === null && lastDateTime === null && failure === null;
}
