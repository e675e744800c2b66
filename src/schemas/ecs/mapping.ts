/** The values of ECS's categorisation fields that the tables use. */
export type Category = 'authentication' | 'configuration' | 'database' | 'host' | 'iam' | 'network' | 'session';
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

/** What events of some types are in ECS. `event.kind` is `event` for all, and `event.action` the source's own type. */
export interface Mapping {
  readonly category: readonly Category[];
  readonly type: readonly Type[];
  /** Where the event itself does not tell. */
  readonly outcome: Outcome;
}

/** A row of a mapping table. */
export interface MappingRow extends Mapping {
  /** Event types; one that ends or begins with `*` stands for all that begin or end so and are in no other row. */
  readonly of: readonly string[];
}

/** Finds the mapping of an event type; undefined where it is in no row. */
export type FindMapping = (type: string) => Mapping | undefined;

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
