import { isJsonObject } from '../../json-values.js';
import type { Json } from './json.js';
import { unknownEndpoint, unknownUser } from './objects.js';
import { cleanText, isIpText } from './values.js';

/** Kinds of observables of OCSF 1.3.0, by `type_id`. */
const names = {
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

type Kind = keyof typeof names;
type Kinds = Readonly<Record<string, Kind>>;

const ofUser: Kinds = { name: 4, uid: 99, email_addr: 5, credential_uid: 19 };
const ofPlace: Kinds = { hostname: 1, name: 1, ip: 2, port: 11, uid: 10 };
const ofResource: Kinds = { uid: 10 };

/** Kinds by the name of the object, wherever it is in the record. Objects that are not here hold none. */
const objects = new Map<string, Kinds>([
  ['actor', {}],
  ['user', ofUser],
  ['owner', ofUser],
  ['account', { name: 4 }],
  ['src_endpoint', ofPlace],
  ['dst_endpoint', ofPlace],
  ['proxy_endpoint', ofPlace],
  ['device', ofPlace],
  ['location', { country: 14 }],
  ['http_request', {}],
  ['url', { hostname: 1 }],
  ['group', ofResource],
  ['org', ofResource],
  ['policy', ofResource],
  ['entity', ofResource],
  ['resource', ofResource],
  ['resources', ofResource],
  ['database', ofResource],
]);

/** Members that some classes have no attribute for. */
const ofUnmapped: readonly (readonly [string, Kind])[] = [
  ['hostname', 1],
  ['client_ip', 2],
  ...['server', 'target_server', 'servers', 'resourceIDs'].map((name) => [name, 10] as const),
  ...['user', 'target_user', 'approver', 'added', 'removed'].map((name) => [name, 99] as const),
];

/** An event may list any number of ids, and an observable is several times as long as its value. */
const observablesMax = 1_000;

/** `observables`: the values of a record by which people and machines are looked for, each with its path; or undefined. */
export function observablesOf(record: Json, unmapped: unknown): Json[] | undefined {
  const found: Json[] = [];
  collect(record, {}, '', found);
  if (isJsonObject(unmapped))
    for (const [name, kind] of ofUnmapped)
      if (Object.hasOwn(unmapped, name)) add(unmapped[name], kind, `unmapped.${name}`, found);
  return found.length === 0 ? undefined : found;
}

/** Collects from the attributes of an object of the record, all of which Trawl has made. */
function collect(object: Json, kinds: Kinds, path: string, found: Json[]): void {
  // They stand for a person or thing that the event does not name.
  if (object === unknownUser || object === unknownEndpoint) return;
  for (const name in object) {
    const value = object[name];
    if (value === undefined) continue;
    const kind = kinds[name];
    if (kind !== undefined) add(value, kind, `${path}${name}`, found);
    else if (typeof value === 'object') collectObject(value, name, `${path}${name}`, found);
  }
}

function collectObject(value: unknown, name: string, path: string, found: Json[]): void {
  const kinds = objects.get(name);
  if (kinds === undefined) return;
  if (isJsonObject(value)) collect(value, kinds, `${path}.`, found);
  else if (Array.isArray(value))
    for (const [at, item] of value.entries()) collect(item as Json, kinds, `${path}[${at}].`, found);
}

/** Adds a text or a number, or the texts of a list. */
function add(value: unknown, kind: Kind, path: string, found: Json[]): void {
  if (Array.isArray(value)) {
    for (const [at, item] of value.entries()) if (typeof item === 'string') add(item, kind, `${path}[${at}]`, found);
    return;
  }
  if ((typeof value !== 'string' && typeof value !== 'number') || value === '') return;
  if (found.length === observablesMax) return;
  const text = cleanText(String(value));
  if (kind !== 2 || isIpText(text)) found.push({ name: path, type: names[kind], type_id: kind, value: text });
}
