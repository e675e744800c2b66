import { isIP } from 'node:net';
import { z } from 'zod';
import { plainText, type SettingDefinition } from '../../settings/definition.js';
import { rfc3339Of } from './timestamp.js';

interface Filter {
  /** The member of `filterOps`. */
  member: string;
  /** What the settings' names end in: `skyflowFilter…`, `SKYFLOW_FILTER_…`. */
  key: string;
  env: string;
  meaning: string;
  expected: string;
  schema: SettingDefinition['schema'];
}

const text = { expected: 'a text', schema: plainText() };
const oneOf = (...values: [string, ...string[]]) => ({
  expected: `one of ${values.join(', ')}`,
  schema: z.enum(values),
});
const name = {
  expected: 'a name in capital letters, as events have it',
  schema: z.string().regex(/^[A-Z][A-Z0-9_]{0,99}$/),
};
const sqlTimestamp = {
  expected: 'an SQL timestamp in UTC, for example 2023-06-27 14:01:14.271659365',
  schema: z
    .string()
    .regex(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,9})?$/)
    .refine((value) => rfc3339Of(value) !== null),
};
const resourceIds = {
  expected: 'TYPE/ID, or several with commas between: VAULT/12345, USER/67890',
  schema: z
    .string()
    .max(2000)
    .regex(/^[A-Z][A-Z_]*\/[^\s,/]+( *, *[A-Z][A-Z_]*\/[^\s,/]+)*$/),
};
const ipAddress = { expected: 'an IPv4 or IPv6 address', schema: z.string().refine((value) => isIP(value) !== 0) };
const code = { expected: 'a whole number', schema: z.string().regex(/^\d{1,4}$/) };
const method = oneOf('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS');

const filter = (
  member: string,
  key: string,
  env: string,
  meaning: string,
  { expected, schema }: Pick<Filter, 'expected' | 'schema'>,
): Filter => ({ member, key, env, meaning: `Only events ${meaning}`, expected, schema });

/** Every optional member of `filterOps` in the contract. */
const filters: readonly Filter[] = [
  filter('context.changeID', 'ChangeId', 'CHANGE_ID', 'of this change', text),
  filter('context.requestID', 'RequestId', 'REQUEST_ID', 'of this request', text),
  filter('context.traceID', 'TraceId', 'TRACE_ID', 'of this trace', text),
  filter('context.sessionID', 'SessionId', 'SESSION_ID', 'of this session', text),
  filter('context.actor', 'Actor', 'ACTOR', 'of this actor', text),
  filter(
    'context.actorType',
    'ActorType',
    'ACTOR_TYPE',
    'of actors of this type',
    oneOf('NONE', 'USER', 'SERVICE_ACCOUNT'),
  ),
  filter(
    'context.accessType',
    'AccessType',
    'ACCESS_TYPE',
    'of this kind of access',
    oneOf('ACCESS_NONE', 'API', 'SQL', 'OKTA_LOGIN'),
  ),
  filter('context.ipAddress', 'IpAddress', 'IP_ADDRESS', 'from this address', ipAddress),
  filter('context.origin', 'Origin', 'ORIGIN', 'of this origin', text),
  filter(
    'context.authMode',
    'AuthMode',
    'AUTH_MODE',
    'signed in this way',
    oneOf('AUTH_NONE', 'OKTA_JWT', 'SERVICE_ACCOUNT_JWT', 'PAT_JWT', 'API_KEY'),
  ),
  filter('context.jwtID', 'JwtId', 'JWT_ID', 'with this JWT', text),
  filter(
    'context.bearerTokenContextID',
    'BearerTokenContextId',
    'BEARER_TOKEN_CONTEXT_ID',
    "with this bearer token's context",
    text,
  ),
  filter('parentAccountID', 'ParentAccountId', 'PARENT_ACCOUNT_ID', 'of this parent account', text),
  filter('workspaceID', 'WorkspaceId', 'WORKSPACE_ID', 'in this workspace', text),
  filter('vaultID', 'VaultId', 'VAULT_ID', 'in this vault', text),
  filter('resourceIDs', 'ResourceIds', 'RESOURCE_IDS', 'on these resources', resourceIds),
  filter('actionType', 'ActionType', 'ACTION_TYPE', 'of this type of action', name),
  filter('resourceType', 'ResourceType', 'RESOURCE_TYPE', 'on this type of resource', name),
  filter('tags', 'Tags', 'TAGS', 'with this tag', text),
  filter('responseCode', 'ResponseCode', 'RESPONSE_CODE', 'answered with this code', code),
  filter('startTime', 'StartTime', 'START_TIME', 'from this time on', sqlTimestamp),
  filter('endTime', 'EndTime', 'END_TIME', 'until this time', sqlTimestamp),
  filter('apiName', 'ApiName', 'API_NAME', 'of this API', text),
  filter('responseMessage', 'ResponseMessage', 'RESPONSE_MESSAGE', 'answered with this message', text),
  filter('httpMethod', 'HttpMethod', 'HTTP_METHOD', 'of this HTTP method', method),
  filter('httpURI', 'HttpUri', 'HTTP_URI', 'on this URI', { ...text, schema: plainText(2000) }),
];

export const filterSettingDefinitions: readonly SettingDefinition[] = filters.map((f) => ({
  key: `skyflowFilter${f.key}`,
  env: `SKYFLOW_FILTER_${f.env}`,
  meaning: f.meaning,
  expected: f.expected,
  optional: true,
  schema: f.schema,
}));

/** The filters that are set, as the query names them. */
export function filterParameters(values: Readonly<Record<string, unknown>>): [string, string][] {
  return filters.flatMap(({ member, key }): [string, string][] => {
    const value = values[`skyflowFilter${key}`];
    return value === undefined ? [] : [[`filterOps.${member}`, String(value)]];
  });
}
