import type { EnrichedEvent } from '../domain.js';
import type { Schema } from '../schemas/schema.js';

/** Bounds memory if a source invents types. */
const typesMax = 10_000;

/** Counts the types of events that schemas have no mapping for. Checks each type once. */
export class UnmappedTypes {
  readonly #schemas: readonly Schema[];
  readonly #seen = new Map<string, Set<string>>();
  readonly #counts = new Map<string, Map<string, number>>();

  constructor(schemas: readonly Schema[]) {
    this.#schemas = schemas;
  }

  look(collector: string, source: string, events: readonly EnrichedEvent[]): void {
    const seen = entry(this.#seen, collector, () => new Set<string>());
    for (const { timeNs: _, ...event } of events) {
      if (seen.has(event.type) || seen.size >= typesMax) continue;
      seen.add(event.type);
      const stored = { ...event, collector, seq: 0, collectedAt: event.timestamp };
      const counts = this.counts(collector);
      for (const { name, record } of this.#schemas)
        if (!record(stored, source).known) counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }

  /** Number of unmapped types of a collector, by schema. */
  counts(collector: string): Map<string, number> {
    return entry(this.#counts, collector, () => new Map(this.#schemas.map(({ name }) => [name, 0])));
  }

  get collectors(): Iterable<string> {
    return this.#counts.keys();
  }
}

function entry<T>(map: Map<string, T>, key: string, make: () => T): T {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
