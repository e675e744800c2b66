import type { StoredEvent } from '../../domain.js';
import { type Description, emailOf, type Fields, some, type User } from './fields.js';
import type { MappingRow, Outcome, Version } from './mapping.js';
import { Members, parsed } from './members.js';

/**
 * Rows by `apiName`, else by `actionType/resourceType`, so that an unlisted API is mapped by its action. The outcome
 * comes from `response.code`. In version 1; never changed, since batches repeat with it.
 */
export const skyflowRows: readonly MappingRow[] = [
  {
    category: ['database'],
    type: ['access'],
    outcome: 'unknown',
    of: [
      'RecordService.GetRecord',
      'RecordService.BulkGetRecord',
      'TokenService.Detokenize',
      'QueryService.ExecuteQuery',
      'READ/RECORD',
      'LIST/RECORD',
      'READ/TOKEN',
      'LIST/TOKEN',
      'EXECUTE/VAULT',
    ],
  },
  {
    category: ['database'],
    type: ['change'],
    outcome: 'unknown',
    of: [
      'RecordService.InsertRecord',
      'RecordService.UpdateRecord',
      'RecordService.DeleteRecord',
      'TokenService.Tokenize',
      'CREATE/RECORD',
      'UPDATE/RECORD',
      'DELETE/RECORD',
      'CREATE/TOKEN',
      'UPDATE/TOKEN',
      'DELETE/TOKEN',
    ],
  },
  {
    category: ['configuration'],
    type: ['access'],
    outcome: 'unknown',
    of: ['VaultService.GetVault', 'READ/VAULT', 'LIST/VAULT', 'READ/WORKSPACE', 'LIST/WORKSPACE'],
  },
  {
    category: ['configuration'],
    type: ['creation'],
    outcome: 'unknown',
    of: ['CREATE/VAULT', 'CREATE/WORKSPACE'],
  },
  {
    category: ['configuration'],
    type: ['change'],
    outcome: 'unknown',
    of: ['VaultService.UpdateVault', 'UPDATE/VAULT', 'UPDATE/WORKSPACE'],
  },
  {
    category: ['configuration'],
    type: ['deletion'],
    outcome: 'unknown',
    of: ['DELETE/VAULT', 'DELETE/WORKSPACE'],
  },
  {
    category: ['iam'],
    type: ['admin', 'creation'],
    outcome: 'unknown',
    of: ['RoleService.CreateRole', 'PolicyService.CreatePolicy', 'CREATE/ROLE', 'CREATE/POLICY'],
  },
  {
    category: ['iam'],
    type: ['admin', 'change'],
    outcome: 'unknown',
    of: [
      'RoleService.AssignRole',
      'RoleService.UnassignRole',
      'PolicyService.UpdatePolicyStatus',
      'UPDATE/ROLE',
      'ASSIGN/ROLE',
      'UNASSIGN/ROLE',
      'UPDATE/POLICY',
      'ASSIGN/POLICY',
      'UNASSIGN/POLICY',
    ],
  },
  { category: ['iam'], type: ['admin', 'deletion'], outcome: 'unknown', of: ['DELETE/ROLE', 'DELETE/POLICY'] },
  {
    category: ['iam'],
    type: ['admin', 'info'],
    outcome: 'unknown',
    of: ['READ/ROLE', 'LIST/ROLE', 'READ/POLICY', 'LIST/POLICY'],
  },
  {
    category: ['iam'],
    type: ['user', 'creation'],
    outcome: 'unknown',
    of: [
      'UserService.InviteUser',
      'ServiceAccountService.CreateServiceAccount',
      'CREATE/USER',
      'CREATE/SERVICE_ACCOUNT',
    ],
  },
  {
    category: ['iam'],
    type: ['user', 'change'],
    outcome: 'unknown',
    of: ['ServiceAccountService.RotateKey', 'UPDATE/USER', 'UPDATE/SERVICE_ACCOUNT', 'ROTATE/SERVICE_ACCOUNT'],
  },
  {
    category: ['iam'],
    type: ['user', 'deletion'],
    outcome: 'unknown',
    of: ['DELETE/USER', 'DELETE/SERVICE_ACCOUNT'],
  },
  {
    category: ['iam'],
    type: ['user', 'info'],
    outcome: 'unknown',
    of: ['UserService.GetUser', 'READ/USER', 'LIST/USER', 'READ/SERVICE_ACCOUNT', 'LIST/SERVICE_ACCOUNT'],
  },
  {
    category: ['authentication'],
    type: ['start'],
    outcome: 'unknown',
    of: ['AuthenticationService.GetAuthToken', 'LOGIN/USER', 'LOGIN/SERVICE_ACCOUNT'],
  },
];

