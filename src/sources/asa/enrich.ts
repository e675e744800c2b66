import type { EventColumns } from '../../domain.js';
import { memberText as text } from '../member-text.js';
import type { Lookup, SourceEvent } from '../source.js';

type Members = Readonly<Record<string, unknown>>;

/** For each column: the members that feed it (the first non-empty one wins), and how their object is described. */
const enriched = {
  actor: { members: ['actor'], describe: once(getUser) },
  user: { members: ['target_user', 'user'], describe: once(getUser) },
  client: { members: ['client'], describe: once(getClient) },
  gateway: { members: ['gateway'], describe: once(getGateway) },
  group: { members: ['group_id', 'group'], describe: once(getGroup) },
  project: { members: ['project_id', 'project'], describe: once(getProject) },
  server: { members: ['server'], describe: once(getServer) },
} as const;

/** A longer column is cut; characters. The raw event has all of the ids, and the store the objects. */
const describedMax = 65_536;

function cut(text: string): string {
  return text.length > describedMax ? `${text.slice(0, describedMax)}…` : text;
}

/** Caches descriptions, since many events of a page name the same few objects. */
function once(describe: (object: Members) => string): (object: Members) => string {
  const known = new WeakMap<Members, string>();
  return (object) => {
    let text = known.get(object);
    if (text === undefined) {
      text = cut(describe(object));
      known.set(object, text);
    }
    return text;
  };
}

/** S30 Process Audit Event: the columns of one event. An id without a related object leaves the column empty. */
export function processAuditEvent(event: SourceEvent, lookup: Lookup): EventColumns {
  const { details } = event;
  const column = (name: keyof typeof enriched): string => {
    const { members, describe } = enriched[name];
    let described = '';
    for (const id of idsOf(details, members)) {
      const object = lookup(id);
      if (object === undefined) continue;
      described += described === '' ? describe(object) : `, ${describe(object)}`;
      if (described.length > describedMax) return cut(described);
    }
    return described;
  };
  return {
    type: text(details.type),
    actor: column('actor'),
    user: column('user'),
    client: column('client'),
    gateway: column('gateway'),
    group: column('group'),
    project: column('project'),
    hostname: text(details.hostname),
    server: column('server'),
    fromAddr: text(details.from_address),
  };
}

/** S32 Get Client */
export function getClient(client: Members): string {
  return `${text(client.user_name) || text(client.username)} (hostname: ${text(client.hostname)}, OS: ${text(client.os)}, state: ${text(client.state)})`;
}

/** S33 Get Gateway */
export function getGateway(gateway: Members): string {
  return `${text(gateway.name)} (access_address: ${text(gateway.access_address)}, default_address: ${text(gateway.default_address)})`;
}

/** S34 Get Group */
export function getGroup(group: Members): string {
  return text(group.name);
}

/** S35 Get Project */
export function getProject(project: Members): string {
  return text(project.name);
}

/** S36 Get Server */
export function getServer(server: Members): string {
  return `${text(server.hostname)} (project: ${text(server.project_name)}, canonical name: ${text(server.canonical_name)}, access address: ${text(server.access_address)}, OS: ${text(server.os)}, OS type: ${text(server.os_type)})`;
}

/** S37 Get User: the space before the comma is the article's. */
export function getUser(user: Members): string {
  return `${text(user.name)} (status: ${text(user.status)} , usertype: ${text(user.user_type) || text(user.usertype)})`;
}

const none: string[] = [];

/** The ids of the first non-empty member; a member may be an array of ids. */
function idsOf(details: Members, names: readonly string[]): string[] {
  for (const name of names) {
    const value = details[name];
    if (typeof value === 'string') {
      if (value !== '') return [value];
    } else if (Array.isArray(value)) {
      const ids = value.filter((id): id is string => typeof id === 'string' && id !== '');
      if (ids.length > 0) return ids;
    }
  }
  return none;
}
