import { Random } from '../random.js';
import { type EventKind, pickKind } from './kinds.js';

/** An event of the demo vault. */
export interface DemoEvent {
  changeID: string;
  /** In SQL's form. */
  timestamp: string;
  /** Values that a filter can match, by the name of the filter. */
  filterable: Readonly<Record<string, string>>;
  resourceIDs: readonly string[];
  /** The JSON texts of the two members that can be sensitive. */
  contents: readonly [string, string];
  /** The event as the server sends it, or with other JSON in place of its contents. */
  text(contents?: readonly [string, string]): string;
}

const vaults = ['c8ab3e2d5f1147c5', 'e1b0f3a94d2c4e60'] as const;
const workspaceID = 'f3b2d1c0a9';

/** Code, message and percentage. */
const responses = [
  [200, 'ok, 1.50', 94],
  [400, 'Bad Request: the field "ssn" does not fit', 2],
  [403, 'Forbidden', 2],
  [404, 'Not Found', 2],
] as const;

/** The event at a position: the same for the same seed, whatever events came before it. */
export function demoEvent(seed: number, position: number, timestamp: string, accountID: string): DemoEvent {
  const random = new Random(seed, position, 0x5f10);
  const changeID = random.uuid();
  const kind = pickKind(random);
  const vaultID = random.pick(vaults);
  const human = random.chance(kind.human);
  const actor = `${human ? 'u' : 'sa'}${random.below(7)}c0ffee`;
  const resourceIDs = [`VAULT/${vaultID}`, ...(kind.resource ? [kind.resource(random)] : [])];
  const context = contextOf(random, kind, { changeID, actor, human });
  const { apiName, actionType, resourceType, method } = kind;
  const uri = kind.uri(vaultID, random);
  const [code, message] = responseOf(random);
  const contents = contentsOf(random);
  const text = ([asked, answered]: readonly [string, string] = contents): string =>
    `{"context":${JSON.stringify(context)},"request":{"data":{"content":${asked}},"apiName":${JSON.stringify(apiName)},` +
    `"workspaceID":"${workspaceID}","vaultID":"${vaultID}","tags":["pii", "caf\\u00e9"],"timestamp":"${timestamp}",` +
    `"actionType":"${actionType}","resourceType":"${resourceType}","httpInfo":{"URI":"${uri}","method":"${method}"}},` +
    `"response":{"code":${code},"message":${JSON.stringify(message)},"data":{"content":${answered}},"timestamp":"${timestamp}"},` +
    `"parentAccountID":"","accountID":${JSON.stringify(accountID)},"resourceIDs":${JSON.stringify(resourceIDs)}}`;
  const ofContext = Object.entries(context).map(([name, value]) => [`context.${name}`, value]);
  const filterable = {
    ...Object.fromEntries(ofContext),
    ...{ apiName, actionType, resourceType, workspaceID, vaultID, tags: 'pii', httpMethod: method, httpURI: uri },
    ...{ responseCode: String(code), responseMessage: message },
  };
  return { changeID, timestamp, filterable, resourceIDs, contents, text };
}

function contextOf(
  random: Random,
  { accessType }: EventKind,
  { changeID, actor, human }: { changeID: string; actor: string; human: boolean },
): Record<string, string> {
  return {
    changeID,
    requestID: random.uuid(),
    traceID: random.uuid().replaceAll('-', ''),
    ...(human ? { sessionID: random.uuid() } : {}),
    actor,
    actorType: human ? 'USER' : 'SERVICE_ACCOUNT',
    accessType,
    ipAddress: random.chance(0.1) ? `2001:db8::${random.below(250) + 1}` : `203.0.113.${1 + random.below(250)}`,
    ...(human ? { origin: 'https://studio.example' } : {}),
    authMode: human ? random.pick(['OKTA_JWT', 'PAT_JWT']) : random.pick(['SERVICE_ACCOUNT_JWT', 'API_KEY']),
    jwtID: random.uuid(),
    ...(random.chance(0.2) ? { bearerTokenContextID: `ctx-${random.below(9)}` } : {}),
  };
}

function responseOf(random: Random): (typeof responses)[number] {
  let at = random.below(100);
  return responses.find(([, , share]) => {
    at -= share;
    return at < 0;
  })!;
}

const people = ['Ada Byron', 'Björn Åkesson', 'Chloé "C." Dubois', 'Dmitri\\Orlov'] as const;

/** Content that must not be stored, each with the word `sensitive`: texts with quotes and escapes, objects, nothing. */
function contentsOf(random: Random): [string, string] {
  const ssn = `sensitive-${random.uuid()}`;
  const name = random.pick(people);
  const fields = { name, ssn, note: 'a "quoted" {brace}, and a \\' };
  const kinds = [
    JSON.stringify(ssn),
    JSON.stringify(JSON.stringify({ records: [{ fields }] })),
    `{"records":[{"fields":{"ssn":"${ssn}","n":1.50}}]}`,
    `["${ssn}"]`,
    'null',
    '""',
  ];
  return [random.pick(kinds), random.pick(kinds)];
}
