import { type ClassName, versionNames } from './classes.js';

/** The type of an attribute, limited to those that the mapping tables write. A list contains the shape of its items. */
export type Shape = 'text' | 'int32' | 'int64' | 'boolean' | readonly [Shape] | { readonly [name: string]: Shape };

const named = { uid: 'text', name: 'text' } as const;
const account = { name: 'text', type: 'text', type_id: 'int32', uid: 'text' } as const;
const user = {
  ...named,
  email_addr: 'text',
  type: 'text',
  type_id: 'int32',
  credential_uid: 'text',
  domain: 'text',
  org: named,
  account,
} as const;
const os = { name: 'text', type: 'text', type_id: 'int32' } as const;
const place = { ip: 'text', hostname: 'text', ...named, type: 'text', type_id: 'int32', os } as const;
const endpoint = { ...place, location: { country: 'text' }, owner: user } as const;
const resource = { ...named, type: 'text' } as const;

/** Attributes of every class. `unmapped` is JSON, since each source has members of its own. */
const common = {
  class_uid: 'int32',
  class_name: 'text',
  category_uid: 'int32',
  category_name: 'text',
  activity_id: 'int32',
  activity_name: 'text',
  type_uid: 'int64',
  type_name: 'text',
  severity_id: 'int32',
  severity: 'text',
  status_id: 'int32',
  status: 'text',
  status_code: 'text',
  status_detail: 'text',
  time: 'int64',
  message: 'text',
  metadata: {
    version: 'text',
    product: { name: 'text', vendor_name: 'text' },
    uid: 'text',
    event_code: 'text',
    original_time: 'text',
    logged_time: 'int64',
    log_name: 'text',
    log_provider: 'text',
    log_level: 'text',
    sequence: 'int64',
    labels: ['text'],
    profiles: ['text'],
    tenant_uid: 'text',
    correlation_uid: 'text',
  },
} as const satisfies Record<string, Shape>;

const own = {
  actor: { user, session: { uid: 'text' } },
  user,
  session: { uid: 'text' },
  group: named,
  privileges: ['text'],
  entity: { ...named, type: 'text', type_id: 'int32', user, device: place, group: named, org: named, policy: named },
  comment: 'text',
  resource,
  resources: [resource],
  api: { operation: 'text', service: { name: 'text' }, response: { code: 'int32', message: 'text' } },
  service: { name: 'text' },
  src_endpoint: endpoint,
  dst_endpoint: { ...place, proxy_endpoint: place },
  http_request: {
    uid: 'text',
    http_method: 'text',
    url: { scheme: 'text', hostname: 'text', path: 'text' },
  },
  auth_protocol_id: 'int32',
  auth_protocol: 'text',
  is_remote: 'boolean',
  logon_type_id: 'int32',
  logon_type: 'text',
  database: { ...named, type: 'text', type_id: 'int32' },
  table: { name: 'text' },
  type_id: 'int32',
  type: 'text',
} as const satisfies Record<string, Shape>;

const portPlace = { ...place, port: 'int32' } as const;

/** Attributes that version 2 of the mapping makes differently. */
const since2 = {
  src_endpoint: { ...endpoint, port: 'int32' },
  dst_endpoint: { ...portPlace, proxy_endpoint: portPlace },
} as const satisfies Record<string, Shape>;

const observables = [{ name: 'text', type: 'text', type_id: 'int32', value: 'text' }] as const satisfies Shape;

const last = { raw_data: 'text', unmapped: 'text' } as const;

const request = ['src_endpoint', 'http_request'] as const;

/** Additional attributes of each class, as written by builders.ts. */
const ownAttributes: Readonly<Record<ClassName, readonly (keyof typeof own)[]>> = {
  baseEvent: [],
  authentication: [
    ...(['actor', 'user', 'session', ...request, 'dst_endpoint', 'service'] as const),
    ...(['auth_protocol_id', 'auth_protocol', 'is_remote', 'logon_type_id', 'logon_type'] as const),
  ],
  accountChange: ['actor', 'user', ...request],
  groupManagement: ['actor', 'group', 'user', 'privileges', 'resource', ...request],
  userAccess: ['actor', 'user', 'privileges', 'resource', ...request],
  entityManagement: ['actor', 'entity', 'comment', ...request],
  apiActivity: ['actor', 'api', 'dst_endpoint', 'resources', ...request],
  datastoreActivity: ['actor', 'database', 'table', 'type_id', 'type', ...request],
};

/**
 * The attributes of one class, or of all, by name. They depend on the version of the mapping (the newest unless said
 * otherwise), not on the events of a batch, so that all files of a version in a folder have the same schema.
 */
export function attributesOf(className?: ClassName, version?: string): Readonly<Record<string, Shape>> {
  const names = className === undefined ? (Object.keys(own) as (keyof typeof own)[]) : ownAttributes[className];
  const first = version === versionNames[1];
  const shapes = first ? own : { ...own, ...since2 };
  return {
    ...common,
    ...Object.fromEntries(names.map((name) => [name, shapes[name]])),
    ...(first ? {} : { observables }),
    ...last,
  };
}
