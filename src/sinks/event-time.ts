import type { StoredEvent } from '../domain.js';
import { epochNanoseconds } from '../timestamp.js';

/** The event's own time in epoch nanoseconds; the time of its collection if its own cannot be parsed. */
export function eventTimeNs({ timestamp, collectedAt }: StoredEvent): bigint {
  return epochNanoseconds(timestamp) ?? epochNanoseconds(collectedAt) ?? 0n;
}
