import type { StoredEvent } from '../domain.js';
import { epochNanoseconds } from '../timestamp.js';

/** The event's own time in epoch nanoseconds; when it was collected, where its own cannot be read. */
export function eventTimeNs({ timestamp, collectedAt }: StoredEvent): bigint {
  return epochNanoseconds(timestamp) ?? epochNanoseconds(collectedAt) ?? 0n;
}
