import { Random } from '../random.js';

/** An event of the demo vault. */
export interface DemoEvent {
  changeID: string;
  /** As SQL writes it. */
  timestamp: string;
  /** What a filter may ask for, by the name of the filter. */
  filterable: Readonly<Record<string, string>>;
  resourceIDs: readonly string[];
  /** The texts of the two members that can be sensitive, as JSON. */
  contents: readonly [string, string];
  /** The event as it is sent, or with other JSON in the place of its contents. */
  text(contents?: readonly [string, string]): string;
}

const apis = [
  { apiName: 'RecordService.GetRecord', actionType: 'READ', resourceType: 'RECORD', method: 'GET' },
  { apiName: 'RecordService.InsertRecord', actionType: 'CREATE', resourceType: 'RECORD', method: 'POST' },
  { apiName: 'RecordService.DeleteRecord', actionType: 'DELETE', resourceType: 'RECORD', method: 'DELETE' },
  { apiName: 'QueryService.ExecuteQuery', actionType: 'EXECUTE', resourceType: 'VAULT', method: 'POST' },
  { apiName: 'UserService.GetUser', actionType: 'READ', resourceType: 'USER', method: 'GET' },
  { apiName: '', actionType: 'LOGIN', resourceType: 'USER', method: 'POST' },
] as const;

const vaults = ['c8ab3e2d5f1147c5', 'e1b0f3a94d2c4e60'] as const;

/** The event at a position: the same for the same seed, whatever was made before it. */
export function demoEvent(seed: number, position: number, timestamp: string, accountID: string): DemoEvent {
  const random = new Random(seed, position, 0x5f10);
  const changeID = random.uuid();
  const api = random.pick(apis);
  const vaultID = random.pick(vaults);
  const workspaceID = 'f3b2d1c0a9';
  const human = random.chance(0.4);
  const actor = `${human ? 'u' : 'sa'}${random.below(7)}c0ffee`;
  const resourceIDs = [`VAULT/${vaultID}`, ...(api.resourceType === 'USER' ? [`USER/${actor}`] : [])];
  const context: Record<string, string> = {
    changeID,
    requestID: random.uuid(),
    traceID: random.uuid().replaceAll('-', ''),
    ...(human ? { sessionID: random.uuid() } : {}),
    actor,
    actorType: human ? 'USER' : 'SERVICE_ACCOUNT',
    accessType: 'API',
    ipAddress: `203.0.113.${1 + random.below(250)}`,
    ...(human ? { origin: 'https://studio.example' } : {}),
    authMode: human ? 'OKTA_JWT' : 'SERVICE_ACCOUNT_JWT',
    jwtID: random.uuid(),
    ...(random.chance(0.2) ? { bearerTokenContextID: `ctx-${random.below(9)}` } : {}),
  };
  const { method, ...request } = api;
  const uri = `/v1/vaults/${vaultID}/persons`;
  const contents = contentsOf(random);
  const text = ([asked, answered]: readonly [string, string] = contents): string =>
    `{"context":${JSON.stringify(context)},"request":{"data":{"content":${asked}},"apiName":${JSON.stringify(request.apiName)},` +
    `"workspaceID":"${workspaceID}","vaultID":"${vaultID}","tags":["pii", "caf\\u00e9"],"timestamp":"${timestamp}",` +
    `"actionType":"${request.actionType}","resourceType":"${request.resourceType}","httpInfo":{"URI":"${uri}","method":"${method}"}},` +
    `"response":{"code":200,"message":"ok, 1.50","data":{"content":${answered}},"timestamp":"${timestamp}"},` +
    `"parentAccountID":"","accountID":${JSON.stringify(accountID)},"resourceIDs":${JSON.stringify(resourceIDs)}}`;
  return { changeID, timestamp, filterable: filterableOf(), resourceIDs, contents, text };

  function filterableOf(): Record<string, string> {
    const ofContext = Object.entries(context).map(([name, value]) => [`context.${name}`, value]);
    const own = { ...request, workspaceID, vaultID, responseCode: '200', responseMessage: 'ok, 1.50' };
    return { ...Object.fromEntries(ofContext), ...own, tags: 'pii', httpMethod: method, httpURI: uri };
  }
}

/** What must not be stored: texts with quotes and escapes, objects, and nothing at all. */
function contentsOf(random: Random): [string, string] {
  const ssn = `sensitive-${random.uuid()}`;
  const kinds = [
    JSON.stringify(ssn),
    JSON.stringify(`{"ssn":"${ssn}","note":"a \\"quoted\\" {brace}, and a \\\\"}`),
    `{"records":[{"fields":{"ssn":"${ssn}","n":1.50}}]}`,
    `["${ssn}"]`,
    'null',
    '""',
  ];
  return [random.pick(kinds), random.pick(kinds)];
}
