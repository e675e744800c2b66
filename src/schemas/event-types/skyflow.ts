import type { Outcome } from '../ecs/mapping.js';
import type { Row } from '../ocsf/mapping.js';
import {
  account,
  authentication,
  configuration,
  ecs,
  entity,
  iam,
  type TypeFamily,
  type TypeMapping,
  type TypeRow,
} from './table.js';

/** `response.code` tells the outcome. */
const outcome = 'unknown';

const datastore = (activity: number): Row => ({ class: 'datastoreActivity', activity });
const access = (activity: 1 | 2): Row => ({ class: 'userAccess', activity, privilege: 'role' });
const read = ecs('database', 'access');
const write = ecs('database', 'change');

const rotateWhy = 'OCSF has no activity for keys of an account';

/** APIs by their names. */
const rows: readonly TypeRow[] = [
  { of: ['RecordService.GetRecord'], ocsf: datastore(1), ecs: read, outcome },
  {
    of: ['TokenService.Detokenize'],
    ocsf: datastore(1),
    ecs: read,
    outcome,
    why: 'returns the values that tokens stand for',
  },
  { of: ['RecordService.BulkGetRecord'], ocsf: datastore(8), ecs: read, outcome },
  { of: ['QueryService.ExecuteQuery'], ocsf: datastore(4), ecs: read, outcome },
  { of: ['RecordService.InsertRecord'], ocsf: datastore(6), ecs: write, outcome },
  { of: ['TokenService.Tokenize'], ocsf: datastore(6), ecs: write, outcome, why: 'stores values and returns tokens' },
  { of: ['RecordService.UpdateRecord'], ocsf: datastore(2), ecs: write, outcome },
  { of: ['RecordService.DeleteRecord'], ocsf: datastore(7), ecs: write, outcome },
  { of: ['VaultService.GetVault'], ocsf: entity('VAULT', 2), ecs: configuration('access'), outcome },
  { of: ['VaultService.UpdateVault'], ocsf: entity('VAULT', 3), ecs: configuration('change'), outcome },
  { of: ['RoleService.CreateRole'], ocsf: entity('ROLE', 1), ecs: iam('admin', 'creation'), outcome },
  {
    of: ['RoleService.AssignRole'],
    ocsf: access(1),
    ecs: iam('user', 'change'),
    outcome,
    why: 'changes what a user may do',
  },
  {
    of: ['RoleService.UnassignRole'],
    ocsf: access(2),
    ecs: iam('user', 'change'),
    outcome,
    why: 'changes what a user may do',
  },
  { of: ['PolicyService.CreatePolicy'], ocsf: entity('POLICY', 1), ecs: iam('admin', 'creation'), outcome },
  {
    of: ['PolicyService.UpdatePolicyStatus'],
    ocsf: entity('POLICY', 3),
    ecs: iam('admin', 'change'),
    outcome,
    why: 'the event does not say which status the policy gets',
  },
  { of: ['UserService.GetUser'], ocsf: entity('USER', 2), ecs: iam('user', 'info'), outcome },
  { of: ['UserService.InviteUser'], ocsf: account(1), ecs: iam('user', 'creation'), outcome },
  { of: ['ServiceAccountService.CreateServiceAccount'], ocsf: account(1), ecs: iam('user', 'creation'), outcome },
  {
    of: ['ServiceAccountService.RotateKey'],
    ocsf: account(99, 'Key Rotate'),
    ecs: iam('user', 'change'),
    outcome,
    why: rotateWhy,
  },
  {
    of: ['AuthenticationService.GetAuthToken', 'LOGIN/USER', 'LOGIN/SERVICE_ACCOUNT'],
    ocsf: authentication(1),
    ecs: ecs('authentication', 'start'),
    outcome,
  },
  { of: ['LIST/AUDIT', 'READ/AUDIT'], ocsf: { class: 'apiActivity', activity: 2 }, ecs: ecs('api', 'access'), outcome },
];

