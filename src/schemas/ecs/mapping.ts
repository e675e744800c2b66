/** The values of ECS's categorisation fields that the tables use. */
export type Category = 'api' | 'authentication' | 'configuration' | 'database' | 'host' | 'iam' | 'network' | 'session';
export type Type =
  | 'access'
  | 'admin'
  | 'allowed'
  | 'change'
  | 'creation'
  | 'deletion'
  | 'denied'
  | 'end'
  | 'group'
  | 'info'
  | 'start'
  | 'user';
export type Outcome = 'success' | 'failure' | 'unknown';

/**
 * The ECS categorisation of an event type. `event.kind` is always `event`, and `event.action` the source's own type.
 */
export interface Mapping {
  readonly category: readonly Category[];
  readonly type: readonly Type[];
  /** Used if the event itself has no outcome. */
  readonly outcome: Outcome;
}

/** A row of a mapping table of version 1. Later versions have those of src/schemas/event-types/. */
export interface MappingRow extends Mapping {
  /** Event types. A `*` at the beginning or end is a wildcard; types listed in other rows take precedence. */
  readonly of: readonly string[];
}

/** Number of the mapping: what differs from 1 to 2 says so where it stands. */
export type Version = 1 | 2;

/** Finds the mapping of an event type; undefined if no row has it. */
type FindMapping = (type: string) => Mapping | undefined;

export function findIn(rows: readonly MappingRow[]): FindMapping {
  const exact = new Map<string, Mapping>();
  const families: ((type: string) => Mapping | undefined)[] = [];
  for (const { of, ...mapping } of rows) {
    for (const name of of) {
      if (name.endsWith('*')) families.push((type) => (type.startsWith(name.slice(0, -1)) ? mapping : undefined));
      else if (name.startsWith('*')) families.push((type) => (type.endsWith(name.slice(1)) ? mapping : undefined));
      else exact.set(name, mapping);
    }
  }
  return (type) => {
    const mapping = exact.get(type);
    if (mapping) return mapping;
    for (const family of families) {
      const found = family(type);
      if (found) return found;
    }
    return undefined;
  };
}
