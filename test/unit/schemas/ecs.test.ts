import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventTypes } from '../../../demo/asa/event-types.js';
import { eventKinds } from '../../../demo/skyflow/kinds.js';
import type { StoredEvent } from '../../../src/domain.js';
import { parquetColumns } from '../../../src/formats/parquet-columns.js';
import { typeTables } from '../../../src/schemas/event-types/registry.js';
import { newestSchema, schemaOf } from '../../../src/schemas/registry.js';
import { records } from '../../../src/sinks/records.js';
import { epochNanoseconds } from '../../../src/timestamp.js';
import { batchOf, event as plainEvent } from '../sinks/support.js';
import { objectText } from '../support/json-text.js';
import { demoEvents, type SourceName } from './ecs-events.js';
import { leavesOf, ownFields, problemsOf, published } from './ecs-fields.js';

const names = Object.keys(typeTables) as SourceName[];
const ecs = newestSchema('ecs')!;

// biome-ignore lint/suspicious/noExplicitAny: a record is any JSON; its form is what is tested.
type Json = any;

function recordOf(source: string, event: StoredEvent): Json {
  return ecs.record(event, source).record;
}

/** An event with these members in `raw_event`. */
function eventOf(members: unknown, changes: Partial<StoredEvent> = {}): StoredEvent {
  return plainEvent(1, { rawEvent: JSON.stringify(members), ...changes });
}

describe('the schema', () => {
  it('is found by its name and version, which is the version of the ECS list', () => {
    expect(schemaOf('ecs', ecs.version)).toBe(ecs);
    expect(ecs.version).toBe(`${published.version}-2`);
    expect(recordOf('asa', plainEvent(1)).ecs.version).toBe(published.version);
  });

  it('makes the records of a batch, and counts types that are in no table', () => {
    const form = { ...batchOf([]).form, schema: 'ecs', schemaVersion: ecs.version };
    const made = records(batchOf([eventOf({}, { type: 'server.ssh_login' }), eventOf({}, { type: 'new' })], { form }));
    expect(made.map(({ known }) => known)).toEqual([true, false]);
    expect(JSON.parse(made[1]!.json)).toEqual(made[1]!.record);
  });
});

describe('the mapping tables', () => {
  const rowsOf = (source: SourceName) => typeTables[source]!.rows;
  const typesOf = (source: SourceName) => rowsOf(source).flatMap(({ of }) => of);

  it('contain each type once', () => {
    for (const source of names) expect(new Set(typesOf(source)).size).toBe(typesOf(source).length);
  });

  it.each(names)('of %s make a valid event of its category of each type', (source) => {
    for (const { of, ecs: categories, outcome } of rowsOf(source))
      for (const type of of) {
        const { record, known } = ecs.record(eventOf({}, { type }), source);
        expect([type, known, problemsOf(record)]).toEqual([type, true, []]);
        expect(record.event).toMatchObject({ kind: 'event', action: type, ...categories, outcome });
      }
  });

  it('contain each type that the contracts name', () => {
    const asa = `auth_token.issue user_creds.issue server.ssh_login server.rdp_login server.enroll server.create
      client.enroll client.assign client.activate user.create user.update group.create group.add_user group.remove_user
      group.bulk_membership_change project.create project.add_group project.remove_group gateway.create gateway.delete
      permission.change password.change password.reset service_account.password_rotation server_account.discovered
      server_account.password_change.initiated server_account.password_change.out_of_band server_account.reveal
      active_directory.account_discovery.complete active_directory.account_rule.applied security_policy.evaluate
      incoming_federation.request incoming_federation.approve resource.whatever whatever.rotate
      offline_enabled_event offline_disabled_event`;
    for (const type of [...asa.split(/\s+/), ...eventTypes.map((each) => each.type)])
      expect([type, ecs.record(eventOf({}, { type }), 'asa').known]).toEqual([type, true]);
    for (const { apiName, actionType, resourceType } of eventKinds) {
      const type = apiName || `${actionType}/${resourceType}`;
      expect([type, ecs.record(eventOf({}, { type }), 'skyflow').known]).toEqual([type, true]);
      const unheard = eventOf({ request: { apiName: 'New.Api', actionType, resourceType } }, { type: 'New.Api' });
      expect([type, ecs.record(unheard, 'skyflow').known]).toEqual([type, true]);
    }
  });

  it.each(['', 'nothing.of.the.kind', '__proto__', 'constructor', 'toString', '*rotate', 'resource', 'x'.repeat(1e6)])(
    'do not contain %.30s, which is still a valid event',
    (type) => {
      for (const source of [...names, 'another']) {
        const { record, known } = ecs.record(eventOf({ a: 1 }, { type }), source);
        expect(known).toBe(type === '*rotate' && source === 'asa');
        expect(problemsOf(record)).toEqual([]);
        const [category, outcome] = known ? [['configuration'], 'success'] : [['api'], 'unknown'];
        expect(record.event).toMatchObject({ kind: 'event', category, outcome, original: '{"a":1}' });
        expect(record.trawl).toMatchObject({ unmapped: { a: 1 } });
      }
    },
  );
});

