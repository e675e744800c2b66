import { isJsonObject } from '../../json-values.js';
import type { Json } from './json.js';
import { unknownEndpoint, unknownUser } from './objects.js';
import { cleanText, isIpText } from './values.js';

/** Kinds of observables of OCSF 1.3.0, by `type_id`. */
const kinds = {
  1: 'Hostname',
  2: 'IP Address',
  4: 'User Name',
  5: 'Email Address',
  10: 'Resource UID',
  11: 'Port',
  14: 'Country',
  19: 'User Credential ID',
  // OCSF has no number for it.
  99: 'User UID',
} as const;

type Kinds = Readonly<Record<string, keyof typeof kinds>>;

const ofUser: Kinds = { name: 4, uid: 99, email_addr: 5, credential_uid: 19 };
const ofPlace: Kinds = { hostname: 1, name: 1, ip: 2, port: 11, uid: 10 };
const ofResource: Kinds = { uid: 10 };

/** Kinds by the name of the object, wherever it is in the record. */
const objects: Readonly<Record<string, Kinds>> = {
  user: ofUser,
  owner: ofUser,
  account: { name: 4 },
  src_endpoint: ofPlace,
  dst_endpoint: ofPlace,
  proxy_endpoint: ofPlace,
  device: ofPlace,
  location: { country: 14 },
  url: { hostname: 1 },
  group: ofResource,
  org: ofResource,
  policy: ofResource,
  entity: ofResource,
  resource: ofResource,
  resources: ofResource,
  database: ofResource,
};

/** Attributes of a record that have observables in them. */
const roots = [
  ...['actor', 'user', 'group', 'entity', 'resource', 'resources', 'database', 'src_endpoint', 'dst_endpoint'],
  'http_request',
];

/** Members that no attribute of some classes has. */
const ofUnmapped: Kinds = {
  ...{ hostname: 1, client_ip: 2, server: 10, target_server: 10, servers: 10, resourceIDs: 10 },
  ...{ user: 99, target_user: 99, approver: 99, added: 99, removed: 99 },
};

/** `observables`: the values of a record by which people and machines are looked for, each with its path; or undefined. */
export function observablesOf(record: Json, unmapped: unknown): Json[] | undefined {
  const found: Json[] = [];
  for (const name of roots) if (record[name] !== undefined) collect(record[name], name, name, found);
  if (isJsonObject(unmapped)) {
    for (const name of Object.keys(ofUnmapped))
      if (Object.hasOwn(unmapped, name)) texts(unmapped[name], ofUnmapped[name]!, `unmapped.${name}`, found);
  }
  return found.length === 0 ? undefined : found;
}

/** A text, or the texts of a list. */
function texts(value: unknown, kind: keyof typeof kinds, path: string, found: Json[]): void {
  const add = (text: unknown, where: string) => {
    if (typeof text === 'string' && text !== '' && (kind !== 2 || isIpText(text)))
      found.push(observable(where, kind, text));
  };
  if (!Array.isArray(value)) add(value, path);
  else for (const [at, text] of value.entries()) add(text, `${path}[${at}]`);
}

function collect(value: unknown, name: string, path: string, found: Json[]): void {
  if (Array.isArray(value)) {
    for (const [at, item] of value.entries()) collect(item, name, `${path}[${at}]`, found);
    return;
  }
  if (!isJsonObject(value) || isPlaceholder(value)) return;
  const own = objects[name];
  for (const key of Object.keys(value)) {
    const inner = value[key];
    const kind = own?.[key];
    if (typeof inner === 'object') collect(inner, key, `${path}.${key}`, found);
    else if (kind !== undefined) found.push(observable(`${path}.${key}`, kind, String(inner)));
  }
}

function observable(name: string, kind: keyof typeof kinds, value: string): Json {
  return { name, type: kinds[kind], type_id: kind, value: cleanText(value) };
}

/** Whether the object stands for a person or thing that the event does not name. */
function isPlaceholder(value: Json): boolean {
  return value === unknownUser || value === unknownEndpoint;
}
