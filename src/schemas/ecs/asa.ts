import type { StoredEvent } from '../../domain.js';
import { type Description, describedIn, type Named } from './fields.js';
import type { MappingRow, Outcome, Type, Version } from './mapping.js';
import { Members, parsed } from './members.js';

/** In version 1. Never changed, since batches repeat with it. */
export const asaRows: readonly MappingRow[] = [
  { category: ['authentication'], type: ['start'], outcome: 'success', of: ['auth_token.issue', 'user_creds.issue'] },
  {
    category: ['authentication', 'session'],
    type: ['start'],
    outcome: 'success',
    of: ['server.ssh_login', 'server.rdp_login'],
  },
  { category: ['session'], type: ['start'], outcome: 'success', of: ['resource.checkout'] },
  {
    category: ['session'],
    type: ['end'],
    outcome: 'success',
    of: ['resource.checkin', 'session_recording.complete'],
  },
  { category: ['network'], type: ['access'], outcome: 'unknown', of: ['security_policy.evaluate'] },
  {
    category: ['iam'],
    type: ['user', 'creation'],
    outcome: 'success',
    of: ['user.create', 'client.enroll', 'preauthorization.create'],
  },
  {
    category: ['iam'],
    type: ['user', 'change'],
    outcome: 'success',
    of: [
      'user.update',
      'client.assign',
      'client.activate',
      'password.change',
      'password.reset',
      'service_account.password_rotation',
      'service_user.key.rotate',
      'server_account.password_change.out_of_band',
      'access_request.approve',
      '*rotate',
    ],
  },
  {
    category: ['iam'],
    type: ['user', 'change'],
    outcome: 'unknown',
    of: ['server_account.password_change.initiated'],
  },
  { category: ['iam'], type: ['user', 'deletion'], outcome: 'success', of: ['user.remove', 'client.revoke'] },
  {
    category: ['iam'],
    type: ['user', 'info'],
    outcome: 'success',
    of: ['server_account.discovered', 'server_account.reveal', 'active_directory.account_discovery.complete'],
  },
  { category: ['iam'], type: ['user', 'info'], outcome: 'unknown', of: ['access_request.create'] },
  { category: ['iam'], type: ['group', 'creation'], outcome: 'success', of: ['group.create'] },
  {
    category: ['iam'],
    type: ['group', 'change'],
    outcome: 'success',
    of: [
      'group.add_user',
      'group.remove_user',
      'group.bulk_membership_change',
      'project.add_group',
      'project.remove_group',
      'incoming_federation.approve',
    ],
  },
  { category: ['iam'], type: ['group', 'info'], outcome: 'unknown', of: ['incoming_federation.request'] },
  { category: ['iam'], type: ['group', 'deletion'], outcome: 'success', of: ['group.delete'] },
  { category: ['iam'], type: ['admin', 'creation'], outcome: 'success', of: ['project.create', 'entitlement.create'] },
  {
    category: ['iam'],
    type: ['admin', 'change'],
    outcome: 'success',
    of: ['project.update', 'permission.change', 'entitlement.assign', 'active_directory.account_rule.applied'],
  },
  { category: ['iam'], type: ['admin', 'deletion'], outcome: 'success', of: ['project.delete'] },
  {
    category: ['configuration'],
    type: ['creation'],
    outcome: 'success',
    of: [
      'server.create',
      'server.enroll',
      'gateway.create',
      'gateway_setup_token.create',
      'server_enrollment_token.create',
    ],
  },
  {
    category: ['configuration'],
    type: ['change'],
    outcome: 'success',
    of: ['server.update', 'gateway.update', 'team.update'],
  },
  {
    category: ['configuration'],
    type: ['deletion'],
    outcome: 'success',
    of: ['server.remove', 'gateway.delete', 'server_enrollment_token.delete'],
  },
  { category: ['configuration'], type: ['info'], outcome: 'success', of: ['resource.*'] },
  {
    category: ['host'],
    type: ['change'],
    outcome: 'success',
    of: ['offline_enabled_event', 'offline_disabled_event'],
  },
];

/** Mapping of `security_policy.evaluate` by `decision`. */
const decisions = new Map<string, { type: readonly Type[]; outcome: Outcome }>([
  ['allow', { type: ['access', 'allowed'], outcome: 'success' }],
  ['deny', { type: ['access', 'denied'], outcome: 'failure' }],
]);