describe('events of the demos', () => {
  it.each(names)('of %s are known and valid, with unchanged text and time', (source) => {
    for (const event of demoEvents[source](300)) {
      const { record, known } = ecs.record(event, source);
      expect([event.type, known, problemsOf(record)]).toEqual([event.type, true, []]);
      expect(record).toMatchObject({
        '@timestamp': event.timestamp,
        event: { original: event.rawEvent, id: event.id },
      });
    }
  });

  it.each(names)('of %s lose nothing', (source) => {
    const elsewhere = ['content', 'occurred', 'decision'];
    const texts = (value: unknown): string[] =>
      typeof value === 'object' && value !== null
        ? Object.entries(value).flatMap(([name, inner]) => (elsewhere.includes(name) ? [] : texts(inner)))
        : value === null || value === ''
          ? []
          : [String(value)];
    for (const event of demoEvents[source](300)) {
      const { original: _, ...rest } = recordOf(source, event).event;
      const kept = new Set(texts({ ...recordOf(source, event), event: rest }));
      // Numbers keep the source's digits: those that a double cannot hold become texts.
      const raw = JSON.parse(event.rawEvent.replace(/(?<=[:[,])-?\d[\d.eE+-]*(?=[,}\]])/g, '"$&"'));
      const time = source === 'skyflow' ? [raw.request.timestamp] : [];
      expect(texts(raw).filter((text) => !kept.has(text) && !time.includes(text))).toEqual([]);
    }
  });

  it('of Skyflow have content only in event.original, even if the collector keeps it', () => {
    for (const keepContent of [false, true]) {
      const all = demoEvents.skyflow(200, keepContent).map((event) => recordOf('skyflow', event));
      expect(JSON.stringify(all).includes('sensitive')).toBe(keepContent);
      for (const record of all) delete record.event.original;
      expect(JSON.stringify(all)).not.toMatch(/sensitive|left out/);
    }
  });
});

describe('content that a collector of Skyflow keeps', () => {
  it.each([
    { request: 'sensitive', response: ['sensitive'] },
    { request: { data: 'sensitive' }, response: { data: [{ content: 'sensitive' }] } },
  ])('is only in event.original if it is placed as in %j', (members) => {
    const record = recordOf('skyflow', eventOf(members));
    expect(record.event.original).toContain('sensitive');
    delete record.event.original;
    expect(JSON.stringify(record)).not.toContain('sensitive');
  });
});

