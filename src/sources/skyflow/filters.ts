import { isIP } from 'node:net';
import { z } from 'zod';
import type { Setting, ValuesOf } from '../../settings/definition.js';
import { plainText } from '../../settings/kinds.js';
import { rfc3339Of } from './timestamp.js';

const text = { expected: 'a text', schema: plainText() };
const oneOf = (...values: [string, ...string[]]) => ({
  expected: `one of ${values.join(', ')}`,
  schema: z.enum(values),
});
const name = {
  expected: 'a name in capital letters, as in events',
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
  expected: 'a comma-separated list of TYPE/ID: VAULT/12345, USER/67890',
  schema: z
    .string()
    .max(2000)
    .regex(/^[A-Z][A-Z_]*\/[^\s,/]+( *, *[A-Z][A-Z_]*\/[^\s,/]+)*$/),
};
const ipAddress = { expected: 'an IPv4 or IPv6 address', schema: z.string().refine((value) => isIP(value) !== 0) };
const code = { expected: 'a whole number', schema: z.string().regex(/^\d{1,4}$/) };
const method = oneOf('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS');

function filter<const Schema extends Setting['schema']>(
  member: string,
  variable: string,
  meaning: string,
  { expected, schema }: { expected: string; schema: Schema },
) {
  return {
    /** The member of `filterOps`. */
    member,
    env: `SKYFLOW_FILTER_${variable}`,
    meaning: `Only events ${meaning}`,
    expected,
    optional: true,
    filter: true,
    characters: 'any',
    schema,
  } as const;
}

/** Every optional member of `filterOps` in the contract. */
export const filterSettings = {
  skyflowFilterChangeId: filter('context.changeID', 'CHANGE_ID', 'of this change', text),
  skyflowFilterRequestId: filter('context.requestID', 'REQUEST_ID', 'of this request', text),
  skyflowFilterTraceId: filter('context.traceID', 'TRACE_ID', 'of this trace', text),
  skyflowFilterSessionId: filter('context.sessionID', 'SESSION_ID', 'of this session', text),
  skyflowFilterActor: filter('context.actor', 'ACTOR', 'of this actor', text),
  skyflowFilterActorType: filter(
    'context.actorType',
    'ACTOR_TYPE',
    'of actors of this type',
    oneOf('NONE', 'USER', 'SERVICE_ACCOUNT'),
  ),
  skyflowFilterAccessType: filter(
    'context.accessType',
    'ACCESS_TYPE',
    'of this kind of access',
    oneOf('ACCESS_NONE', 'API', 'SQL', 'OKTA_LOGIN'),
  ),
  skyflowFilterIpAddress: filter('context.ipAddress', 'IP_ADDRESS', 'from this address', ipAddress),
  skyflowFilterOrigin: filter('context.origin', 'ORIGIN', 'of this origin', text),
  skyflowFilterAuthMode: filter(
    'context.authMode',
    'AUTH_MODE',
    'signed in this way',
    oneOf('AUTH_NONE', 'OKTA_JWT', 'SERVICE_ACCOUNT_JWT', 'PAT_JWT', 'API_KEY'),
  ),
  skyflowFilterJwtId: filter('context.jwtID', 'JWT_ID', 'with this JWT', text),
  skyflowFilterBearerTokenContextId: filter(
    'context.bearerTokenContextID',
    'BEARER_TOKEN_CONTEXT_ID',
    "with this bearer token's context",
    text,
  ),
  skyflowFilterParentAccountId: filter('parentAccountID', 'PARENT_ACCOUNT_ID', 'of this parent account', text),
  skyflowFilterWorkspaceId: filter('workspaceID', 'WORKSPACE_ID', 'in this workspace', text),
  skyflowFilterVaultId: filter('vaultID', 'VAULT_ID', 'in this vault', text),
  skyflowFilterResourceIds: filter('resourceIDs', 'RESOURCE_IDS', 'on these resources', resourceIds),
  skyflowFilterActionType: filter('actionType', 'ACTION_TYPE', 'of this type of action', name),
  skyflowFilterResourceType: filter('resourceType', 'RESOURCE_TYPE', 'on this type of resource', name),
  skyflowFilterTags: filter('tags', 'TAGS', 'with this tag', text),
  skyflowFilterResponseCode: filter('responseCode', 'RESPONSE_CODE', 'answered with this code', code),
  skyflowFilterStartTime: filter('startTime', 'START_TIME', 'from this time on', sqlTimestamp),
  skyflowFilterEndTime: filter('endTime', 'END_TIME', 'until this time', sqlTimestamp),
  skyflowFilterApiName: filter('apiName', 'API_NAME', 'of this API', text),
  skyflowFilterResponseMessage: filter('responseMessage', 'RESPONSE_MESSAGE', 'answered with this message', text),
  skyflowFilterHttpMethod: filter('httpMethod', 'HTTP_METHOD', 'of this HTTP method', method),
  skyflowFilterHttpUri: filter('httpURI', 'HTTP_URI', 'on this URI', { ...text, schema: plainText(2000) }),
};

/** The filters that are set, as query parameters. */
export function filterParameters(settings: ValuesOf<typeof filterSettings>): [string, string][] {
  const values: Readonly<Record<string, string | undefined>> = settings;
  return Object.entries(filterSettings).flatMap(([key, { member }]): [string, string][] => {
    const value = values[key];
    return value === undefined ? [] : [[`filterOps.${member}`, value]];
  });
}
