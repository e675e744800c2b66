import type { StoredEvent } from '../../domain.js';
import type { EventFilter, Store } from '../../stores/store.js';
import { epochNanoseconds } from '../../timestamp.js';

/** The newest events of all these collectors, the latest first. */
export async function latestOf(store: Store, filters: readonly EventFilter[], count: number): Promise<StoredEvent[]> {
  let latest: { event: StoredEvent; timeNs: bigint }[] = [];
  for (const filter of filters) {
    const own = await store.latestEvents(filter, count);
    const timed = own.map((event) => ({ event, timeNs: epochNanoseconds(event.timestamp) ?? 0n }));
    latest = [...latest, ...timed].sort(byTime).slice(0, count);
  }
  return latest.map(({ event }) => event);
}

/** Collector by collector, as an export has them. */
export function inOrderOfStoring(events: readonly StoredEvent[]): StoredEvent[] {
  return [...events].sort((one, other) =>
    one.collector === other.collector ? one.seq - other.seq : one.collector < other.collector ? -1 : 1,
  );
}

type Timed = { event: StoredEvent; timeNs: bigint };

function byTime(one: Timed, other: Timed): number {
  if (one.timeNs !== other.timeNs) return one.timeNs > other.timeNs ? -1 : 1;
  return other.event.seq - one.event.seq;
}
