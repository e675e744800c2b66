import { asaFamilies } from './asa-families.js';
import { account, authentication, configuration, ecs, entity, group, iam, type TypeRow } from './table.js';

const done = { outcome: 'success' } as const;
const open = { outcome: 'unknown' } as const;

const clientWhy = "a client is a user's device: neither the device nor its certificate is an account";

/** Event types of Okta Advanced Server Access, from its API documentation and public collectors. */
const rows: readonly TypeRow[] = [
  { of: ['auth_token.issue'], ocsf: authentication(1), ecs: ecs('authentication', 'start'), ...done },
  {
    of: ['user_creds.issue'],
    ocsf: authentication(99, 'Credential Issue'),
    ecs: ecs('authentication', 'info'),
    ...done,
    why: 'certificates for logins that follow; each login has an event of its own',
  },
  {
    of: ['server.ssh_login', 'server.rdp_login'],
    ocsf: authentication(1),
    ecs: { category: ['authentication', 'session'], type: ['start'] },
    ...done,
  },
  {
    of: ['security_policy.evaluate'],
    ocsf: authentication(99, 'Policy Evaluate'),
    ecs: { category: ['authentication', 'network'], type: ['info', 'access'] },
    ...open,
    why: '`decision` tells the outcome: allow is a success and adds the type `allowed`, deny is a failure and adds `denied`',
  },

  { of: ['server.enroll'], ocsf: entity('device', 6), ecs: configuration('creation'), ...done },
  { of: ['server.create'], ocsf: entity('device', 1), ecs: configuration('creation'), ...done },
  { of: ['server.update'], ocsf: entity('device', 3), ecs: configuration('change'), ...done },
  { of: ['server.remove'], ocsf: entity('device', 4), ecs: configuration('deletion'), ...done },
  { of: ['offline_enabled_event'], ocsf: entity('device', 8), ecs: ecs('host', 'change'), ...done },
  { of: ['offline_disabled_event'], ocsf: entity('device', 9), ecs: ecs('host', 'change'), ...done },
  { of: ['client.enroll'], ocsf: entity('Client', 6), ecs: configuration('creation'), ...done, why: clientWhy },
  { of: ['client.assign'], ocsf: entity('Client', 3), ecs: configuration('change'), ...done, why: clientWhy },
  { of: ['client.activate'], ocsf: entity('Client', 10), ecs: configuration('change'), ...done, why: clientWhy },
  { of: ['client.revoke'], ocsf: entity('Client', 11), ecs: configuration('change'), ...done, why: clientWhy },
  { of: ['gateway.create'], ocsf: entity('Gateway', 1), ecs: configuration('creation'), ...done },
  { of: ['gateway.update'], ocsf: entity('Gateway', 3), ecs: configuration('change'), ...done },
  { of: ['gateway.delete'], ocsf: entity('Gateway', 4), ecs: configuration('deletion'), ...done },
  {
    of: ['gateway_setup_token.create'],
    ocsf: entity('Gateway Setup Token', 1),
    ecs: configuration('creation'),
    ...done,
  },
  {
    of: ['server_enrollment_token.create'],
    ocsf: entity('Server Enrollment Token', 1),
    ecs: configuration('creation'),
    ...done,
  },
  {
    of: ['server_enrollment_token.delete'],
    ocsf: entity('Server Enrollment Token', 4),
    ecs: configuration('deletion'),
    ...done,
  },
  {
    of: ['session_recording.complete'],
    ocsf: entity('Session Recording', 1),
    ecs: ecs('session', 'end'),
    ...done,
    why: 'OCSF has no class for the end of a recorded session; what is created is the recording',
  },

  { of: ['user.create'], ocsf: account(1), ecs: iam('user', 'creation'), ...done },
  {
    of: ['user.update'],
    ocsf: account(99, 'Update'),
    ecs: iam('user', 'change'),
    ...done,
    why: '`user_status` is a state that the user may have had before, so it makes no Enable, Disable or Delete',
  },
  { of: ['user.remove', 'user.delete'], ocsf: account(6), ecs: iam('user', 'deletion'), ...done },
  { of: ['password.change'], ocsf: account(3), ecs: iam('user', 'change'), ...done },
  { of: ['password.reset'], ocsf: account(4), ecs: iam('user', 'change'), ...done },
  {
    of: ['service_account.password_rotation', 'server_account.password_change.out_of_band'],
    ocsf: account(3),
    ecs: iam('user', 'change'),
    ...done,
  },
  {
    of: ['server_account.password_change.initiated'],
    ocsf: account(3),
    ecs: iam('user', 'change'),
    ...open,
    why: 'begun; nothing says yet whether it succeeds',
  },
  {
    of: ['service_user.key.rotate'],
    ocsf: account(99, 'Key Rotate'),
    ecs: iam('user', 'change'),
    ...done,
    why: 'OCSF has no activity for keys of an account',
  },
  {
    of: ['server_account.discovered', 'server_account.reveal'],
    ocsf: entity('user', 2),
    ecs: iam('user', 'info'),
    ...done,
  },

  { of: ['group.create'], ocsf: group(6), ecs: iam('group', 'creation'), ...done },
  { of: ['group.delete'], ocsf: group(5), ecs: iam('group', 'deletion'), ...done },
  {
    of: ['group.add_user'],
    ocsf: group(3),
    ecs: iam('group', 'user', 'change'),
    ...done,
    why: 'ECS calls a membership a change of the user; the group is in `user.target.group`, too',
  },
  {
    of: ['group.remove_user'],
    ocsf: group(4),
    ecs: iam('group', 'user', 'change'),
    ...done,
    why: 'as `group.add_user`',
  },
  {
    of: ['group.bulk_membership_change'],
    ocsf: group(99, 'Bulk Membership Change'),
    ecs: iam('group', 'change'),
    ...done,
    why: 'several users at once; those in `added` and `removed` are in `related.user`',
  },
  {
    of: ['project.add_group'],
    ocsf: { class: 'groupManagement', activity: 1, privilege: 'project' },
    ecs: iam('group', 'change'),
    ...done,
    why: 'the group gets the rights of the project',
  },
  {
    of: ['project.remove_group'],
    ocsf: { class: 'groupManagement', activity: 2, privilege: 'project' },
    ecs: iam('group', 'change'),
    ...done,
    why: 'the group loses the rights of the project',
  },
  {
    of: ['entitlement.assign'],
    ocsf: { class: 'groupManagement', activity: 1, privilege: 'entitlement' },
    ecs: iam('group', 'change'),
    ...done,
    why: 'assigned to a group',
  },
  { of: ['incoming_federation.request'], ocsf: entity('group', 1), ecs: iam('group', 'info'), ...open },
  { of: ['incoming_federation.approve'], ocsf: entity('group', 10), ecs: iam('group', 'change'), ...done },

  {
    of: ['permission.change'],
    ocsf: { class: 'userAccess', activity: 99, privilege: 'permission', activityName: 'Change Privileges' },
    ecs: iam('user', 'change'),
    ...done,
    why: '`permission_mask` has the new rights, not which of them were given or taken',
  },
  {
    of: ['preauthorization.create'],
    ocsf: { class: 'userAccess', activity: 1, privilege: 'preauthorization' },
    ecs: iam('user', 'change'),
    ...done,
    why: 'gives a user access to a project; the user exists already',
  },
  {
    of: ['access_request.create'],
    ocsf: entity('Access Request', 1),
    ecs: iam('user', 'info'),
    ...open,
    why: 'asked, not given',
  },
  {
    of: ['access_request.approve'],
    ocsf: { class: 'userAccess', activity: 1, privilege: 'access request' },
    ecs: iam('user', 'change'),
    ...done,
  },
  {
    of: ['resource.checkout'],
    ocsf: { class: 'userAccess', activity: 1, privilege: 'checkout' },
    ecs: ecs('session', 'start'),
    ...done,
    why: 'the use of a shared account begins',
  },
  {
    of: ['resource.checkin'],
    ocsf: { class: 'userAccess', activity: 2, privilege: 'checkout' },
    ecs: ecs('session', 'end'),
    ...done,
    why: 'the use of a shared account ends',
  },

  { of: ['project.create'], ocsf: entity('Project', 1), ecs: iam('admin', 'creation'), ...done },
  { of: ['project.update'], ocsf: entity('Project', 3), ecs: iam('admin', 'change'), ...done },
  { of: ['project.delete'], ocsf: entity('Project', 4), ecs: iam('admin', 'deletion'), ...done },
  { of: ['entitlement.create'], ocsf: entity('Entitlement', 1), ecs: iam('admin', 'creation'), ...done },
  { of: ['team.update'], ocsf: entity('organization', 3), ecs: configuration('change'), ...done },
  {
    of: ['active_directory.account_discovery.complete'],
    ocsf: entity('Active Directory', 2),
    ecs: iam('user', 'info'),
    ...done,
  },
  {
    of: ['active_directory.account_rule.applied'],
    ocsf: entity('Active Directory', 3),
    ecs: iam('admin', 'change'),
    ...done,
  },
];

export const asaTypes = { rows, families: asaFamilies };
