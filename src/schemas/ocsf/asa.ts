import { AsaFacts } from './asa-facts.js';
import type { Family, Mapping, Row } from './mapping.js';

const entity = (kind: string, activity: number, activityName?: string): Row => ({
  class: 'entityManagement',
  entity: kind,
  activity,
  ...(activityName === undefined ? {} : { activityName }),
});
const account = (activity: number, activityName?: string): Row => ({
  class: 'accountChange',
  activity,
  ...(activityName === undefined ? {} : { activityName }),
});
const group = (activity: number, activityName?: string): Row => ({
  class: 'groupManagement',
  activity,
  ...(activityName === undefined ? {} : { activityName }),
});
const groupAccess = (activity: 1 | 2, privilege: string): Row => ({ class: 'groupManagement', activity, privilege });
const access = (activity: 1 | 2 | 99, privilege: string, activityName?: string): Row => ({
  class: 'userAccess',
  activity,
  privilege,
  ...(activityName === undefined ? {} : { activityName }),
});

/**
 * Event types of Okta Advanced Server Access, from its API documentation and public collectors, in version 1. Never
 * changed, since batches repeat with it.
 */
const rows: Readonly<Record<string, Row>> = {
  'auth_token.issue': { class: 'authentication', activity: 1, status: 'Success' },
  'user_creds.issue': {
    class: 'authentication',
    activity: 99,
    activityName: 'Credential Issue',
    status: 'Success',
  },
  'server.ssh_login': { class: 'authentication', activity: 1, status: 'Success' },
  'server.rdp_login': { class: 'authentication', activity: 1, status: 'Success' },
  'security_policy.evaluate': { class: 'authentication', activity: 99, activityName: 'Policy Evaluate' },

  'server.enroll': entity('device', 6),
  'server.create': entity('device', 1),
  'server.update': entity('device', 3),
  'server.remove': entity('device', 4),
  offline_enabled_event: entity('device', 8),
  offline_disabled_event: entity('device', 9),
  'client.enroll': entity('Client', 6),
  'client.assign': entity('Client', 3),
  'client.activate': entity('Client', 10),
  'client.revoke': entity('Client', 11),
  'gateway.create': entity('Gateway', 1),
  'gateway.update': entity('Gateway', 3),
  'gateway.delete': entity('Gateway', 4),
  'gateway_setup_token.create': entity('Gateway Setup Token', 1),
  'server_enrollment_token.create': entity('Server Enrollment Token', 1),
  'server_enrollment_token.delete': entity('Server Enrollment Token', 4),
  'session_recording.complete': entity('Session Recording', 1),

  'user.create': account(1),
  'user.update': {
    ...account(99, 'Update'),
    activityBy: { member: 'user_status', values: { ACTIVE: 2, DISABLED: 5, DELETED: 6 } },
  },
  'user.remove': account(6),
  'password.change': account(3),
  'password.reset': account(4),
  'service_account.password_rotation': account(3),
  'service_user.key.rotate': account(99, 'Key Rotate'),
  'server_account.password_change.initiated': account(3),
  'server_account.password_change.out_of_band': account(3),
  'server_account.discovered': entity('user', 2),
  'server_account.reveal': entity('user', 2),

  'group.create': group(6),
  'group.delete': group(5),
  'group.add_user': group(3),
  'group.remove_user': group(4),
  'group.bulk_membership_change': group(99, 'Bulk Membership Change'),
  'project.add_group': groupAccess(1, 'project'),
  'project.remove_group': groupAccess(2, 'project'),
  'entitlement.assign': groupAccess(1, 'entitlement'),
  'incoming_federation.request': entity('group', 1),
  'incoming_federation.approve': entity('group', 10),

  'permission.change': access(99, 'permission', 'Change Privileges'),
  'preauthorization.create': access(1, 'preauthorization'),
  'access_request.create': entity('Access Request', 1),
  'access_request.approve': access(1, 'access request'),
  'resource.checkout': access(1, 'checkout'),
  'resource.checkin': access(2, 'checkout'),

  'project.create': entity('Project', 1),
  'project.update': entity('Project', 3),
  'project.delete': entity('Project', 4),
  'entitlement.create': entity('Entitlement', 1),
  'team.update': entity('organization', 3),
  'active_directory.account_discovery.complete': entity('Active Directory', 2),
  'active_directory.account_rule.applied': entity('Active Directory', 3),
};

/** Types without a row of their own, by their ending, as a public SIEM groups them. The first match wins. */
const families: readonly Family[] = [
  { types: /(?:^|[._])(?:ssh|rdp)_login$/, row: { class: 'authentication', activity: 1 } },
  {
    types: /^(?:auth_token|user_creds|creds)\./,
    row: { class: 'authentication', activity: 99 },
  },
  { types: /[._]enroll$/, row: entity('Other', 6) },
  { types: /[._](?:create|add)$/, row: entity('Other', 1) },
  { types: /[._](?:remove|delete)$/, row: entity('Other', 4) },
  { types: /[._](?:assign|update|rotate|change)$/, row: entity('Other', 3) },
  { types: /[._](?:reveal|discovered)$/, row: entity('Other', 2) },
  { types: /^resource\./, row: entity('Resource', 99) },
];

/** Okta Advanced Server Access. */
export const asa: Mapping = {
  product: { name: 'Advanced Server Access', vendor_name: 'Okta' },
  logName: 'auditsV2',
  rows,
  families,
  facts: (event, members, objects) => new AsaFacts(event, members, objects),
};
