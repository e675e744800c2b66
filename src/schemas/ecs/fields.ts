import { isIP } from 'node:net';
import type { Outcome, Type } from './mapping.js';

export type Fields = Record<string, unknown>;

export interface User {
  id?: string | undefined;
  name?: string | undefined;
  email?: string | undefined;
  domain?: string | undefined;
  group?: Fields | undefined;
}

export interface Named {
  users?: readonly (string | undefined)[];
  hosts?: readonly (string | undefined)[];
  addresses?: readonly (string | undefined)[];
}

/** The part of a record that depends on the source. Undefined members are left out. */
export interface Description {
  /** Types to look up in the mapping tables; the first that one has counts. */
  types: readonly string[];
  /** Set if the event is more specific than its type. */
  type?: readonly Type[] | undefined;
  outcome?: Outcome | undefined;
  reason?: string | undefined;
  user?: User;
  /** The user acted upon. */
  target?: User;
  /** The user as whom the action was performed. */
  effective?: User;
  group?: { id?: string | undefined; name?: string | undefined };
  host?: {
    id?: string | undefined;
    name?: string | undefined;
    address?: string | undefined;
    os?: string | undefined;
    osType?: string | undefined;
  };
  source?: { address?: string | undefined; domain?: string | undefined; countryCode?: string | undefined };
  client?: { address?: string | undefined };
  organization?: { id?: string | undefined; name?: string | undefined };
  /** Further names and ids of users in the event. */
  relatedUsers?: readonly string[];
  /** Everyone and everything else that the event names, for `related.*`; since version 2. */
  named?: Named | undefined;
  /** Field sets that are copied unchanged. */
  others?: Fields;
  /** Members for which the source's tables have no field. */
  unmapped?: Fields | undefined;
}

/** The defined members; undefined if there are none. */
export function some(members: Fields): Fields | undefined {
  const kept: Fields = {};
  let any = false;
  for (const name in members) {
    if (members[name] === undefined) continue;
    kept[name] = members[name];
    any = true;
  }
  return any ? kept : undefined;
}

/** The different values, without undefined and empty ones; undefined if there are none. */
export function distinct(values: readonly (string | undefined)[]): string[] | undefined {
  const all = [...new Set(values)].filter((value) => value !== undefined && value !== '') as string[];
  return all.length === 0 ? undefined : all;
}

export function namesOf(user: User | undefined): (string | undefined)[] {
  return [user?.id, user?.name, user?.email];
}

/** The text if Elasticsearch accepts it as `ip`, that is, without a port or zone; else undefined. */
export function ipOf(text: string | undefined): string | undefined {
  // The longest form of IPv6 has 45 characters.
  return text !== undefined && text.length <= 45 && isIP(text) !== 0 && !text.includes('%') ? text : undefined;
}

export function emailOf(text: string | undefined): string | undefined {
  return text !== undefined && text.length <= 320 && /^[^\s@]+@[^\s@]+$/.test(text) ? text : undefined;
}

/**
 * The values of a column that enrichment wrote, `NAME (LABEL: VALUE, LABEL: VALUE)`, name first. Undefined if it does
 * not have that form. Parsed from the end, since a name can contain anything.
 *
 * @param labels the texts between the values
 */
export function describedIn(column: string, labels: readonly string[]): string[] | undefined {
  if (!column.endsWith(')')) return undefined;
  const values: string[] = [];
  let end = column.length - 1;
  for (const label of labels.toReversed()) {
    const at = end < label.length ? -1 : column.lastIndexOf(label, end - label.length);
    if (at === -1) return undefined;
    values.unshift(column.slice(at + label.length, end).toWellFormed());
    end = at;
  }
  return [column.slice(0, end).toWellFormed(), ...values];
}