/** The members that name what a column describes, by version. */
const membersOf = {
  1: { user: ['target_user', 'user'], server: ['server'] },
  2: { user: ['target_user', 'user', 'service_user'], server: ['server', 'target_server'] },
} as const;

/** Members that name further users, servers and other hosts, all of which `related.*` has. */
const users = ['target_user', 'user', 'service_user', 'users', 'added', 'removed', 'approver', 'account_name'];
const hosts = ['server', 'target_server', 'servers', 'hostname', 'gateway', 'client', 'domain'];

/** Names come from the columns, since an event has only the ids of its related objects. */
export function describeAsa(event: StoredEvent, version: Version): Description {
  const details = new Members(parsed(event.rawEvent));
  details.drop('type');
  const evaluated = event.type === 'security_policy.evaluate';
  const decision = evaluated ? decisions.get(details.matching('decision', /^(allow|deny)$/) ?? '') : undefined;
  const fromAddress = details.text('from_address');
  const clientAddress = details.text('client_ip');
  const client = clientOf(event, details);
  return {
    types: [event.type],
    type: decision?.type,
    outcome: decision?.outcome,
    reason: details.text('reason'),
    user: userOf(details, ['actor'], event.actor),
    target: (version === 1 ? undefined : accountOf(details)) ?? userOf(details, membersOf[version].user, event.user),
    effective: { name: details.text('unix_user_name') },
    group: groupOf(event, details),
    host: hostOf(event, details, membersOf[version].server),
    source: { address: fromAddress ?? clientAddress, domain: client.hostname },
    client: { address: clientAddress },
    organization: { id: details.text('team_id'), name: details.text('team_name') },
    relatedUsers: client.userName ? [client.userName] : [],
    named: version === 1 ? undefined : namedIn(event, details),
    others: {
      device: client.id === undefined ? undefined : { id: client.id },
      cloud: one('provider', details.text('cloud_provider')),
      rule: evaluated ? one('id', details.text('policy')) : undefined,
      trace: one('id', details.text('trace_id')),
    },
    unmapped: details.rest(),
  };
}

function one(name: string, value: string | undefined): Record<string, string> | undefined {
  return value === undefined ? undefined : { [name]: value };
}

/** The id that belongs to a column: that of the first non-empty member, since that one feeds the column. */
function idOf(details: Members, members: readonly string[]): string | undefined {
  const member = members.find((name) => details.has(name));
  return member === undefined ? undefined : details.text(member);
}

const userLabels = [' (status: ', ' , usertype: '];

function userOf(details: Members, members: readonly string[], column: string) {
  const id = idOf(details, members);
  if (id === undefined) return {};
  return { id, name: describedIn(column, userLabels)?.[0] || undefined };
}

/** An account on a server or in a directory, which OCSF too takes for the one that the event is about. */
function accountOf(details: Members) {
  const name = details.text('account_name');
  return name === undefined ? undefined : { name, domain: details.text('domain') };
}

function groupOf({ group }: StoredEvent, details: Members) {
  const id = idOf(details, ['group_id', 'group']);
  return id === undefined ? {} : { id, name: group.toWellFormed() || undefined };
}

const serverLabels = [' (project: ', ', canonical name: ', ', access address: ', ', OS: ', ', OS type: '];

function hostOf({ server }: StoredEvent, details: Members, members: readonly string[]) {
  const id = idOf(details, members);
  const [name, , , address, os, osType] = (id === undefined ? undefined : describedIn(server, serverLabels)) ?? [];
  return { id, name: details.text('hostname') ?? (name || undefined), address, os: os || undefined, osType };
}

function namedIn({ user, server, gateway }: StoredEvent, details: Members): Named {
  const [, , canonicalName] = describedIn(server, serverLabels) ?? [];
  const [name, ...addresses] = describedIn(gateway, [' (access_address: ', ', default_address: ']) ?? [];
  return {
    users: [...details.peekAll(users), describedIn(user, userLabels)?.[0]],
    hosts: [...details.peekAll(hosts), canonicalName, name],
    addresses: [...details.peekAll(['from_address']), ...addresses],
  };
}

function clientOf({ client }: StoredEvent, details: Members) {
  const id = details.text('client');
  const described = id === undefined ? undefined : describedIn(client, [' (hostname: ', ', OS: ', ', state: ']);
  return { id, userName: described?.[0] || undefined, hostname: described?.[1] || undefined };
}
