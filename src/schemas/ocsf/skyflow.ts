import { eventWithoutContent } from '../../skyflow-content.js';
import type { Family, Mapping, Row } from './mapping.js';
import { SkyflowFacts } from './skyflow-facts.js';

const datastore = (activity: number, activityName?: string): Row => ({
  class: 'datastoreActivity',
  activity,
  ...(activityName === undefined ? {} : { activityName }),
});
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
const access = (activity: 1 | 2): Row => ({ class: 'userAccess', activity, privilege: 'role' });
const logon: Row = { class: 'authentication', activity: 1 };

/** APIs by their names, in version 1. Never changed, since batches repeat with it. */
const rows: Readonly<Record<string, Row>> = {
  'RecordService.GetRecord': datastore(1),
  'RecordService.BulkGetRecord': datastore(8),
  'RecordService.InsertRecord': datastore(6),
  'RecordService.UpdateRecord': datastore(2),
  'RecordService.DeleteRecord': datastore(7),
  'TokenService.Tokenize': datastore(6),
  'TokenService.Detokenize': datastore(1),
  'QueryService.ExecuteQuery': datastore(4),
  'VaultService.GetVault': entity('VAULT', 2),
  'VaultService.UpdateVault': entity('VAULT', 3),
  'RoleService.CreateRole': entity('ROLE', 1),
  'RoleService.AssignRole': access(1),
  'RoleService.UnassignRole': access(2),
  'PolicyService.CreatePolicy': entity('POLICY', 1),
  'PolicyService.UpdatePolicyStatus': entity('POLICY', 3),
  'UserService.GetUser': entity('USER', 2),
  'UserService.InviteUser': account(1),
  'ServiceAccountService.CreateServiceAccount': account(1),
  'ServiceAccountService.RotateKey': account(99, 'Key Rotate'),
  'AuthenticationService.GetAuthToken': logon,
  'LOGIN/USER': logon,
  'LOGIN/SERVICE_ACCOUNT': logon,
  'LIST/AUDIT': { class: 'apiActivity', activity: 2 },
  'READ/AUDIT': { class: 'apiActivity', activity: 2 },
};

/** Resources stored in a vault. */
const stored = '(?:RECORD|TOKEN|FILE|TABLE)';
const accounts = '(?:USER|SERVICE_ACCOUNT)';
/** Resources that make up a vault, a workspace or an account. */
const managed =
  '(?:ACCOUNT|WORKSPACE|VAULT|VAULT_TEMPLATE|ROLE|POLICY|POLICY_TEMPLATE|RULE|KEY|SECRET|CONNECTION|MEMBER|FIELD_TEMPLATE|TAG)';

const family = (action: string, resource: string, row: Row): Family => ({
  types: new RegExp(`^${action}/${resource}$`),
  row,
});

/** Families by `actionType/resourceType`, for APIs without a row of their own. The first match wins. */
const families: readonly Family[] = [
  family('READ', stored, datastore(1)),
  family('LIST', stored, datastore(8)),
  family('CREATE', stored, datastore(6)),
  family('UPDATE', stored, datastore(2)),
  family('DELETE', stored, datastore(7)),
  family('IMPORT', stored, datastore(5)),
  family('EXECUTE', '(?:VAULT|RECORD|TABLE)', datastore(4)),
  family('(?:ASSIGN)', '[A-Z_]+', access(1)),
  family('(?:UNASSIGN)', '[A-Z_]+', access(2)),
  family('CREATE', accounts, account(1)),
  family('UPDATE', accounts, account(99, 'Update')),
  family('ROTATE', accounts, account(99, 'Key Rotate')),
  family('DELETE', accounts, account(6)),
  family('(?:READ|LIST)', accounts, entity('USER', 2)),
  family('CREATE', managed, entity('', 1)),
  family('(?:READ|LIST)', managed, entity('', 2)),
  family('(?:UPDATE|ROTATE)', managed, entity('', 3)),
  family('DELETE', managed, entity('', 4)),
];

/** Skyflow. Records never include content; `native` has what was kept of it. */
export const skyflow: Mapping = {
  product: { name: 'Data Privacy Vault', vendor_name: 'Skyflow' },
  logName: 'audit/events',
  rows,
  families,
  alsoTypes(members) {
    const request = members.nested('request');
    const types = [request.texts('actionType')[0], request.texts('resourceType')[0]];
    return types.includes(undefined) ? [] : [types.join('/')];
  },
  facts: (event, members, objects) => new SkyflowFacts(event, members, objects),
  rawData: eventWithoutContent,
};