describe('an event of ASA', () => {
  const details = {
    actor: 'k-actor',
    client: 'k-client',
    client_ip: '192.0.2.9',
    from_address: '2001:db8::7',
    group_id: 'k-group',
    group: 'k-not-this',
    permission_mask: 0,
    server: 'k-server',
    target_user: 'k-target',
    team_id: '',
    team_name: 'william-faulkner',
    trace_id: 'YqabgEzI',
    type: 'group.add_user',
    unix_user_name: 'jason',
    via: null,
  };
  const rawEvent = JSON.stringify(details).replace('"permission_mask":0', '"permission_mask":18446744073709551615');

  it('has its fields', () => {
    const record = recordOf(
      'asa',
      plainEvent(7, {
        type: 'group.add_user',
        rawEvent,
        actor: 'Jason (status: IV) (status: ACTIVE , usertype: human)',
        user: 'Quentin (status: DISABLED , usertype: human)',
        client: 'Jason (hostname: Absalom, OS: macOS 10.14.6, state: ACTIVE)',
        group: 'everyone',
        project: 'production',
        hostname: '',
        server: 'web-1 (project: production, canonical name: , access address: 10.0.0.7, OS: Ubuntu, OS type: linux)',
        extra: '{"more":1.50}',
      }),
    );
    expect(problemsOf(record)).toEqual([]);
    expect(record).toEqual({
      '@timestamp': '2026-11-23T10:20:30.123456789Z',
      ecs: { version: '8.11.0' },
      message: 'group.add_user by Jason (status: IV) for Quentin on web-1 from 2001:db8::7',
      event: {
        kind: 'event',
        category: ['iam'],
        type: ['group', 'user', 'change'],
        action: 'group.add_user',
        outcome: 'success',
        id: 'id-7',
        module: 'okta_asa',
        dataset: 'okta_asa.audit',
        provider: 'Okta Advanced Server Access',
        created: '2026-11-23T10:21:00.000Z',
        sequence: 7,
        original: rawEvent,
      },
      user: {
        id: 'k-actor',
        name: 'Jason (status: IV)',
        target: { id: 'k-target', name: 'Quentin', group: { id: 'k-group', name: 'everyone' } },
        effective: { name: 'jason' },
      },
      group: { id: 'k-group', name: 'everyone' },
      host: {
        id: 'k-server',
        name: 'web-1',
        hostname: 'web-1',
        ip: ['10.0.0.7'],
        os: { full: 'Ubuntu', type: 'linux' },
      },
      source: { address: '2001:db8::7', ip: '2001:db8::7', domain: 'Absalom' },
      client: { address: '192.0.2.9', ip: '192.0.2.9' },
      organization: { name: 'william-faulkner' },
      device: { id: 'k-client' },
      trace: { id: 'YqabgEzI' },
      related: {
        user: ['k-actor', 'Jason (status: IV)', 'k-target', 'Quentin', 'jason', 'Jason'],
        ip: ['2001:db8::7', '192.0.2.9', '10.0.0.7'],
        hosts: ['web-1', 'Absalom', 'k-server', 'k-client'],
      },
      trawl: {
        collector: 'acme',
        schema_version: '8.11.0-2',
        actor: 'Jason (status: IV) (status: ACTIVE , usertype: human)',
        user: 'Quentin (status: DISABLED , usertype: human)',
        client: 'Jason (hostname: Absalom, OS: macOS 10.14.6, state: ACTIVE)',
        group: 'everyone',
        project: 'production',
        server: 'web-1 (project: production, canonical name: , access address: 10.0.0.7, OS: Ubuntu, OS type: linux)',
        extra: { more: '1.50' },
        unmapped: { group: 'k-not-this', permission_mask: '18446744073709551615' },
      },
    });
  });

  it.each([
    ['allow', 'allowed', 'success'],
    ['deny', 'denied', 'failure'],
  ])('that decided %s is %s', (decision, type, outcome) => {
    const record = recordOf('asa', eventOf({ decision, policy: 'k-1' }, { type: 'security_policy.evaluate' }));
    expect(problemsOf(record)).toEqual([]);
    expect(record).toMatchObject({ event: { type: ['info', 'access', type], outcome }, rule: { id: 'k-1' } });
  });

  it('keeps any other decision', () => {
    const record = recordOf('asa', eventOf({ decision: 'maybe' }, { type: 'security_policy.evaluate' }));
    expect(record).toMatchObject({ event: { outcome: 'unknown' }, trawl: { unmapped: { decision: 'maybe' } } });
  });

  it.each([
    [{ target_user: 'k-1' }, { user: 'Ada (status: ACTIVE , usertype: human)' }, { id: 'k-1', name: 'Ada' }],
    [{ user: 'ada@example.com' }, {}, { id: 'ada@example.com', name: 'ada@example.com', email: 'ada@example.com' }],
    [{ unix_user_name: 'ada' }, {}, { name: 'ada', effective: { name: 'ada' } }],
  ])('that is a login of %j without an actor is the act of who logs on', (members, columns, expected) => {
    const of = eventOf(members, { type: 'server.ssh_login', user: '', actor: '', ...columns });
    const record = recordOf('asa', of);
    expect(problemsOf(record)).toEqual([]);
    expect(record.user).toEqual(expected);
    expect(record.related.user).toContain(expected.name);
  });

  it('keeps the actor of a login, and the target of anything else', () => {
    const login = eventOf({ actor: 'k-1', target_user: 'k-2' }, { type: 'auth_token.issue' });
    expect(recordOf('asa', login).user).toEqual({ id: 'k-1', target: { id: 'k-2' } });
    expect(recordOf('asa', eventOf({ target_user: 'k-2' }, { type: 'user.create' })).user).toEqual({
      target: { id: 'k-2' },
    });
  });

  it('that is about an account on a server has it as the target', () => {
    const members = { account_name: 'root', domain: 'corp.example', user: 'k-1', actor: 'k-2' };
    const of = eventOf(members, { type: 'server_account.reveal', user: 'Ada (status: ACTIVE , usertype: human)' });
    const record = recordOf('asa', of);
    expect(problemsOf(record)).toEqual([]);
    expect(record.user).toEqual({ id: 'k-2', target: { name: 'root', domain: 'corp.example' } });
    expect(record.related.user).toEqual(['k-2', 'root', 'k-1', 'Ada']);
    expect(record.trawl.unmapped).toEqual({ user: 'k-1' });
  });

  it('names in related all that it names', () => {
    const members = {
      ...{
        actor: 'a',
        target_user: ['t1', 't2'],
        added: ['u1'],
        removed: ['u2'],
        approver: 'ap',
        account_name: 'root',
      },
      ...{ servers: ['s1', 's2'], target_server: 's3', gateway: 'g1', from_address: '192.0.2.1:22' },
    };
    const gateway = 'gw (access_address: 10.0.0.1:7234, default_address: 10.0.0.2)';
    const server =
      'web (project: p, canonical name: web.example, access address: 10.0.0.7, OS: Ubuntu, OS type: linux)';
    const record = recordOf('asa', eventOf(members, { gateway, server }));
    expect(problemsOf(record)).toEqual([]);
    expect(record.host).toMatchObject({ id: 's3', name: 'web', ip: ['10.0.0.7'] });
    const { user, hosts, ip } = record.related as Record<string, string[]>;
    expect(user!.sort()).toEqual(['a', 'ap', 'root', 't1', 't2', 'u1', 'u2']);
    expect(hosts!.sort()).toEqual(['g1', 'gw', 's1', 's2', 's3', 'web', 'web.example']);
    expect(ip!.sort()).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.7', '192.0.2.1']);
  });

  it.each(['client.enroll', 'client.revoke', 'preauthorization.create', 'preauthorization.revoke'])(
    'of the type %s neither creates nor deletes a user',
    (type) => {
      const { event } = recordOf('asa', eventOf({ user: 'k-1' }, { type }));
      expect(event.type.includes('user') && /creation|deletion/.test(event.type.join())).toBe(false);
      expect(event.category).toHaveLength(1);
    },
  );

  it('has no name for an id without a related object, and no target if there are several', () => {
    const record = recordOf('asa', eventOf({ actor: 'k-1', target_user: ['k-2', 'k-3'], user: 'k-4' }, { actor: '' }));
    expect(record.user).toEqual({ id: 'k-1' });
    expect(record.trawl.unmapped).toEqual({ target_user: ['k-2', 'k-3'], user: 'k-4' });
  });
});

