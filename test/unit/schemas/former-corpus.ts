import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { StoredEvent } from '../../../src/domain.js';
import type { Schema } from '../../../src/schemas/schema.js';

/** An event of each type that the demo servers had when the former versions were the newest, by source. */
const recorded = JSON.parse(
  readFileSync(new URL('../../fixtures/schemas/events.json', import.meta.url), 'utf8'),
) as Record<string, StoredEvent[]>;

/** Nothing here comes from other tests, whose events may change: these must not. */
function event(seq: number, changes: Partial<StoredEvent>): StoredEvent {
  return {
    ...{ collector: 'acme', seq, id: `id-${seq}`, timestamp: '2026-11-23T10:20:30.123456789Z', type: 'server.login' },
    ...{ actor: 'ann', user: 'bob', client: '', gateway: '', group: '', project: 'p1', hostname: 'h1', server: '' },
    ...{ fromAddr: '192.0.2.1', rawEvent: `{"n":${seq},"big":12345678901234567890,"trailing":1.50}`, extra: null },
    ...{ collectedAt: '2026-11-23T10:21:00.000Z', ...changes },
  };
}

/** Texts that a logged person may have chosen. */
const hostileTexts = [
  '"]} \\ \u0000 \u001b[2J \r\n<110>1 - - - - - - forged',
  '漢字 😀 \u2028\u2029\u202e \ud800 \ufeff',
  '] seq=\\"1\\" [x@1 y="z"]',
  '{"index":{"_id":"forged"}}\n{}',
  'a'.repeat(5_000),
];

/** Every member that the former versions read. */
const members: Readonly<Record<string, object>> = {
  asa: {
    ...{ actor: 'a1', target_user: ['t1'], user: 'u1', client: 'c1', gateway: 'g1', group_id: 'r1', project: 'p1' },
    ...{ server: 's1', target_server: 's2', hostname: 'web-1.example', from_address: '198.51.100.7:22', via: null },
    ...{ client_ip: '2001:db8::1', team_id: 'm1', team_name: 'acme', trace_id: 'tr', unix_user_name: 'ada' },
    ...{ account_name: 'root', account_type: 'local', domain: 'corp', decision: 'deny', policy: 'po', reason: 'why' },
    ...{ user_status: 'DISABLED', permission_mask: 7, server_access: true, server_admin: false, resource_id: 're' },
    ...{ key_id: 'k1', name: 'thing', description: 'words', cloud_provider: 'aws', unheard: { of: [1, null, 'x'] } },
  },
  descope: {
    ...{ ID: 'AUD1', projectId: 'P2', userId: 'U2', actorId: 'K2', occurred: '1', device: 'Desktop', method: 'saml' },
    ...{ geo: 'DE', remoteAddress: '203.0.113.7', externalIds: ['ada@example.com', 'ada'], tenants: ['T1'] },
    ...{ data: { error_message: 'Wrong', id: 'x1', name: 'thing', role_id: 'r1', n: 1 }, type: 'warn' },
  },
  skyflow: {
    context: {
      ...{ changeID: 'c1', requestID: 'r1', traceID: 't1', sessionID: 's1', actor: 'ada@example.com' },
      ...{ actorType: 'USER', accessType: 'API', ipAddress: '192.0.2.1', authMode: 'OKTA_JWT', jwtID: 'j1' },
    },
    request: {
      ...{ apiName: 'New.Api', workspaceID: 'w1', vaultID: 'v1', tags: ['pii'], actionType: 'READ' },
      ...{ resourceType: 'RECORD', httpInfo: { URI: 'https://v.example/v1/vaults/v1/persons?x=1', method: 'GET' } },
      ...{ data: { content: 'sensitive' }, timestamp: '2026-11-23 10:00:00' },
    },
    response: { code: 403, message: 'Forbidden', data: { content: 'sensitive' } },
    accountID: 'a1',
    resourceIDs: ['VAULT/v1', 'ROLE/r1', 'POLICY/p1', 'USER/u1', 'RECORD/x1'],
  },
};

const columns: Partial<StoredEvent> = {
  actor: 'Ada Byron (status: ACTIVE , usertype: human)',
  user: 'Grace (status: DISABLED , usertype: service)',
  client: 'ada (hostname: absalom, OS: macOS 14, state: ACTIVE)',
  gateway: 'gw (access_address: 10.0.0.1, default_address: 10.0.0.2)',
  group: 'everyone',
  project: 'prod',
  server: 'web-1 (project: prod, canonical name: w, access address: 10.0.0.7, OS: Ubuntu, OS type: linux)',
};

/** The events of a type, whose records are in one digest. */
function eventsOf(source: string, type: string): StoredEvent[] {
  const own = (recorded[source] ?? []).filter((each) => each.type === type);
  const all = members[source] ?? {};
  const [, actionType, resourceType] = /^([A-Z_]+)\/([A-Z_]+)$/.exec(type) ?? [];
  const request = actionType === undefined ? {} : { request: { apiName: '', actionType, resourceType } };
  const texts = [{ ...all, ...request }, {}].map((each) => JSON.stringify(each));
  return [
    ...own,
    ...texts.map((rawEvent) => event(1, { ...columns, type, rawEvent })),
    event(2, { type, rawEvent: texts[0]!, actor: '', user: '', extra: '{"more":1.50}' }),
  ];
}

/** Events of no type in particular, among them hostile and long ones. */
const others: readonly StoredEvent[] = [
  ...hostileTexts.map((text, at) =>
    event(at + 1, {
      ...{ id: `${at}-${text}`, type: text, actor: text, hostname: text, extra: `{"more":${JSON.stringify(text)}}` },
      rawEvent: `{\n  "text": ${JSON.stringify(text)},\r\n\t"__proto__": {"a":1},\n "n": 1e400, "n": -0 }`,
    }),
  ),
  ...['null', '[1,2]', '"text"', '7', '{"a":', '{"a":9007199254740993,"b":1.50}'].map((rawEvent) =>
    event(3, { rawEvent }),
  ),
  event(4, { rawEvent: JSON.stringify({ actor: 'a'.repeat(65_000), note: '😀'.repeat(40_000) }) }),
  event(5, { timestamp: '2016-12-31T23:59:60.25Z', collectedAt: 'never' }),
];

/** A digest of the records of each type, and of those of no type in particular, under the empty text. */
export function digestsOf({ record }: Schema, source: string, types: readonly string[]): Record<string, string> {
  const digest = (events: readonly StoredEvent[]): string => {
    const hash = createHash('sha256');
    for (const each of events) hash.update(`${JSON.stringify(record(each, source))}\n`);
    return hash.digest('base64url').slice(0, 16);
  };
  const entries = types.map((type) => [type, digest(type === '' ? others : eventsOf(source, type))] as const);
  return Object.fromEntries(entries);
}
