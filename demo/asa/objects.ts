import type { Random } from '../random.js';
import { goJson } from './go-json.js';
import { clientSystems, clouds, firstNames, hostWords, lastNames, roles, serverSystems } from './names.js';

/** A person, host or thing that events refer to by key. */
export interface Thing {
  /** As events contain it: base64 of 32 bytes. */
  key: string;
  /** Its name, for members of events that hold names. */
  name: string;
  /** Its entry in `related_objects` as JSON text; undefined if the server no longer has the object. */
  text: string | undefined;
}

export interface ServerThing extends Thing {
  projectIndex: number;
  windows: boolean;
}

function thing<T extends object>(random: Random, name: string, type: string, object: object, more: T): Thing & T {
  // Go sorts only the keys of maps; these are the members of a struct, so the type comes first.
  return { key: random.base64(32), name, text: `{"type":"${type}","object":${goJson(object)}}`, ...more };
}

/** Letters that are none with an accent: Unicode does not decompose them. */
const asciiLetters: Readonly<Record<string, string>> = {
  Ø: 'O',
  ø: 'o',
  ı: 'i',
  ł: 'l',
  Ł: 'L',
  æ: 'ae',
  ß: 'ss',
  đ: 'd',
};

/** A name in the letters of a login: `Oystein` for `Øystein`. */
export function asciiOf(name: string): string {
  return name
    .replace(/[^A-Za-z]/g, (letter) => asciiLetters[letter] ?? letter)
    .normalize('NFD')
    .replace(/[^A-Za-z]/g, '');
}

export function person(random: Random, index: number): Thing {
  const first = firstNames[index % firstNames.length]!;
  const last = lastNames[(index * 11 + Math.floor(index / firstNames.length)) % lastNames.length]!;
  const login = `${asciiOf(first)}.${asciiOf(last)}`;
  const deleted = random.chance(0.06);
  const details = {
    email: `${login.toLowerCase()}@example.com`,
    first_name: first,
    full_name: random.chance(0.02) ? '' : `${first} ${last}`,
    last_name: last,
  };
  return user(
    random,
    login,
    random.chance(0.03) ? null : details,
    deleted ? 'DELETED' : random.chance(0.05) ? 'DISABLED' : 'ACTIVE',
    deleted ? '' : 'human',
  );
}

export function user(random: Random, name: string, details: object | null, status: string, userType: string): Thing {
  const object = {
    deleted_at: status === 'DELETED' ? '2024-03-11T09:41:07.52Z' : null,
    details,
    id: random.uuid(),
    name,
    oauth_client_application_id: null,
    role_grants: null,
    status,
    user_type: userType,
  };
  return thing(random, name, 'user', object, {});
}

export function client(random: Random, owner: string): Thing {
  const hostname = random.chance(0.03) ? '' : `${random.pick(hostWords)}-${1 + random.below(99)}`;
  const object = {
    deleted_at: null,
    description: random.pick(['Personal laptop', 'Work laptop', 'CI runner', 'Build & release', '', '<none>']),
    encrypted: random.chance(0.9),
    hostname,
    id: random.uuid(),
    os: random.chance(0.02) ? null : random.pick(clientSystems),
    state: random.pick(['ACTIVE', 'ACTIVE', 'ACTIVE', 'ACTIVE', 'PENDING', 'REVOKED']),
    user_name: owner,
  };
  return thing(random, hostname, 'client', object, {});
}

export function server(random: Random, team: string, index: number, projects: readonly Thing[]): ServerThing {
  const projectIndex = random.below(projects.length);
  const [os, osType] = random.pick(serverSystems);
  const [cloud, zone] = random.pick(clouds);
  const hostname = `${random.pick(roles)}-${String(index + 1).padStart(3, '0')}.${zone}.demo.internal`;
  const internalIp = `10.${random.below(64)}.${random.below(256)}.${1 + random.below(254)}`;
  const object = {
    access_address: random.chance(0.2) ? '' : internalIp,
    alt_names: random.chance(0.7) ? null : [hostname.split('.')[0]],
    bastion: random.chance(0.15) ? 'jump-001' : null,
    canonical_name: random.chance(0.5) ? null : hostname.split('.')[0],
    cloud_provider: random.chance(0.1) ? null : cloud,
    deleted_at: null,
    hostname,
    id: random.uuid(),
    instance_details: {
      external_ip: null,
      internal_ip: internalIp,
      network: 'default',
      project_id: 'demo-1042',
      zone_id: zone,
    },
    last_seen: '2024-05-02T17:20:31.004Z',
    managed: true,
    os,
    os_type: osType,
    project_name: projects[projectIndex]!.name,
    registered_at: '2023-11-20T08:15:00Z',
    services: osType === 'windows' ? ['rdp'] : ['ssh'],
    source_details: random.chance(0.8)
      ? null
      : { ad_connection_id: random.uuid(), cloud_account: 'demo-1042', cloud_provider: cloud },
    state: random.chance(0.92) ? 'ACTIVE' : 'INACTIVE',
    team_name: team,
  };
  return thing(random, hostname, 'server', object, { projectIndex, windows: osType === 'windows' });
}

/** The server that the reference article shows. */
export function articleServer(random: Random, team: string, projectIndex: number, projectName: string): ServerThing {
  const name = 'ubuntu-ad-gateway';
  const object = {
    access_address: null,
    alt_names: null,
    bastion: null,
    canonical_name: name,
    deleted_at: null,
    hostname: name,
    id: random.uuid(),
    managed: true,
    os: 'Ubuntu 20.04',
    os_type: 'linux',
    project_name: projectName,
    services: ['ssh'],
    state: 'ACTIVE',
    team_name: team,
  };
  return thing(random, name, 'server', object, { projectIndex, windows: false });
}

export function gateway(random: Random, name: string): Thing {
  const address = `203.0.113.${1 + random.below(254)}`;
  const object = {
    access_address: random.chance(0.3) ? '' : address,
    cloud_provider: random.chance(0.5) ? null : 'aws',
    default_address: `10.0.${random.below(8)}.${1 + random.below(254)}`,
    deleted_at: null,
    description: null,
    id: random.uuid(),
    labels: { env: 'demo', owner: 'network & security' },
    name,
    os: 'Ubuntu 22.04',
    os_type: 'linux',
    state: 'ACTIVE',
  };
  return thing(random, name, 'gateway', object, {});
}

export function group(random: Random, name: string): Thing {
  const roleNames = name === 'owners' ? ['access_admin', 'reporting_user'] : ['access_user'];
  const object = {
    deleted_at: null,
    federated_from_team: null,
    federation_approved_at: null,
    id: random.uuid(),
    name,
    roles: roleNames,
  };
  return thing(random, name, 'group', object, {});
}

export function project(random: Random, team: string, name: string): Thing {
  const object = {
    create_server_users: true,
    deleted_at: null,
    id: random.uuid(),
    name,
    next_unix_gid: 63_001 + random.below(900),
    next_unix_uid: 60_001 + random.below(900),
    require_preauth_for_creds: random.chance(0.2),
    team,
  };
  return thing(random, name, 'project', object, {});
}

export function policy(random: Random, name: string): Thing {
  const object = { active: true, description: '', id: random.uuid(), name, priority: random.below(10) };
  return thing(random, name, 'security_policy', object, {});
}

/** Its key is still in events, though the server has no object for it. */
export function ghost(random: Random, name: string): Thing {
  return { key: random.base64(32), name, text: undefined };
}