describe('an event of Descope', () => {
  const audit = {
    projectId: 'P2',
    userId: 'U2',
    externalIds: ['ada', 'ada@example.com'],
    geo: 'DE',
    device: 'Desktop',
    method: 'otp',
    remoteAddress: '203.0.113.7:443',
    tenants: ['T2', 'T3'],
    type: 'warn',
    data: { error_message: 'Wrong code', seq: 9 },
  };
  const ada = { id: 'U2', name: 'ada', email: 'ada@example.com' };

  it('has its fields', () => {
    const record = recordOf('descope', eventOf({ ...audit, actorId: 'U2' }, { type: 'LoginFailed' }));
    expect(problemsOf(record)).toEqual([]);
    expect(record).toMatchObject({
      event: { category: ['authentication'], type: ['start'], outcome: 'failure', dataset: 'descope.audit' },
      error: { message: 'Wrong code' },
      log: { level: 'warn' },
      related: { user: ['U2', 'ada', 'ada@example.com'] },
      source: { geo: { country_iso_code: 'DE' } },
      user_agent: { device: { name: 'Desktop' } },
      trawl: { unmapped: { projectId: 'P2', method: 'otp', tenants: ['T2', 'T3'], data: { seq: 9 } } },
    });
    expect(record.user).toEqual(ada);
    expect(record.source).toEqual({
      ...{ address: '203.0.113.7', ip: '203.0.113.7', port: 443 },
      geo: { country_iso_code: 'DE' },
    });
  });

  it('of another person has the user as the target', () => {
    const { user, organization } = recordOf('descope', eventOf({ ...audit, actorId: 'K2', tenants: ['T2'] }));
    expect(user).toEqual({ id: 'K2', name: 'K2', target: ada });
    expect(organization).toEqual({ id: 'T2' });
  });
});

