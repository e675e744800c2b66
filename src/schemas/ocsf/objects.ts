import { addressOf } from '../address.js';
import type { Json } from './json.js';
import { defined, isEmail, isHostname, isIpText, something } from './values.js';

/** Placeholders for required attributes that the event does not name. */
export const unknownUser: Json = { name: 'Unknown', type: 'Unknown', type_id: 0 };
export const unknownEndpoint: Json = { name: 'Unknown' };

interface UserParts {
  uid?: string | undefined;
  name?: string | undefined;
  /** The source's word for the kind of user. */
  type?: string | undefined;
  /** The source has no other name for users than their ids. */
  named?: 'by id';
  more?: Json;
}

/** Kinds of user that OCSF has a number for, in the words of the sources. */
const people = new Set(['human', 'user']);

/** How a version of the mapping makes people and places. */
export interface Objects {
  readonly version: 1 | 2;
  /** `user`; undefined without an id or a name. */
  userOf(parts: UserParts): Json | undefined;
  /** `network_endpoint`; undefined if nothing identifies it. */
  endpointOf(parts: EndpointParts): Json | undefined;
  /** Returns whether `endpointOf` takes the text as `ip`. */
  isAddress(text: string): boolean;
}

export const objects1: Objects = { version: 1, userOf, endpointOf, isAddress: isIpText };

/**
 * Since version 2, an id that is an e-mail address, or the only name that the source has for a user, is also the name;
 * and `IP:PORT` is an address and a port.
 */
export const objects2: Objects = {
  version: 2,
  userOf: ({ named, ...parts }) => {
    const { uid } = parts;
    const name = parts.name ?? (named === 'by id' || (uid !== undefined && isEmail(uid)) ? uid : undefined);
    const email = uid !== undefined && isEmail(uid) ? { email_addr: uid } : {};
    return userOf({ ...parts, name, more: { ...(name !== undefined && isEmail(name) ? {} : email), ...parts.more } });
  },
  endpointOf: ({ ip, more, ...parts }) => {
    const address = ip === undefined ? undefined : addressOf(ip);
    const port = address?.port === undefined ? {} : { port: address.port };
    return endpointOf({ ...parts, ip: address?.ip, more: { ...port, ...more } });
  },
  isAddress: (text) => isIpText(addressOf(text)?.ip ?? ''),
};

function userOf({ uid, name, type, more = {} }: UserParts): Json | undefined {
  if (uid === undefined && name === undefined) return undefined;
  return defined({
    uid,
    name,
    email_addr: name !== undefined && isEmail(name) ? name : undefined,
    ...kindOf(type),
    ...more,
  });
}

function kindOf(type: string | undefined): Json {
  if (type === undefined) return { type: 'Unknown', type_id: 0 };
  return people.has(type.toLowerCase()) ? { type: 'User', type_id: 1 } : { type, type_id: 99 };
}

interface EndpointParts {
  ip?: string | undefined;
  uid?: string | undefined;
  /** Becomes `hostname` if it is a valid host name, else `name`. */
  name?: string | undefined;
  os?: string | undefined;
  more?: Json;
}

function endpointOf({ ip, uid, name, os, more = {} }: EndpointParts): Json | undefined {
  const address = ip !== undefined && isIpText(ip) ? ip : undefined;
  const named = name === undefined ? {} : isHostname(name) ? { hostname: name } : { name };
  const endpoint = something({ ip: address, uid, ...named });
  return endpoint && defined({ ...endpoint, os: osOf(os), ...more });
}

const systems: readonly [RegExp, number, string][] = [
  [/windows/i, 100, 'Windows'],
  [/mac ?os/i, 300, 'macOS'],
  [/android/i, 201, 'Android'],
  [/\bios\b/i, 301, 'iOS'],
  [/linux|ubuntu|debian|red ?hat|rhel|centos|fedora|suse|alma|rocky|arch/i, 200, 'Linux'],
];

function osOf(name: string | undefined): Json | undefined {
  if (!name) return undefined;
  const [, typeId, type] = systems.find(([words]) => words.test(name)) ?? [/./, 0, 'Unknown'];
  return { name, type, type_id: typeId };
}

/** Kinds of managed entities that OCSF has a number for. */
const entityTypes: Readonly<Record<string, readonly [typeId: number, type: string]>> = {
  device: [1, 'Device'],
  user: [2, 'User'],
  group: [3, 'Group'],
  organization: [4, 'Organization'],
  policy: [5, 'Policy'],
};

interface EntityParts {
  uid?: string | undefined;
  name?: string | undefined;
  /** The object of that kind, under its attribute name. */
  more?: Json;
}

/** `managed_entity` of a kind, named `Unknown` if it has neither an id nor a name. */
export function entityOf(kind: string, { uid, name, more = {} }: EntityParts): Json {
  const [typeId, type] = entityTypes[kind] ?? [99, kind];
  const known = uid !== undefined || name !== undefined || Object.keys(more).length > 0;
  return defined({ type, type_id: typeId, uid, name: known ? name : 'Unknown', ...more });
}

/** `group`, `organization` and similar objects; undefined without an id or a name. */
export function namedOf(uid: string | undefined, name: string | undefined): Json | undefined {
  return something({ uid, name });
}