/**
 * Content never gets a field of its own: if a collector keeps it, only `event.original` has it.
 */
export function describeSkyflow(event: StoredEvent, version: Version): Description {
  const whole = new Members(parsed(event.rawEvent));
  const context = whole.inner('context');
  const request = whole.innerOnly('request');
  const response = whole.innerOnly('response');
  const httpInfo = request.inner('httpInfo');
  context.drop('changeID');
  for (const name of ['timestamp', 'data']) request.drop(name);
  response.drop('data');
  if (request.text('apiName') === undefined) request.drop('apiName');
  const pair = `${request.peek('actionType') ?? ''}/${request.peek('resourceType') ?? ''}`;
  const code = codeOf(response);
  const outcome = code === undefined ? undefined : outcomeOf(code);
  const actor = context.text('actor');
  const uri = httpInfo.text('URI');
  const message = outcome === 'failure' ? response.text('message') : undefined;
  return {
    types: [event.type, pair],
    outcome,
    reason: version === 1 ? undefined : message,
    user: { id: actor, name: actor, email: emailOf(actor) },
    target: targetOf(whole, version),
    source: { address: context.text('ipAddress') },
    organization: { id: whole.text('accountID') },
    named:
      version === 1 ? undefined : { users: usersIn(whole), hosts: [domainOf(uri), domainOf(context.peek('origin'))] },
    others: {
      error: outcome === 'failure' ? some({ code: String(code), message }) : undefined,
      http: some({
        request: some({ id: context.text('requestID'), method: httpInfo.text('method') }),
        response: code === undefined ? undefined : { status_code: code },
      }),
      tags: tagsOf(request),
      trace: some({ id: context.text('traceID') }),
      url: uri === undefined ? undefined : urlOf(uri),
    },
    unmapped: whole.rest(),
  };
}

/** HTTP status codes only; other codes stay unmapped. */
function codeOf(response: Members): number | undefined {
  const code = response.matching('code', /^[1-5]\d\d$/);
  return code === undefined ? undefined : Number(code);
}

function outcomeOf(code: number): Outcome {
  return code < 400 ? 'success' : 'failure';
}

/** The users and service accounts in `resourceIDs`. The list itself stays in `unmapped`, since it has others. */
function usersIn(whole: Members): string[] {
  const all = whole.peekTexts('resourceIDs').filter((resource) => /^(USER|SERVICE_ACCOUNT)\/./.test(resource));
  return all.map((resource) => resource.slice(resource.indexOf('/') + 1));
}

/** The first of them. Users have no other name than their id. */
function targetOf(whole: Members, version: Version): User {
  const [id] = usersIn(whole);
  if (id === undefined) return {};
  return version === 1 ? { id } : { id, name: id };
}

function tagsOf(request: Members): string[] | undefined {
  const tags = request.texts('tags');
  return tags.length === 0 ? undefined : tags;
}

function domainOf(uri: string | undefined): string | undefined {
  return uri === undefined ? undefined : (urlOf(uri).domain as string | undefined);
}

/** Most URIs are only a path. */
function urlOf(uri: string): Fields {
  const parts = /^(?:(https?):\/\/([^/?#@:]+)(?::\d+)?(?=[/?#]|$))?(\/[^?#]*)?(?:\?([^#]*))?/.exec(uri);
  const [, scheme, domain, path, query] = parts ?? [];
  return { original: uri, ...some({ scheme, domain, path, query }) };
}