describe('an event of Skyflow', () => {
  const audit = {
    context: {
      ...{ changeID: 'c1', requestID: 'r1', traceID: 't1', actor: 'sa1', actorType: 'USER', ipAddress: '::1' },
      origin: 'https://studio.example',
    },
    request: {
      apiName: 'UserService.InviteUser',
      tags: ['pii'],
      actionType: 'CREATE',
      resourceType: 'USER',
      httpInfo: { URI: 'https://v.example:8443/v1/users?x=1#y', method: 'POST' },
      data: { content: 'secret' },
    },
    response: { code: 403, message: 'Forbidden', data: 'secret' },
    accountID: 'a1',
    resourceIDs: ['VAULT/v1', 'USER/u1', 'USER/u2'],
  };

  it('has its fields', () => {
    const record = recordOf('skyflow', eventOf(audit, { type: 'UserService.InviteUser' }));
    expect(problemsOf(record)).toEqual([]);
    expect(record).toMatchObject({
      event: { category: ['iam'], type: ['user', 'creation'], outcome: 'failure', reason: 'Forbidden' },
      user: { id: 'sa1', name: 'sa1', target: { id: 'u1', name: 'u1' } },
      related: { user: ['sa1', 'u1', 'u2'], hosts: ['v.example', 'studio.example'] },
      http: { request: { id: 'r1', method: 'POST' }, response: { status_code: 403 } },
      error: { code: '403', message: 'Forbidden' },
      url: { scheme: 'https', domain: 'v.example', path: '/v1/users', query: 'x=1' },
      organization: { id: 'a1' },
      tags: ['pii'],
      trace: { id: 't1' },
    });
    expect(record.trawl.unmapped).toEqual({
      context: { actorType: 'USER', origin: 'https://studio.example' },
      request: { actionType: 'CREATE', resourceType: 'USER' },
      resourceIDs: ['VAULT/v1', 'USER/u1', 'USER/u2'],
    });
  });

  it.each([
    [200, 'success', 200],
    ['204', 'success', 204],
    [500, 'failure', 500],
    ['1e3', 'unknown', undefined],
    [16, 'unknown', undefined],
    [null, 'unknown', undefined],
  ])('with the code %s has the outcome %s', (code, outcome, status) => {
    const record = recordOf('skyflow', eventOf({ response: { code } }, { type: 'UserService.GetUser' }));
    expect(record.event.outcome).toBe(outcome);
    expect(record.http?.response.status_code).toBe(status);
    expect(problemsOf(record)).toEqual([]);
  });
});

