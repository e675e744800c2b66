import { Random } from '../random.js';
import * as names from './names.js';
import type { ServerThing, Thing } from './objects.js';
import * as make from './objects.js';

/** All people and things in the demo's events. The same seed and name make the same team. */
export interface Team {
  readonly name: string;
  readonly users: readonly Thing[];
  /** One for each of `users`: the device of the user with the same index. */
  readonly clients: readonly Thing[];
  readonly servers: readonly ServerThing[];
  readonly gateways: readonly Thing[];
  readonly groups: readonly Thing[];
  readonly projects: readonly Thing[];
  readonly policies: readonly Thing[];
  /** Everything that has an object, in the order in which Go writes them: by key. */
  readonly rank: ReadonlyMap<string, number>;
  readonly byRank: readonly Thing[];
}

const people = 140;
const serverCount = 90;

export function createTeam(seed: number, name: string): Team {
  const random = new Random(seed, 0, 0x7ea3);
  const users = [
    ...Array.from({ length: people }, (_, index) => make.person(random, index)),
    ...names.serviceUsers.map((login) => make.user(random, login, null, 'ACTIVE', 'service')),
    make.user(random, 'linux.test', null, 'DELETED', ''),
  ];
  const projects = names.projects.map((project) => make.project(random, name, project));
  const gatewaysProject = names.projects.indexOf('Gateways');
  const clients = users.map((owner) => make.client(random, owner.name));
  const servers: ServerThing[] = [
    make.articleServer(random, name, gatewaysProject, 'Gateways'),
    ...Array.from({ length: serverCount }, (_, index) => make.server(random, name, index, projects)),
  ];
  const known = {
    users,
    clients,
    servers,
    gateways: names.gateways.map((gateway) => make.gateway(random, gateway)),
    groups: names.groups.map((group) => make.group(random, group)),
    projects,
    policies: names.policies.map((policy) => make.policy(random, policy)),
  };
  const byRank = Object.values(known)
    .flat()
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const rank = new Map(byRank.map((thing, index) => [thing.key, index]));
  return { name, ...withGhosts(random, known), rank, byRank };
}

type Known = Omit<Team, 'name' | 'rank' | 'byRank'>;

/** Ids without an object are normal; they are at the end, which is rarely picked. */
function withGhosts(random: Random, known: Known): Known {
  return {
    ...known,
    users: [...known.users, make.ghost(random, 'former.admin'), make.ghost(random, 'former.contractor')],
    clients: [...known.clients, make.ghost(random, 'lost-laptop'), make.ghost(random, 'lost-phone')],
    servers: [
      ...known.servers,
      { ...make.ghost(random, 'terminated-001.demo.internal'), projectIndex: 0, windows: false },
    ],
    groups: [...known.groups, make.ghost(random, 'dissolved')],
  };
}
