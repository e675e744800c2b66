import { account, authentication, configuration, ecs, entity, iam, type TypeRow } from './table.js';

const done = { outcome: 'success' } as const;

/** Entities of a project that are created, changed and removed, by the prefix of their actions. */
const things = [
  [['AccessKey', 'AccessKeys'], 'Access Key', 'a key is not a user'],
  [['ManagementKey'], 'Management Key', 'a key is not a user'],
  [['Permission'], 'Permission'],
  [['Role'], 'Role'],
  [['Tenant'], 'Tenant'],
] as const;

const changes = [
  ['Created', 1, 'creation'],
  ['Modified', 3, 'change'],
  ['Deleted', 4, 'deletion'],
] as const;

/** Actions of Descope, from its published list of audit events and its API documentation. */
const rows: readonly TypeRow[] = [
  {
    of: ['LoginSucceed'],
    ocsf: { ...authentication(1), status: 'Success' },
    ecs: ecs('authentication', 'start'),
    outcome: 'success',
  },
  {
    of: ['LoginFailed'],
    ocsf: { ...authentication(1), status: 'Failure' },
    ecs: ecs('authentication', 'start'),
    outcome: 'failure',
  },
  {
    of: ['LoginExceedMaxAttempts'],
    ocsf: { ...authentication(1), status: 'Failure' },
    ecs: ecs('authentication', 'start'),
    outcome: 'failure',
    why: 'a login that is refused; nothing says that the account is locked from then on',
  },
  {
    of: ['LoginStarted'],
    ocsf: authentication(6),
    ecs: ecs('authentication', 'start'),
    outcome: 'unknown',
    why: 'the first stage, for example a code that is sent; LoginSucceed or LoginFailed follows',
  },
  {
    of: ['LoginStartedFailed'],
    ocsf: { ...authentication(6), status: 'Failure' },
    ecs: ecs('authentication', 'start'),
    outcome: 'failure',
  },
  {
    of: ['AccessKeyUsed'],
    ocsf: authentication(1),
    ecs: ecs('authentication', 'start'),
    ...done,
    why: 'a key logs on',
  },
  {
    of: ['SessionRefreshed', 'UserRefresh'],
    ocsf: authentication(99, 'Session Refresh'),
    ecs: ecs('session', 'info'),
    ...done,
    why: 'the session goes on; nobody logs on',
  },
  { of: ['UserCreated', 'UsersCreated'], ocsf: account(1), ecs: iam('user', 'creation'), ...done },
  {
    of: ['UserModified', 'UsersModified'],
    ocsf: account(99, 'Modify'),
    ecs: iam('user', 'change'),
    ...done,
    why: 'the event does not say what has changed',
  },
  { of: ['UserDeleted', 'UsersDeleted'], ocsf: account(6), ecs: iam('user', 'deletion'), ...done },
  ...things.flatMap(([prefixes, kind, why]) =>
    changes.map(
      ([ending, activity, type]): TypeRow => ({
        of: prefixes.map((prefix) => `${prefix}${ending}`),
        ocsf: entity(kind, activity),
        ecs: iam('admin', type),
        ...done,
        ...(why === undefined ? {} : { why }),
      }),
    ),
  ),
  ...changes.map(
    ([ending, activity, type]): TypeRow => ({
      of: [`Project${ending}`],
      ocsf: entity('Project', activity),
      ecs: configuration(type),
      ...done,
    }),
  ),
];

export const descopeTypes = { rows, families: [] };
