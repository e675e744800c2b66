import type { Mapping, Outcome, Type } from '../ecs/mapping.js';
import type { Row } from '../ocsf/mapping.js';

/**
 * The mapping of event types in both schemas, from their second version on: one row says what a type is in OCSF and in
 * ECS, so that neither knows a type that the other lacks, and both tell the same outcome. docs/schemas.md has the tables.
 */
export interface TypeMapping {
  ocsf: Row;
  ecs: Pick<Mapping, 'category' | 'type'>;
  /** Used if the event itself tells none. */
  outcome: Outcome;
  /** The reason, where it is not obvious. Markdown. */
  why?: string;
}

/** Types with one mapping. */
export interface TypeRow extends TypeMapping {
  of: readonly string[];
}

/** A family of types that have no row of their own. */
export interface TypeFamily extends TypeMapping {
  types: RegExp;
  /** The family as the docs name it. Markdown. */
  named: string;
}

/** The mapping of one source's event types. */
export interface TypeTable {
  rows: readonly TypeRow[];
  /** The first that matches wins. */
  families: readonly TypeFamily[];
}

type FindMapping = (types: readonly string[]) => TypeMapping | undefined;

/** Finds the row of the first of these types that has one, else the first family of any of them. */
export function findIn({ rows, families }: TypeTable): FindMapping {
  const exact = new Map<string, TypeMapping>(rows.flatMap((row) => row.of.map((type) => [type, row] as const)));
  return (types) => {
    const own = types.find((type) => exact.has(type));
    if (own !== undefined) return exact.get(own);
    return families.find((family) => types.some((type) => type.length <= 200 && family.types.test(type)));
  };
}

/** The outcome of an event: the one that its type implies, else what the event says, else the usual one of its type. */
export function outcomeOf({ ocsf, outcome }: TypeMapping, said: Outcome | undefined): Outcome {
  if (ocsf.status !== undefined) return ocsf.status === 'Success' ? 'success' : 'failure';
  return said ?? outcome;
}

export function account(activity: number, activityName?: string): Row {
  return { class: 'accountChange', activity, ...(activityName === undefined ? {} : { activityName }) };
}

export function entity(kind: string, activity: number): Row {
  return { class: 'entityManagement', entity: kind, activity };
}

export function group(activity: number, activityName?: string): Row {
  return { class: 'groupManagement', activity, ...(activityName === undefined ? {} : { activityName }) };
}

export function authentication(activity: number, activityName?: string): Row {
  return { class: 'authentication', activity, ...(activityName === undefined ? {} : { activityName }) };
}

export function iam(...type: ('admin' | 'change' | 'creation' | 'deletion' | 'group' | 'info' | 'user')[]) {
  return { category: ['iam'], type } as const satisfies TypeMapping['ecs'];
}

export function configuration(...type: ('access' | 'change' | 'creation' | 'deletion' | 'info')[]) {
  return { category: ['configuration'], type } as const satisfies TypeMapping['ecs'];
}

/** ECS of a category with one type. */
export function ecs(category: TypeMapping['ecs']['category'][number], ...type: Type[]): TypeMapping['ecs'] {
  return { category: [category], type };
}