describe('an address', () => {
  it.each([
    ['192.0.2.1', { ip: '192.0.2.1' }],
    ['2001:db8::7', { ip: '2001:db8::7' }],
    ['::ffff:192.0.2.1', { ip: '::ffff:192.0.2.1' }],
    ['192.0.2.1:443', { ip: '192.0.2.1', port: 443 }],
    ['[2001:db8::7]:65535', { ip: '2001:db8::7', port: 65_535 }],
    ['[2001:db8::7]', { ip: '2001:db8::7' }],
  ])('%s is %j', (text, expected) => {
    const record = recordOf('asa', eventOf({ from_address: text, client_ip: text }));
    expect(problemsOf(record)).toEqual([]);
    expect(record.source).toEqual({ address: expected.ip, ...expected });
    expect(record.client).toEqual(record.source);
    expect(record.related.ip).toEqual([expected.ip]);
  });

  it.each([
    'fe80::1%eth0',
    '192.0.2.1:65536',
    '192.0.2.1:',
    '192.0.2.256',
    '[192.0.2.1]:22',
    'gateway.example:22',
    ':22',
  ])('%s is no ip', (address) => {
    const record = recordOf('asa', eventOf({ from_address: address }));
    expect(record.source).toEqual({ address });
    expect(record.related?.ip).toBeUndefined();
  });

  it('of several is none of them, but all are related', () => {
    const record = recordOf('asa', eventOf({ from_address: '192.0.2.1, 198.51.100.7' }));
    expect(record.source).toEqual({ address: '192.0.2.1, 198.51.100.7' });
    expect(record.related.ip).toEqual(['192.0.2.1', '198.51.100.7']);
  });
});

describe('the time', () => {
  it.each([
    ['2026-11-23T10:20:30.000000001Z', '2026-11-23T10:20:30.000000001Z'],
    ['2026-11-23T10:20:30.1+05:30', '2026-11-23T10:20:30.1+05:30'],
    ['2500-01-01T00:00:00Z', '2500-01-01T00:00:00Z'],
    ['1969-12-31T23:59:59.9Z', '1969-12-31T23:59:59.9Z'],
    ['2026-11-23t10:20:30.5z', '2026-11-23T10:20:30.500000000Z'],
    ['2016-12-31T23:59:60.25Z', '2017-01-01T00:00:00.250000000Z'],
    ['2026-11-23T10:20:30.1234567891Z', '2026-11-23T10:20:30.123456789Z'],
    ['nonsense', '2026-11-23T10:21:00.000Z'],
  ])('%s is %s', (timestamp, expected) => {
    const record = recordOf('asa', plainEvent(1, { timestamp }));
    expect(record['@timestamp']).toBe(expected);
    expect(record.trawl.timestamp).toBe(timestamp === expected ? undefined : timestamp);
    expect(problemsOf(record)).toEqual([]);
  });
});

