import type { Random } from '../random.js';

/** A kind of event of the demo vault. */
export interface EventKind {
  apiName: string;
  actionType: string;
  resourceType: string;
  method: string;
  /** The resources that it affected, in addition to the vault: `TYPE/id`. */
  resource?: (random: Random) => string;
  uri: (vaultID: string, random: Random) => string;
  /** Frequency per thousand events. */
  weight: number;
  /** The share of actors that are people; the others are service accounts. */
  human: number;
  accessType: 'API' | 'SQL' | 'OKTA_LOGIN';
}

const tables = ['persons', 'cards', 'patients', 'bank_accounts'] as const;
const hex = (random: Random, prefix: string, bound: number): string =>
  `${prefix}${(random.below(bound) + 4096).toString(16)}d41c`;

const record = (random: Random) => `RECORD/${random.uuid()}`;
const user = (random: Random) => `USER/${hex(random, 'u', 7)}`;
const serviceAccount = (random: Random) => `SERVICE_ACCOUNT/${hex(random, 'sa', 5)}`;
const role = (random: Random) => `ROLE/${hex(random, 'ro', 9)}`;
const policy = (random: Random) => `POLICY/${hex(random, 'po', 12)}`;
const ofTable = (vaultID: string, random: Random) => `/v1/vaults/${vaultID}/${random.pick(tables)}`;
const ofRecord = (vaultID: string, random: Random) => `${ofTable(vaultID, random)}/${random.uuid()}`;
const ofVault = (rest: string) => (vaultID: string) => `/v1/vaults/${vaultID}${rest}`;
const management = (path: string) => () => `/v1/${path}`;

type Row = [
  apiName: string,
  actionType: string,
  resourceType: string,
  method: string,
  uri: EventKind['uri'],
  weight: number,
  human?: number,
  resource?: EventKind['resource'],
  accessType?: EventKind['accessType'],
];

const rows: readonly Row[] = [
  ['RecordService.GetRecord', 'READ', 'RECORD', 'GET', ofRecord, 180, 0.1, record],
  ['RecordService.BulkGetRecord', 'LIST', 'RECORD', 'GET', ofTable, 90, 0.2],
  ['RecordService.InsertRecord', 'CREATE', 'RECORD', 'POST', ofTable, 120, 0.05],
  ['RecordService.UpdateRecord', 'UPDATE', 'RECORD', 'PUT', ofRecord, 60, 0.1, record],
  ['RecordService.DeleteRecord', 'DELETE', 'RECORD', 'DELETE', ofRecord, 20, 0.3, record],
  ['TokenService.Tokenize', 'CREATE', 'TOKEN', 'POST', ofVault('/tokenize'), 100, 0],
  ['TokenService.Detokenize', 'READ', 'TOKEN', 'POST', ofVault('/detokenize'), 160, 0.1],
  ['QueryService.ExecuteQuery', 'EXECUTE', 'VAULT', 'POST', ofVault('/query'), 60, 0.6, undefined, 'SQL'],
  ['VaultService.GetVault', 'READ', 'VAULT', 'GET', ofVault(''), 40, 0.7],
  ['VaultService.UpdateVault', 'UPDATE', 'VAULT', 'PATCH', ofVault(''), 5, 1],
  ['RoleService.CreateRole', 'CREATE', 'ROLE', 'POST', management('roles'), 5, 1, role],
  ['RoleService.AssignRole', 'ASSIGN', 'ROLE', 'POST', management('roles/assign'), 10, 1, role],
  ['RoleService.UnassignRole', 'UNASSIGN', 'ROLE', 'POST', management('roles/unassign'), 5, 1, role],
  ['PolicyService.CreatePolicy', 'CREATE', 'POLICY', 'POST', management('policies'), 5, 1, policy],
  ['PolicyService.UpdatePolicyStatus', 'UPDATE', 'POLICY', 'PATCH', management('policies/status'), 5, 1, policy],
  ['UserService.GetUser', 'READ', 'USER', 'GET', management('users/me'), 40, 0.9, user],
  ['UserService.InviteUser', 'CREATE', 'USER', 'POST', management('users/invite'), 5, 1, user],
  [
    'ServiceAccountService.CreateServiceAccount',
    'CREATE',
    'SERVICE_ACCOUNT',
    'POST',
    management('serviceAccounts'),
    3,
    1,
    serviceAccount,
  ],
  [
    'ServiceAccountService.RotateKey',
    'ROTATE',
    'SERVICE_ACCOUNT',
    'POST',
    management('serviceAccounts/rotate'),
    2,
    1,
    serviceAccount,
  ],
  [
    'AuthenticationService.GetAuthToken',
    'LOGIN',
    'SERVICE_ACCOUNT',
    'POST',
    management('auth/sa/oauth/token'),
    55,
    0,
    serviceAccount,
  ],
  // Some have no API name.
  ['', 'LOGIN', 'USER', 'POST', management('auth/login'), 30, 1, user, 'OKTA_LOGIN'],
];

export const eventKinds: readonly EventKind[] = rows.map(
  ([apiName, actionType, resourceType, method, uri, weight, human = 0.3, resource, accessType = 'API']) => ({
    apiName,
    actionType,
    resourceType,
    method,
    uri,
    weight,
    human,
    accessType,
    ...(resource ? { resource } : {}),
  }),
);

const weights = eventKinds.reduce((sum, { weight }) => sum + weight, 0);

export function pickKind(random: Random): EventKind {
  let at = random.below(weights);
  return eventKinds.find(({ weight }) => {
    at -= weight;
    return at < 0;
  })!;
}
