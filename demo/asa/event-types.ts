import type { Member } from './event-members.js';
import * as m from './event-members.js';

/** One event type: its frequency relative to the others, and its members in addition to those of every event. */
interface EventType {
  type: string;
  weight: number;
  members: Readonly<Record<string, Member>>;
}

const login = {
  from_address: m.address,
  gateway: m.mostly(m.gateway),
  hostname: m.hostname,
  project: m.serverProject,
  server: m.server,
};
const onServer = { hostname: m.hostname, project: m.serverProject, server: m.server };
const ssh = {
  ssh_algorithm: m.oneOf('ssh-ed25519', 'ecdsa-sha2-nistp256', 'rsa-sha2-512'),
  unix_user_name: m.unixName,
};
const account = {
  ...onServer,
  account_name: m.oneOf('Administrator', 'root', 'svc_sql', 'backup$', ''),
  account_type: m.oneOf('local', 'domain', null),
};
const directory = { ad_connection_id: m.uuid, domain: m.oneOf('corp.example.com', 'EXAMPLE\\corp') };
const membership = { group: m.group, target_user: m.user };

const table: [type: string, weight: number, members?: Readonly<Record<string, Member>>][] = [
  [
    'auth_token.issue',
    330,
    { session_type: m.oneOf('authenticated_client', 'authenticated_client', 'service'), target_server: m.blank },
  ],
  [
    'user_creds.issue',
    230,
    {
      ...ssh,
      from_address: m.address,
      servers: m.servers,
      ssh_public_key: m.publicKey,
      user_access_method: m.oneOf('ssh', 'ssh', 'rdp'),
    },
  ],
  ['server.ssh_login', 190, { ...login, ...ssh, client_ip: m.address }],
  [
    'security_policy.evaluate',
    40,
    {
      ...onServer,
      decision: m.oneOf('allow', 'allow', 'allow', 'deny'),
      policy: m.policy,
      risk_score: m.exactNumber,
      target_user: m.user,
    },
  ],
  ['server.rdp_login', 28, { ...login, client_ip: m.mostly(m.address) }],
  [
    'session_recording.complete',
    12,
    { ...onServer, bytes_recorded: m.hugeNumber, duration_seconds: m.exactNumber, gateway: m.gateway, user: m.user },
  ],
  ['resource.checkout', 8, { ...onServer, resource_id: m.uuid, user: m.user }],
  ['resource.checkin', 8, { ...onServer, resource_id: m.uuid, user: m.user }],
  ['server.enroll', 9, { ...onServer, from_address: m.mostly(m.address) }],
  ['server.create', 5, { ...onServer, cloud_provider: m.oneOf('aws', 'gce', 'azure', null) }],
  ['server.update', 4, { ...onServer, labels: m.oneOf({ env: 'prod', tier: 'a&b' }, {}, null) }],
  ['server.remove', 4, onServer],
  ['client.enroll', 10, { hostname: m.oneOf('absalom', 'kestrel-7', ''), user: m.user }],
  ['client.assign', 6, { target_user: m.user }],
  ['client.activate', 6, { user: m.user }],
  ['client.revoke', 2, { reason: m.note, user: m.user }],
  ['user.create', 4, { target_user: m.user, user_status: m.oneOf('ACTIVE') }],
  ['user.update', 8, { target_user: m.user, user_status: m.oneOf('ACTIVE', 'DISABLED', 'DELETED') }],
  ['user.remove', 1, { target_user: m.mostly(m.user), user: m.blank }],
  ['group.create', 2, { group: m.group }],
  ['group.add_user', 10, { ...membership, group: m.nothing, group_id: m.group }],
  ['group.remove_user', 7, membership],
  ['group.bulk_membership_change', 3, { added: m.users, group_id: m.group, removed: m.oneOf([], null) }],
  ['group.delete', 1, { group_id: m.group }],
  ['project.create', 2, { project_id: m.project }],
  ['project.update', 3, { next_unix_uid: m.hugeMask, project_id: m.project }],
  ['project.add_group', 4, { group_id: m.group, project_id: m.project, server_access: m.flag, server_admin: m.flag }],
  ['project.remove_group', 3, { group_id: m.group, project: m.project }],
  ['project.delete', 1, { project_id: m.mostly(m.project) }],
  ['gateway.create', 1, { gateway: m.gateway }],
  ['gateway.update', 2, { gateway: m.gateway, note: m.note }],
  ['gateway.delete', 1, { gateway: m.mostly(m.gateway) }],
  ['gateway_setup_token.create', 1, { description: m.note }],
  ['server_enrollment_token.create', 2, { description: m.note, project_id: m.project }],
  ['server_enrollment_token.delete', 1, { project_id: m.project }],
  ['permission.change', 4, { group: m.group, permission_mask: m.hugeMask, target_user: m.mostly(m.user) }],
  ['password.change', 5, { target_user: m.user }],
  ['password.reset', 3, { reason: m.note, target_user: m.user }],
  ['service_account.password_rotation', 6, { ...account, rotation_id: m.hugeNumber }],
  ['service_user.key.rotate', 2, { key_id: m.uuid, user: m.user }],
  ['server_account.discovered', 9, account],
  ['server_account.password_change.initiated', 6, { ...account, attempt: m.count }],
  ['server_account.password_change.out_of_band', 2, account],
  ['server_account.reveal', 4, { ...account, reason: m.note, user: m.user }],
  [
    'active_directory.account_discovery.complete',
    4,
    { ...directory, discovered: m.count, elapsed_seconds: m.exactNumber },
  ],
  ['active_directory.account_rule.applied', 4, { ...directory, group_id: m.group, matched: m.count }],
  ['incoming_federation.request', 1, { group: m.group, source_team: m.oneOf('partner <emea>', 'contractors') }],
  ['incoming_federation.approve', 1, { group: m.group, source_team: m.oneOf('partner <emea>', 'contractors') }],
  [
    'entitlement.create',
    2,
    {
      commands: m.oneOf(['/usr/bin/systemctl restart nginx', 'cat /var/log/* | grep "a&b" > /tmp/out'], []),
      name: m.note,
    },
  ],
  ['entitlement.assign', 2, { group_id: m.group, project_id: m.project }],
  [
    'preauthorization.create',
    3,
    { expires_at: m.oneOf('2031-01-01T00:00:00Z', null), project_id: m.project, user: m.user },
  ],
  ['access_request.create', 4, { ...onServer, justification: m.note, user: m.user }],
  ['access_request.approve', 4, { ...onServer, approver: m.user, user: m.user }],
  ['team.update', 1, { settings: m.oneOf({ session: { hours: 8, idle: null } }, {}) }],
  ['offline_enabled_event', 2, onServer],
  [
    'offline_disabled_event',
    2,
    { hostname: m.hostname, server: m.server, client_ip: m.internalAddress, project: m.nothing },
  ],
];

/** Members of every event, unless its type overrides them. */
const always: Readonly<Record<string, Member>> = {
  actor: m.actor,
  client: m.client,
  session_type: m.blank,
  team_id: m.blank,
  team_name: m.teamName,
  trace_id: m.traceId,
  via: m.nothing,
};

export const eventTypes: readonly EventType[] = table.map(([type, weight, members]) => ({
  type,
  weight,
  members: { ...always, ...members },
}));