/** Resources stored in a vault. */
const stored = ['RECORD', 'TOKEN', 'FILE', 'TABLE'];
const accounts = ['USER', 'SERVICE_ACCOUNT'];
/** Resources that decide who may do what, and the others that make up an account. */
const rights = ['ROLE', 'POLICY', 'POLICY_TEMPLATE', 'RULE', 'KEY', 'SECRET', 'MEMBER'];
const parts = ['ACCOUNT', 'WORKSPACE', 'VAULT', 'VAULT_TEMPLATE', 'CONNECTION', 'FIELD_TEMPLATE', 'TAG'];

function family(
  actions: readonly string[],
  resources: readonly string[] | 'any',
  mapping: Omit<TypeMapping, 'outcome'>,
): TypeFamily {
  const words = resources === 'any' ? '[A-Z_]+' : resources.join('|');
  const all = resources === 'any' ? 'any' : resources.map((each) => `\`${each}\``).join(', ');
  return {
    types: new RegExp(`^(?:${actions.join('|')})/(?:${words})$`),
    named: `${actions.map((each) => `\`${each}\``).join(', ')} of ${all}`,
    ...mapping,
    outcome,
  };
}

/** Families by `actionType/resourceType`, for APIs without a row of their own. */
const families: readonly TypeFamily[] = [
  family(['READ'], stored, { ocsf: datastore(1), ecs: read }),
  family(['LIST'], stored, { ocsf: datastore(8), ecs: read }),
  family(['CREATE'], stored, { ocsf: datastore(6), ecs: write }),
  family(['UPDATE'], stored, { ocsf: datastore(2), ecs: write }),
  family(['DELETE'], stored, { ocsf: datastore(7), ecs: write }),
  family(['IMPORT'], stored, { ocsf: datastore(5), ecs: write }),
  family(['EXECUTE'], ['VAULT', 'RECORD', 'TABLE'], { ocsf: datastore(4), ecs: read }),
  family(['ASSIGN'], 'any', { ocsf: access(1), ecs: iam('user', 'change') }),
  family(['UNASSIGN'], 'any', { ocsf: access(2), ecs: iam('user', 'change') }),
  family(['CREATE'], accounts, { ocsf: account(1), ecs: iam('user', 'creation') }),
  family(['UPDATE'], accounts, { ocsf: account(99, 'Update'), ecs: iam('user', 'change') }),
  family(['ROTATE'], accounts, { ocsf: account(99, 'Key Rotate'), ecs: iam('user', 'change'), why: rotateWhy }),
  family(['DELETE'], accounts, { ocsf: account(6), ecs: iam('user', 'deletion') }),
  family(['READ', 'LIST'], accounts, { ocsf: entity('USER', 2), ecs: iam('user', 'info') }),
  family(['CREATE'], rights, { ocsf: entity('', 1), ecs: iam('admin', 'creation') }),
  family(['READ', 'LIST'], rights, { ocsf: entity('', 2), ecs: iam('admin', 'info') }),
  family(['UPDATE', 'ROTATE'], rights, { ocsf: entity('', 3), ecs: iam('admin', 'change') }),
  family(['DELETE'], rights, { ocsf: entity('', 4), ecs: iam('admin', 'deletion') }),
  family(['CREATE'], parts, { ocsf: entity('', 1), ecs: configuration('creation') }),
  family(['READ', 'LIST'], parts, { ocsf: entity('', 2), ecs: configuration('access') }),
  family(['UPDATE', 'ROTATE'], parts, { ocsf: entity('', 3), ecs: configuration('change') }),
  family(['DELETE'], parts, { ocsf: entity('', 4), ecs: configuration('deletion') }),
];

export const skyflowTypes = { rows, families };

/** The outcome that an HTTP status tells; undefined if it is none. */
export function outcomeOfCode(code: string | undefined): Outcome | undefined {
  if (code === undefined || !/^[1-5]\d\d$/.test(code)) return undefined;
  return Number(code) < 400 ? 'success' : 'failure';
}
