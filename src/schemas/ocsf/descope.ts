import { DescopeFacts } from './descope-facts.js';
import type { Mapping, Row } from './mapping.js';

const logon = (status?: 'Success' | 'Failure'): Row => ({
  class: 'authentication',
  activity: 1,
  ...(status === undefined ? {} : { status }),
});
const account = (activity: number, activityName?: string): Row => ({
  class: 'accountChange',
  activity,
  ...(activityName === undefined ? {} : { activityName }),
});
const entity = (kind: string, activity: number): Row => ({ class: 'entityManagement', entity: kind, activity });

/** Entities of a project that are created, changed and removed, by the prefix of their actions. */
const things = {
  AccessKey: 'Access Key',
  AccessKeys: 'Access Key',
  ManagementKey: 'Management Key',
  Permission: 'Permission',
  Project: 'Project',
  Role: 'Role',
  Tenant: 'Tenant',
};

/**
 * Actions of Descope, from its published list of audit events and its API documentation, in version 1. Never changed,
 * since batches repeat with it.
 */
const rows: Readonly<Record<string, Row>> = {
  LoginSucceed: logon('Success'),
  LoginFailed: logon('Failure'),
  LoginStarted: { class: 'authentication', activity: 6 },
  LoginStartedFailed: { class: 'authentication', activity: 6, status: 'Failure' },
  LoginExceedMaxAttempts: account(9),
  AccessKeyUsed: logon(),
  SessionRefreshed: { class: 'authentication', activity: 99, activityName: 'Session Refresh' },
  UserRefresh: { class: 'authentication', activity: 99, activityName: 'Session Refresh' },
  UserCreated: account(1),
  UsersCreated: account(1),
  UserModified: account(99, 'Modify'),
  UsersModified: account(99, 'Modify'),
  UserDeleted: account(6),
  UsersDeleted: account(6),
  ...Object.fromEntries(
    Object.entries(things).flatMap(([thing, kind]) => [
      [`${thing}Created`, entity(kind, 1)],
      [`${thing}Modified`, entity(kind, 3)],
      [`${thing}Deleted`, entity(kind, 4)],
    ]),
  ),
};

export const descope: Mapping = {
  product: { name: 'Descope', vendor_name: 'Descope' },
  logName: 'audit',
  rows,
  families: [],
  facts: (_event, members, objects) => new DescopeFacts(members, objects),
};
