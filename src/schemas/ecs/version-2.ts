import { addressOf } from '../address.js';
import { typeMappingOf } from '../event-types/registry.js';
import { outcomeOf } from '../event-types/table.js';
import { distinct, emailOf, ipOf, namesOf, some, type User } from './fields.js';
import type { Rules } from './rules.js';

/**
 * The second version. Event types, categories and outcomes come from the tables that OCSF has, too.
 */
export const version2: Rules = {
  version: 2,
  categorise(source, { types, type = [], outcome }) {
    const mapping = typeMappingOf(source, types);
    // As OCSF, which calls an unknown type API Activity.
    if (!mapping) return { category: ['api'], type: ['info'], outcome: outcome ?? 'unknown', known: false };
    const { ecs } = mapping;
    return {
      category: ecs.category,
      type: type.length === 0 ? ecs.type : [...new Set([...ecs.type, ...type])],
      outcome: outcomeOf(mapping, outcome),
      known: true,
    };
  },
  adjusted(description, { category, type }) {
    const people = actorOf({
      user: completed(description.user),
      target: completed(description.target),
      effective: completed(description.effective),
      logon: category?.includes('authentication') ?? false,
    });
    const member = type?.includes('group') && type.includes('user') && isNamed(people.target);
    const group = member ? some({ ...description.group }) : undefined;
    return { ...description, ...people, target: { ...people.target, group } };
  },
  ipOf: ipOf2,
  endpointOf(text) {
    const address = text === undefined ? undefined : addressOf(text);
    return { address: address?.ip ?? text, ip: ipOf2(text), port: address?.port };
  },
  relatedOf({ user, target, effective, host, source, client, relatedUsers = [], named = {} }) {
    const users = [user, target, effective].flatMap(namesOf);
    const addresses = [source?.address, client?.address, host?.address, ...(named.addresses ?? [])];
    return some({
      user: distinct([...users, ...relatedUsers, ...(named.users ?? [])]),
      ip: distinct(addresses.map(ipOf2)),
      hosts: distinct([host?.name, source?.domain, host?.id, ...(named.hosts ?? [])]),
    });
  },
};

function ipOf2(text: string | undefined): string | undefined {
  return ipOf(text) ?? (text === undefined ? undefined : ipOf(addressOf(text)?.ip));
}

/** A login that names no actor is the act of the one who logs on. */
function actorOf({ logon, ...people }: { user: User; target: User; effective: User; logon: boolean }) {
  const { user, target, effective } = people;
  if (!logon || isNamed(user)) return people;
  return { user: isNamed(target) ? target : effective, target: {}, effective };
}

/** An id that is an e-mail address names a user; and a name can be one. */
function completed({ id, name, email, domain }: User = {}): User {
  return { id, name: name ?? emailOf(id), email: email ?? emailOf(name) ?? emailOf(id), domain };
}

function isNamed({ id, name }: User): boolean {
  return id !== undefined || name !== undefined;
}