describe('whatever an event holds', () => {
  const word = fc.oneof(
    fc.constantFrom('', '192.0.2.1', 'fe80::1%eth0', '::ffff:1.2.3.4', 'USER/1', 'deny', 'a@b', 'DE', '200', '\ud800'),
    fc.constantFrom(' (status: ', ' , usertype: ', ', OS: ', ', OS type: ', ')', 'A (status: B , usertype: C)', '\0'),
    fc.string({ unit: 'binary', maxLength: 20 }),
  );
  const text = fc.array(word, { maxLength: 5 }).map((words) => words.join(''));
  const value: fc.Arbitrary<unknown> = fc.oneof(
    { maxDepth: 2 },
    text,
    fc.constantFrom<unknown>(null, true, 0, -0, 200, 404, 1.5, 2 ** 53 + 2, 1e300, [], {}, [''], [null], [[]]),
    fc.array(fc.oneof(text, fc.constantFrom(null, 1, {})), { maxLength: 3 }),
    fc.jsonValue({ maxDepth: 3, noUnicodeString: false }),
  );
  const object = (...keys: string[]): fc.Arbitrary<Record<string, unknown>> =>
    fc.dictionary(fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...keys) }, fc.constant('__proto__'), text), value);
  const members = {
    asa: object(
      ...['actor', 'client', 'user', 'target_user', 'group', 'group_id', 'project', 'server', 'gateway', 'hostname'],
      ...['from_address', 'client_ip', 'team_id', 'team_name', 'trace_id', 'decision', 'policy', 'reason', 'type'],
      ...['unix_user_name', 'cloud_provider'],
    ),
    descope: fc
      .tuple(
        object('ID', 'userId', 'actorId', 'externalIds', 'tenants', 'geo', 'device', 'type', 'remoteAddress', 'data'),
        object('error_message'),
      )
      .map(([audit, data]) => ({ ...audit, ...(audit.data === null ? {} : { data }) })),
    skyflow: fc
      .tuple(
        object('context', 'request', 'response', 'accountID', 'resourceIDs'),
        object('changeID', 'actor', 'ipAddress', 'requestID', 'traceID'),
        object('apiName', 'tags', 'actionType', 'resourceType', 'timestamp', 'data'),
        object('URI', 'method'),
        object('code', 'message', 'data'),
      )
      .map(([audit, context, request, httpInfo, response]) => ({
        ...{ context, request: { httpInfo, ...request }, response },
        ...audit,
      })),
  };

  const eventFrom = (source: SourceName): fc.Arbitrary<StoredEvent> => {
    const types = typeTables[source]!.rows.flatMap(({ of }) => of);
    return fc
      .record({
        type: fc.oneof(fc.constantFrom(...types), text),
        rawEvent: fc.oneof(
          { weight: 4, arbitrary: members[source].map((each) => JSON.stringify(each)) },
          { weight: 1, arbitrary: objectText },
          { weight: 1, arbitrary: fc.constantFrom('', 'null', '[]', '"', '{"a":', '7') },
        ),
        extra: fc.option(objectText),
        actor: text,
        user: text,
        client: text,
        group: text,
        project: text,
        server: text,
        gateway: text,
        hostname: text,
        fromAddr: text,
        id: text,
        timestamp: fc.oneof(fc.constantFrom('2026-11-23T10:20:30.123456789Z', '2016-12-31T23:59:60Z'), text),
        collectedAt: fc.oneof(fc.constant('2026-11-23T10:21:00.000Z'), text),
        seq: fc.oneof(fc.nat(), fc.constantFrom(Number.MAX_SAFE_INTEGER, Number.NaN)),
      })
      .map((changes) => plainEvent(1, changes));
  };

  it.each(names)('of %s, the record is valid and has the unchanged text', (source) => {
    fc.assert(
      fc.property(eventFrom(source), (event) => {
        const { record } = ecs.record(event, source);
        expect(problemsOf(record)).toEqual([]);
        if (event.rawEvent !== '') expect(record.event).toHaveProperty('original', event.rawEvent.toWellFormed());
      }),
      { numRuns: 200 },
    );
  });

  const deep = (open: string, close: string) => `${open.repeat(50_000)}1${close.repeat(50_000)}`;
  const long = 'A (status: '.repeat(100_000);
  it.each([
    ['lists in lists', `{"actor":${deep('[', ']')},"x":${deep('[', ']')}}`],
    ['objects in objects', `{"data":${deep('{"a":', '}')},"request":${deep('{"httpInfo":', '}')}}`],
    ['a long text', JSON.stringify({ actor: long, context: { actor: long }, userId: long, from_address: long })],
    ['a long key', `{"${'k'.repeat(1e6)}":1,"\\u0000":{"\\u0000":1},"\\ud800":"\\ud800"}`],
    ['escapes', `{"actor":"${'\\\\\\"'.repeat(100_000)}","n":-0.0,"m":[1e400,1.50]}`],
    ['the names of an object', '{"__proto__":{"x":1},"constructor":{"prototype":1},"toString":"a","hasOwnProperty":1}'],
    ['names twice', '{"actor":"a","actor":{"b":1},"n":1.50,"n":12345678901234567890}'],
  ])('%s make a valid record', (_, rawEvent) => {
    for (const source of names) {
      const of = plainEvent(1, { rawEvent, actor: `${long})`, client: long, server: `${long})`, user: long });
      const record = recordOf(source, of);
      expect(problemsOf(record)).toEqual([]);
      expect(record.event.original).toBe(rawEvent);
    }
  });

  it('numbers beyond a double keep their digits, and the others stay numbers', () => {
    const rawEvent = '{"a":9007199254740993,"b":[1.50,1,-0],"c":{"d":"1.50 \\" 2.50","e":1e400},"f":1.5,"g":"1.50"}';
    expect(recordOf('asa', plainEvent(1, { rawEvent })).trawl.unmapped).toEqual({
      a: '9007199254740993',
      b: ['1.50', 1, '-0'],
      c: { d: '1.50 " 2.50', e: '1e400' },
      f: 1.5,
      g: '1.50',
    });
  });

  it('a member called __proto__ is kept as a member', () => {
    const { unmapped } = recordOf('asa', plainEvent(1, { rawEvent: '{"__proto__":{"x":1}}' })).trawl;
    expect(JSON.stringify(unmapped)).toBe('{"__proto__":{"x":1}}');
    expect(({} as Json).x).toBeUndefined();
  });
});

it('the columns of Parquet find their values in the records', () => {
  const event = demoEvents.asa(200).find(({ type }) => type === 'server.ssh_login')!;
  const record = recordOf('asa', event);
  const values = parquetColumns('ecs').map(({ name, value }) => [name, value({ event, record, json: '{}' })]);
  expect(Object.fromEntries(values)).toEqual({
    '@timestamp': epochNanoseconds(event.timestamp)! / 1_000n,
    event_action: 'server.ssh_login',
    event_outcome: 'success',
    event_dataset: 'okta_asa.audit',
    user_name: record.user.name,
    source_ip: event.fromAddr,
    event: '{}',
  });
  expect(record.user.name).toMatch(/^\w/);
});

describe('the checker', () => {
  const [event] = demoEvents.asa(1) as [StoredEvent];
  const changed = (change: (record: Json) => void): string[] => {
    const record = structuredClone(recordOf('asa', event));
    change(record);
    return problemsOf(record);
  };

  it.each<[string, (record: Json) => void]>([
    ['@timestamp is missing', (record) => delete record['@timestamp']],
    [
      '@timestamp is not of type date: 2026-13-01T00:00:00Z',
      (record) => Object.assign(record, { '@timestamp': '2026-13-01T00:00:00Z' }),
    ],
    ['user.colour is not a field', (record) => Object.assign(record.user, { colour: 'red' })],
    ['trawl.colour is not a field', (record) => Object.assign(record.trawl, { colour: 'red' })],
    ['source.ip is not of type ip: here', (record) => Object.assign(record, { source: { ip: 'here' } })],
    ['user.name is a list', (record) => Object.assign(record.user, { name: ['a'] })],
    ['event.category is not a list', (record) => Object.assign(record.event, { category: 'iam' })],
    ['event.kind may not be party', (record) => Object.assign(record.event, { kind: 'party' })],
    [
      'no installation here',
      (record) => Object.assign(record.event, { category: ['iam'], type: ['user', 'installation'] }),
    ],
    ['no type for network', (record) => Object.assign(record.event, { category: ['iam', 'network'], type: ['user'] })],
    ['event.sequence is not of type long: 1.5', (record) => Object.assign(record.event, { sequence: 1.5 })],
    ['JSON does not read back the same', (record) => Object.assign(record.trawl, { unmapped: { x: -0 } })],
  ])('finds that %s', (problem, change) => {
    expect(changed(() => {})).toEqual([]);
    expect(changed(change)).toContain(problem);
  });
});

describe('the index template', () => {
  const { template } = JSON.parse(
    readFileSync(new URL('../../../deploy/elasticsearch/index-template.json', import.meta.url), 'utf8'),
  ) as Json;
  const mapped = new Map<string, Json>();
  const walk = (properties: Json, path: string): void => {
    for (const [name, each] of Object.entries<Json>(properties)) {
      if (each.properties) walk(each.properties, `${path}${name}.`);
      else mapped.set(`${path}${name}`, each);
    }
  };
  walk(template.mappings.properties, '');

  it('has ECS types, except for the nanoseconds of @timestamp', () => {
    const types: Record<string, string> = { ...published.fields, ...ownFields, '@timestamp': 'date_nanos' };
    for (const [name, { type }] of mapped) expect([name, type]).toEqual([name, types[name]?.replace('[]', '')]);
    expect(mapped.get('event.original')).toEqual({ type: 'keyword', index: false, doc_values: false });
  });

  it('has each field of the records, and limits the indexed length of a text', () => {
    const withPorts = eventOf({ from_address: '192.0.2.1:22', client_ip: '192.0.2.1:22' });
    const demos = names.flatMap((source) => demoEvents[source](400).map((event) => recordOf(source, event)));
    const all = [...demos, recordOf('asa', withPorts)];
    const used = new Set(all.flatMap((record) => leavesOf(record).map(([name]) => name)));
    expect([...used, ...Object.keys(ownFields)].filter((name) => !mapped.has(name))).toEqual([]);
    for (const [name, { type, index, ignore_above }] of mapped)
      if (['keyword', 'flattened', 'wildcard'].includes(type) && index !== false)
        expect([name, ignore_above]).toEqual([name, type === 'wildcard' ? 8_000 : 1_024]);
  });
});
