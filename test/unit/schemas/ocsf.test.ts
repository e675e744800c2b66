import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { decompress } from 'fzstd';
import { parquetReadObjects } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import type { StoredEvent } from '../../../src/domain.js';
import { parquet } from '../../../src/formats/parquet.js';
import { parseJson } from '../../../src/json-parse.js';
import { typeTables } from '../../../src/schemas/event-types/registry.js';
import { attributesOf, type Shape } from '../../../src/schemas/ocsf/attributes.js';
import { type ClassName, classes } from '../../../src/schemas/ocsf/classes.js';
import { newestSchema } from '../../../src/schemas/registry.js';
import { type ObjectFile, objectFiles } from '../../../src/sinks/objects.js';
import { batchForm, fileSettingProblems } from '../../../src/sinks/settings.js';
import { asa } from '../../../src/sources/asa/source.js';
import { batchOf, event, hostileEvents } from '../sinks/support.js';
import { arrayText, objectText, stringLiteral, valueText } from '../support/json-text.js';
import { demoEvents, storedOf } from './demo-events.js';
import { problemsOf, typeOf } from './ocsf-validator.js';

type Json = Record<string, unknown>;

/** The members that these tests check. */
interface Shown extends Json {
  class_uid: number;
  activity_id: number;
  type_uid: number;
  time: number;
  raw_data: string;
  metadata: Json;
  user: Json;
  src_endpoint: Json;
  unmapped: Json;
}

const sources = ['asa', 'descope', 'skyflow'] as const;
const ocsf = newestSchema('ocsf')!;

function mapped(of: StoredEvent, source: string): Shown {
  return ocsf.record(of, source).record as Shown;
}

/** Rows of a Parquet file. */
async function rowsIn(bytes: Uint8Array): Promise<Json[]> {
  const zstd = (input: Uint8Array, length: number) => decompress(input, new Uint8Array(length));
  return parquetReadObjects({ file: new Uint8Array(bytes).buffer, compressors: { ZSTD: zstd } });
}

/** The record that a row was made from. */
function withoutNulls({ time_dt: _, unmapped, ...row }: Json): Json {
  const plain = (value: unknown): unknown => {
    if (typeof value === 'bigint') return Number(value);
    if (Array.isArray(value)) return value.map(plain);
    if (typeof value !== 'object' || value === null) return value;
    const members = Object.entries(value).map(([name, member]) => [name, plain(member)] as const);
    const left = members.filter(([, member]) => member !== null && member !== undefined);
    return left.length === 0 ? null : Object.fromEntries(left);
  };
  const record = plain(row) as Json;
  return typeof unmapped === 'string' ? { ...record, unmapped: parseJson(unmapped) } : record;
}

/** Each column and its type, in the schema's terms. */
function pathsOf(shapes: Readonly<Record<string, Shape>>, before: readonly string[] = []): [string[], string][] {
  return Object.entries(shapes).flatMap(([name, shape]): [string[], string][] => {
    const path = [...before, name];
    const one = typeof shape === 'object' && Array.isArray(shape) ? (shape[0] as Shape) : (shape as Shape);
    if (typeof one === 'object') return pathsOf(one as Record<string, Shape>, path);
    if (name === 'unmapped') return [];
    return [[path, { text: 'string', int32: 'integer', int64: 'integer', boolean: 'boolean' }[one]]];
  });
}

/** Compares without vitest, for which a member named `constructor` makes equal objects differ. */
function expectJsonOnly(record: unknown): void {
  expect(isDeepStrictEqual(parseJson(JSON.stringify(record)), record)).toBe(true);
}

/** An event of a type, with the members of a source's raw event. */
function typed(source: string, type: string, members: Json = {}): StoredEvent {
  const [, action = '', resource = ''] = /^([A-Z]+)\/([A-Z_]+)$/.exec(type) ?? [];
  const raw = {
    asa: { type, ...members },
    descope: { action: type, ...members },
    skyflow: { request: { apiName: action ? '' : type, actionType: action, resourceType: resource }, ...members },
  }[source]!;
  return event(1, { type, rawEvent: JSON.stringify(raw) });
}

describe('the validator of these tests', () => {
  const good = mapped(demoEvents.asa!(1)[0]!, 'asa');

  it.each<[string, Json, RegExp]>([
    ['a required attribute that is missing', { user: undefined }, /user/],
    ['an attribute that the class does not have', { entity: {} }, /additional properties/],
    [
      'an attribute that an object does not have',
      { user: { uid: 'u', status: 'x' } },
      /\/user must NOT have additional/,
    ],
    ['an object without attributes', { user: {} }, /\/user/],
    ['a number as a text', { time: '1' }, /\/time must be integer/],
    ['a value that is not in the enumeration', { severity_id: 9 }, /severity_id/],
    ['a text that is not an address', { src_endpoint: { ip: 'nowhere' } }, /ip must match/],
    ['a text that is too long', { raw_data: 'x'.repeat(70_000) }, /raw_data/],
    ['a name of another number', { class_name: 'Other' }, /class_name/],
    ['a type of another activity', { type_uid: 300_202 }, /type_uid/],
    ['a class that Trawl does not write', { class_uid: 4001 }, /no class 4001/],
  ])('finds %s', (_, changes, expected) => {
    expect(problemsOf(good)).toEqual([]);
    expect(problemsOf({ ...good, ...changes }).join('\n')).toMatch(expected);
  });
});

describe.each(sources)('OCSF of %s', (source) => {
  it('is valid for each event of the demo, and knows all of them', () => {
    for (const of of demoEvents[source]!(300)) {
      const { record, known } = ocsf.record(of, source);
      expect({ type: of.type, problems: problemsOf(record), known }).toEqual({
        type: of.type,
        problems: [],
        known: true,
      });
    }
  });

  it('keeps id, time to the nanosecond, order and raw event', () => {
    for (const of of demoEvents[source]!(200)) {
      const record = mapped(of, source);
      expect(record.metadata).toMatchObject({ uid: of.id, original_time: of.timestamp, sequence: of.seq });
      expect(record.time).toBe(Date.parse(`${of.timestamp.slice(0, 19)}Z`) + Number(fraction(of).slice(0, 3)));
      expect(record.raw_data).toBe(of.rawEvent);
    }
  });

  it.each(typeTables[source]!.rows.flatMap(({ of, ocsf: row }) => of.map((type) => [type, row] as const)))(
    'maps %s by its row',
    (type, row) => {
      const { record, known } = ocsf.record(typed(source, type), source);
      const { uid } = classes[row.class];
      expect({ known, problems: problemsOf(record) }).toEqual({ known: true, problems: [] });
      expect([record.class_uid, record.activity_id]).toEqual([uid, row.activity]);
    },
  );

  it('is API Activity for a type in no table, and says so', () => {
    const { record, known } = ocsf.record(typed(source, 'quite.unheard_of'), source);
    expect({ known, problems: problemsOf(record) }).toEqual({ known: false, problems: [] });
    expect(record).toMatchObject({ class_uid: 6003, activity_id: 99, activity_name: 'quite.unheard_of' });
  });

  it('is the base event for anything that is not an object', () => {
    for (const rawEvent of ['null', '[1,2]', '"text"', '7']) {
      const { record, known } = ocsf.record(event(1, { rawEvent, type: '' }), source);
      expect({ known, class: record.class_uid, problems: problemsOf(record) }).toEqual({
        known: false,
        class: 0,
        problems: [],
      });
    }
  });

  it.each(hostileEvents)('is valid for a hostile event ($seq)', (of) => {
    const { record } = ocsf.record(of, source);
    expect(problemsOf(record)).toEqual([]);
    expectJsonOnly(record);
  });

  it('is valid for any event of any type, which stays complete', () => {
    const types = fc.constantFrom(
      ...typeTables[source]!.rows.flatMap(({ of }) => of),
      'x.create',
      'ASSIGN/ROLE',
      '',
      '__proto__',
    );
    fc.assert(
      fc.property(
        anyRaw(source),
        types,
        fc.string({ unit: 'binary' }),
        fc.option(objectText),
        (raw, type, text, extra) => {
          const columns = { actor: text, user: text, client: text, server: text, group: text, fromAddr: text };
          const of = event(1, { rawEvent: raw, type, extra, id: `i${text}`, ...columns });
          const { record } = ocsf.record(of, source);
          expect(problemsOf(record)).toEqual([]);
          expectJsonOnly(record);
          if (source !== 'skyflow') expect(record.raw_data).toBe(raw);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('is valid for an event that is nested a hundred thousand times', () => {
    const deep = `${'{"a":['.repeat(100_000)}1${']}'.repeat(100_000)}`;
    const { record } = ocsf.record(event(1, { rawEvent: `{"action":${deep},"data":${deep},"actor":${deep}}` }), source);
    expect(problemsOf(record)).toEqual([]);
    expect(JSON.stringify(record)).toContain('nested too deeply');
  });

  it('has in unmapped the end of an event that is too long for raw_data', () => {
    const rawEvent = JSON.stringify({ actor: 'a'.repeat(65_000), note: '😀'.repeat(40_000) });
    const record = mapped(event(1, { rawEvent }), source);
    expect(problemsOf(record)).toEqual([]);
    expect(`${record.raw_data}${record.unmapped.raw_data_rest}`).toBe(rawEvent);
    expect(record.raw_data.isWellFormed()).toBe(true);
  });

  it('has a time whatever the event has in its place', () => {
    const times = ['1969-12-31T23:59:59.9999Z', '0001-01-01T00:00:00Z', '9999-12-31T23:59:60Z', 'never', ''];
    const records = times.map((timestamp) => mapped(event(1, { timestamp }), source));
    expect(records.flatMap(problemsOf)).toEqual([]);
    expect(records.map(({ time }) => time).slice(0, 1)).toEqual([-1]);
    expect(records[3]!.time).toBe(Date.parse('2026-11-23T10:21:00.000Z'));
  });
});

/** Events of a source with arbitrary JSON members, mostly under the names that the mapping reads. */
function anyRaw(source: string): fc.Arbitrary<string> {
  const names = {
    asa: [
      'actor',
      'user',
      'target_user',
      'client',
      'server',
      'gateway',
      'group',
      'group_id',
      'hostname',
      'from_address',
    ]
      .concat([
        'project_id',
        'permission_mask',
        'account_name',
        'account_type',
        'unix_user_name',
        'decision',
        'team_id',
      ])
      .concat(['user_status', 'resource_id', 'reason', 'trace_id', 'server_admin', 'name', '__proto__']),
    descope: [
      'ID',
      'projectId',
      'userId',
      'actorId',
      'externalIds',
      'tenants',
      'device',
      'method',
      'geo',
      'type',
    ].concat(['remoteAddress', 'data', 'occurred', '__proto__']),
    skyflow: [
      'changeID',
      'actor',
      'actorType',
      'ipAddress',
      'sessionID',
      'jwtID',
      'requestID',
      'authMode',
      'traceID',
    ].concat(['vaultID', 'apiName', 'httpInfo', 'URI', 'method', 'data', 'content', 'code', 'message', '__proto__']),
  }[source]!;
  const address = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain()).map((text) => JSON.stringify(text));
  const uri = fc.webUrl({ withQueryParameters: true }).map((text) => JSON.stringify(text));
  const value = fc.oneof(
    stringLiteral,
    valueText,
    arrayText,
    address,
    uri,
    fc.constantFrom('"READ"', '200', '"USER/u1"'),
  );
  const name = fc.constantFrom(...names).map((text) => JSON.stringify(text));
  const member = fc.tuple(name, value).map(([key, text]) => `${key}:${text}`);
  const object = fc.array(member, { maxLength: 12 }).map((members) => `{${members.join(',')}}`);
  if (source !== 'skyflow') return object;
  const parts = fc.tuple(fc.oneof(object, valueText), fc.oneof(object, valueText), fc.oneof(object, valueText), value);
  return parts.map(([context, request, response, ids]) => {
    return `{"context":${context},"request":${request},"response":${response},"resourceIDs":${ids}}`;
  });
}

function fraction({ timestamp }: StoredEvent): string {
  return (/\.(\d+)/.exec(timestamp)?.[1] ?? '').padEnd(9, '0');
}

describe('OCSF of Okta Advanced Server Access', () => {
  const login = storedOf(
    asa,
    Buffer.from(
      JSON.stringify({
        list: [
          {
            id: 'e1',
            timestamp: '2026-11-23T10:00:00.123456789Z',
            details: {
              type: 'server.ssh_login',
              actor: 'u1',
              client: 'c1',
              server: 's1',
              hostname: 'web-1.example',
              from_address: '198.51.100.7',
              unix_user_name: 'ada',
              team_name: 'acme',
              trace_id: 't1',
              via: null,
              rotation_id: '@big',
            },
          },
        ],
        related_objects: {
          u1: { type: 'user', object: { name: 'Ada.Byron', status: 'ACTIVE', user_type: 'human' } },
          c1: {
            type: 'client',
            object: { user_name: 'Ada.Byron', hostname: 'absalom', os: 'macOS 14', state: 'ACTIVE' },
          },
          s1: { type: 'server', object: { hostname: 'web-1.example', access_address: '10.0.0.1', os: 'Ubuntu 24.04' } },
        },
      }).replace('"@big"', '900719925474099312345'),
    ),
  )[0]!;

  it('is this record for a logon', () => {
    const { raw_data, metadata, observables, ...record } = mapped(login, 'asa');
    const user = { uid: 'u1', name: 'Ada.Byron', type: 'User', type_id: 1 };
    expect(record).toEqual({
      activity_id: 1,
      activity_name: 'Logon',
      category_uid: 3,
      category_name: 'Identity & Access Management',
      class_uid: 3002,
      class_name: 'Authentication',
      type_uid: 300201,
      type_name: 'Authentication: Logon',
      severity_id: 1,
      severity: 'Informational',
      time: Date.parse('2026-11-23T10:00:00.123Z'),
      message: 'server.ssh_login by Ada.Byron',
      status_id: 1,
      status: 'Success',
      actor: { user },
      user: { ...user, account: { name: 'ada', type: 'Linux Account', type_id: 9 } },
      src_endpoint: {
        ip: '198.51.100.7',
        uid: 'c1',
        hostname: 'absalom',
        os: { name: 'macOS 14', type: 'macOS', type_id: 300 },
        owner: { name: 'Ada.Byron', type: 'Unknown', type_id: 0 },
      },
      dst_endpoint: {
        ip: '10.0.0.1',
        uid: 's1',
        hostname: 'web-1.example',
        os: { name: 'Ubuntu 24.04', type: 'Linux', type_id: 200 },
        type: 'Server',
        type_id: 1,
      },
      service: { name: 'Advanced Server Access' },
      is_remote: true,
      logon_type_id: 3,
      logon_type: 'Network',
      unmapped: { rotation_id: '900719925474099312345' },
    });
    expect(metadata).toMatchObject({ version: '1.3.0', tenant_uid: 'acme', correlation_uid: 't1' });
    expect(raw_data).toContain('900719925474099312345');
    expect(observables).toEqual([
      { name: 'actor.user.uid', type: 'User UID', type_id: 99, value: 'u1' },
      { name: 'actor.user.name', type: 'User Name', type_id: 4, value: 'Ada.Byron' },
      { name: 'user.uid', type: 'User UID', type_id: 99, value: 'u1' },
      { name: 'user.name', type: 'User Name', type_id: 4, value: 'Ada.Byron' },
      { name: 'user.account.name', type: 'User Name', type_id: 4, value: 'ada' },
      { name: 'src_endpoint.ip', type: 'IP Address', type_id: 2, value: '198.51.100.7' },
      { name: 'src_endpoint.uid', type: 'Resource UID', type_id: 10, value: 'c1' },
      { name: 'src_endpoint.hostname', type: 'Hostname', type_id: 1, value: 'absalom' },
      { name: 'src_endpoint.owner.name', type: 'User Name', type_id: 4, value: 'Ada.Byron' },
      { name: 'dst_endpoint.ip', type: 'IP Address', type_id: 2, value: '10.0.0.1' },
      { name: 'dst_endpoint.uid', type: 'Resource UID', type_id: 10, value: 's1' },
      { name: 'dst_endpoint.hostname', type: 'Hostname', type_id: 1, value: 'web-1.example' },
    ]);
  });

  it('derives no activity from a state of a user', () => {
    for (const user_status of ['ACTIVE', 'DISABLED', 'DELETED', null]) {
      const record = mapped(typed('asa', 'user.update', { user_status }), 'asa');
      expect(record).toMatchObject({ type_uid: 300199, activity_name: 'Update', status_id: 1 });
      if (user_status !== null) expect(record.unmapped).toMatchObject({ user_status });
    }
  });

  it.each([
    ['user.delete', 300106],
    ['user.remove', 300106],
    ['user.suspend', 300199],
    ['service_user.create', 300101],
    ['service_user.delete', 300106],
    ['service_user.disable', 300105],
    ['service_user.key.rotate', 300199],
    ['service_user.key.create', 300199],
  ])('takes %s for a change of the account that it names', (type, typeUid) => {
    for (const member of ['target_user', 'user', 'service_user']) {
      const record = mapped(typed('asa', type, { actor: 'a1', [member]: 'u1' }), 'asa');
      expect(problemsOf(record)).toEqual([]);
      expect(record).toMatchObject({ type_uid: typeUid, user: { uid: 'u1' }, actor: { user: { uid: 'a1' } } });
    }
  });

  it('has the account on the server as the user of a login that names nobody else', () => {
    const login = { ...typed('asa', 'server.ssh_login', { unix_user_name: 'ada' }), actor: '', user: '' };
    const record = mapped(login, 'asa');
    expect(problemsOf(record)).toEqual([]);
    expect(record.user).toMatchObject({ name: 'ada', account: { name: 'ada' } });
  });

  it('has observables of hosts and people that no attribute of the class has', () => {
    const members = { account_name: 'root', hostname: 'web-1', server: 's1', approver: 'u2', client_ip: 'nowhere' };
    const record = mapped(typed('asa', 'service_account.password_rotation', members), 'asa');
    expect(problemsOf(record)).toEqual([]);
    const of = record.observables as { name: string; type_id: number; value: string }[];
    expect(of.map(({ name, type_id, value }) => [name, type_id, value])).toEqual([
      ['actor.user.name', 4, 'ann'],
      ['user.name', 4, 'root'],
      ['unmapped.hostname', 1, 'web-1'],
      ['unmapped.server', 10, 's1'],
      ['unmapped.approver', 99, 'u2'],
    ]);
  });

  it('has a bounded number of observables', () => {
    const added = Array.from({ length: 100_000 }, (_, at) => `u${at}`);
    const record = mapped(typed('asa', 'group.bulk_membership_change', { added }), 'asa');
    expect(problemsOf(record)).toEqual([]);
    expect(record.observables).toHaveLength(1_000);
    expect(record.unmapped.added).toEqual(added);
  });

  it('takes addresses with ports apart', () => {
    const server = 'web (project: p, canonical name: w, access address: 10.0.0.7:22, OS: Ubuntu, OS type: linux)';
    const gateway = 'gw (access_address: [2001:db8::1]:7234, default_address: )';
    const members = { from_address: '198.51.100.7:51234', server: 's1', gateway: 'g1' };
    const of = { ...typed('asa', 'server.ssh_login', members), server, gateway };
    const record = mapped(of, 'asa');
    expect(problemsOf(record)).toEqual([]);
    expect(record).toMatchObject({
      src_endpoint: { ip: '198.51.100.7', port: 51_234 },
      dst_endpoint: { ip: '10.0.0.7', port: 22, proxy_endpoint: { ip: '2001:db8::1', port: 7_234 } },
    });
    // A device has no port.
    const device = mapped({ ...typed('asa', 'server.create', members), server }, 'asa');
    expect(problemsOf(device)).toEqual([]);
    expect(device.entity).toMatchObject({ device: { ip: '10.0.0.7' } });
  });

  it.each([
    ['allow', 1, 'Success'],
    ['deny', 2, 'Failure'],
    ['step-up', 99, 'step-up'],
  ])('derives the status from the decision %s of a policy', (decision, id, name) => {
    const record = mapped(typed('asa', 'security_policy.evaluate', { decision }), 'asa');
    expect(record).toMatchObject({ status_id: id, status: name });
  });

  it.each<[string, ClassName, number]>([
    ['vault.create', 'entityManagement', 1],
    ['thing.sub_thing.remove', 'entityManagement', 4],
    ['cloud_account.assign', 'entityManagement', 3],
    ['secret.reveal', 'entityManagement', 2],
    ['k8s.ssh_login', 'authentication', 1],
    ['resource.whatever', 'entityManagement', 99],
  ])('classifies %s by its ending', (type, name, activity) => {
    const { record, known } = ocsf.record(typed('asa', type), 'asa');
    expect({ known, class: record.class_uid, activity: record.activity_id, problems: problemsOf(record) }).toEqual({
      known: true,
      class: classes[name].uid,
      activity,
      problems: [],
    });
  });

  it("has the columns' descriptions of ids that no attribute has", () => {
    const of = event(1, { rawEvent: '{"type":"user.create","project":"p"}', type: 'user.create', project: 'prod' });
    expect(mapped(of, 'asa').unmapped).toMatchObject({ project: 'p', names: { project: 'prod' } });
  });

  it('keeps all of several users', () => {
    const members = { group_id: 'g', target_user: ['u1', 'u2'] };
    const record = mapped(typed('asa', 'group.add_user', members), 'asa');
    expect(record.user.uid).toBe('u1');
    expect(record.unmapped.target_user).toEqual(['u1', 'u2']);
  });
});

describe('OCSF of Descope', () => {
  it('recognises failure by action, level and message', () => {
    const members = { type: 'warn', userId: 'U1', data: { error_message: 'bad code', n: 1 }, method: 'saml' };
    expect(mapped(typed('descope', 'LoginFailed', members), 'descope')).toMatchObject({
      status_id: 2,
      status_detail: 'bad code',
      severity_id: 2,
      auth_protocol_id: 5,
      auth_protocol: 'SAML',
      user: { uid: 'U1' },
      unmapped: { data: { n: 1 } },
    });
  });

  it('separates the actor from the user', () => {
    const members = { userId: 'U1', actorId: 'K2', externalIds: ['ada@example.com'], tenants: ['T1'] };
    const record = mapped(typed('descope', 'UserCreated', members), 'descope');
    expect(record.actor).toEqual({ user: { uid: 'K2', name: 'K2', type: 'Unknown', type_id: 0 } });
    expect(record.user).toMatchObject({ uid: 'U1', email_addr: 'ada@example.com', org: { uid: 'T1' } });
  });

  it('has the e-mail address among several login ids', () => {
    const record = mapped(
      typed('descope', 'LoginSucceed', { userId: 'U1', externalIds: ['ada', 'a@example.com'] }),
      'descope',
    );
    expect(record.user).toMatchObject({ uid: 'U1', name: 'ada', email_addr: 'a@example.com' });
  });

  it('takes too many attempts for a failed login, not for a locked account', () => {
    const record = mapped(typed('descope', 'LoginExceedMaxAttempts', { userId: 'U1' }), 'descope');
    expect(record).toMatchObject({ type_uid: 300201, status_id: 2 });
  });

  it('has an invalid address in unmapped', () => {
    const record = mapped(typed('descope', 'LoginSucceed', { remoteAddress: '10.0.0', geo: 'DE' }), 'descope');
    expect(record.src_endpoint).toBeUndefined();
    expect(record.unmapped).toMatchObject({ remoteAddress: '10.0.0', geo: 'DE' });
  });
});

describe('OCSF of Skyflow', () => {
  const content = { records: [{ fields: { ssn: 'sensitive-1' } }] };
  const raw = {
    context: { changeID: 'c', actor: 'u1', actorType: 'USER', ipAddress: '2001:db8::1' },
    request: {
      data: { content, size: 1 },
      apiName: 'RecordService.GetRecord',
      vaultID: 'v1',
      timestamp: '2026-11-23 10:00:00.25',
      httpInfo: { URI: '/v1/vaults/v1/persons?column_values=sensitive-2#sensitive-3', method: 'PATCH' },
    },
    response: { code: 403, message: 'Forbidden', data: { content: 'sensitive-4' } },
    resourceIDs: ['VAULT/v1', 'RECORD/r1'],
  };
  const of = (value: unknown) => event(1, { type: 'RecordService.GetRecord', rawEvent: JSON.stringify(value) });

  it('omits content even if the collector keeps it', () => {
    const record = mapped(of(raw), 'skyflow');
    expect(problemsOf(record)).toEqual([]);
    expect(JSON.stringify(record)).not.toContain('sensitive');
    expect(JSON.parse(record.raw_data)).toEqual({
      ...raw,
      request: {
        ...raw.request,
        data: { content: '[left out by Trawl]', size: 1 },
        httpInfo: { URI: '/v1/vaults/v1/persons?[left out]', method: 'PATCH' },
      },
      response: { ...raw.response, data: { content: '[left out by Trawl]' } },
    });
  });

  it('omits content in places where the contract has none', () => {
    const odd = '{"request":{"data":"sensitive"},"request":{"d\\u0061ta":["sensitive"]},"response":["sensitive"]}';
    expect(JSON.stringify(mapped(event(1, { rawEvent: odd, type: 'x' }), 'skyflow'))).not.toContain('sensitive');
    const broken = event(1, { rawEvent: '{"request":{"data":{"content":"sensitive', type: 'x' });
    expect(JSON.stringify(mapped(broken, 'skyflow'))).not.toContain('sensitive');
  });

  it.each([
    ['ada@example.com', { name: 'ada@example.com', email_addr: 'ada@example.com' }],
    ['u3c0ffee', { name: 'u3c0ffee' }],
  ])('names the actor %s, who has no other name', (actor, expected) => {
    const { user } = mapped(of({ ...raw, context: { actor, actorType: 'USER' } }), 'skyflow').actor as { user: Json };
    expect(user).toEqual({ uid: actor, ...expected, type: 'User', type_id: 1 });
  });

  it('is an activity on a table of the vault', () => {
    expect(mapped(of(raw), 'skyflow')).toMatchObject({
      class_uid: 6005,
      activity_name: 'Read',
      type_id: 3,
      database: { uid: 'v1', type_id: 99 },
      table: { name: 'persons' },
      src_endpoint: { ip: '2001:db8::1' },
      status_id: 2,
      status_code: '403',
      status_detail: 'Forbidden',
      severity_id: 2,
      unmapped: { request: { data: { size: 1 }, httpInfo: { method: 'PATCH' } } },
    });
  });

  it.each([
    ['LIST', 'TOKEN', 600508],
    ['DELETE', 'USER', 300106],
    ['UNASSIGN', 'POLICY', 300502],
    ['ROTATE', 'KEY', 300403],
    ['READ', 'WORKSPACE', 300402],
  ])('classifies an unknown API by %s and %s', (actionType, resourceType, typeUid) => {
    const request = { apiName: 'New.Api', actionType, resourceType };
    const { record, known } = ocsf.record(
      event(1, { type: 'New.Api', rawEvent: JSON.stringify({ request }) }),
      'skyflow',
    );
    expect({ known, type: record.type_uid, problems: problemsOf(record) }).toEqual({
      known: true,
      type: typeUid,
      problems: [],
    });
  });
});

describe('OCSF', () => {
  it('of a source without tables is API Activity', () => {
    const { record, known } = ocsf.record(event(1), 'newsource');
    expect({ known, problems: problemsOf(record) }).toEqual({ known: false, problems: [] });
    expect(record).toMatchObject({ class_uid: 6003, metadata: { product: { name: 'newsource' } } });
  });

  it('follows the layout of Security Lake, one file for each class, by time', async () => {
    const place = { region: 'eu-central-1', accountId: '123456789012' };
    const settings = { schema: 'ocsf', batchEvents: 10_000, batchBytes: 16_777_216, waitMinutes: 0 };
    const form = { format: 'parquet', compression: 'none', layout: 'security-lake' } as const;
    expect(fileSettingProblems({ ...settings, ...form, ...place })).toEqual([]);
    const day = (of: StoredEvent, text: string) => ({ ...of, timestamp: `2026-11-${text}` });
    const types = ['auth_token.issue', 'quite.unheard_of', 'user.create', 'auth_token.issue'];
    const times = ['21T00:00:00Z', '20T00:00:00Z', '20T23:59:59.25Z', '20T12:00:00Z'];
    const events = types.map((type, at) => day({ ...typed('asa', type), seq: at + 1, id: `id-${at + 1}` }, times[at]!));
    const late = day({ ...typed('asa', 'auth_token.issue'), seq: 5, id: 'id-5' }, '20T01:00:00Z');
    const batch = batchOf([...events, late], { form: batchForm(settings, form) });
    const files: (ObjectFile & { unmapped: number })[] = [];
    for await (const file of objectFiles(batch, place)) files.push(file);
    const nameOf = (uid: number, eventDay: string) =>
      `ext/trawl-asa-${uid}/1.0/region=eu-central-1/accountId=123456789012/eventDay=${eventDay}/${batch.name}.parquet`;
    expect(files.map(({ name, events: count, unmapped }) => [name, count, unmapped])).toEqual([
      [nameOf(3001, '20261120'), 1, 0],
      [nameOf(6003, '20261120'), 1, 1],
      [nameOf(3002, '20261120'), 2, 0],
      [nameOf(3002, '20261121'), 1, 0],
    ]);
    const logons = await rowsIn(files.find(({ name }) => name === nameOf(3002, '20261120'))!.bytes);
    expect(logons.map(({ metadata }) => (metadata as Json).uid)).toEqual(['id-5', 'id-4']);
    expect(logons[0]).toHaveProperty('auth_protocol');
    expect(logons[0]).not.toHaveProperty('entity');
  });

  it.each(sources)(
    'of %s has a column for each attribute, in Parquet of all classes and of its own',
    async (source) => {
      const records = demoEvents[source]!(200).map((of) => ({ event: of, record: mapped(of, source), json: '' }));
      const options = { schema: 'ocsf', compression: 'none' } as const;
      const rows = await rowsIn((await parquet.encode(records, options)).bytes);
      expect(rows.map(withoutNulls)).toEqual(records.map(({ record }) => record));
      for (const [className, { uid }] of Object.entries(classes)) {
        const own = records.filter(({ record }) => record.class_uid === uid);
        const ofClass = await rowsIn((await parquet.encode(own, { ...options, className })).bytes);
        expect(ofClass.map(withoutNulls)).toEqual(own.map(({ record }) => record));
      }
    },
  );

  it.each(Object.keys(classes) as ClassName[])(
    'has columns for %s that are attributes of the published schema',
    (name) => {
      for (const [path, type] of pathsOf(attributesOf(name)))
        expect([path, typeOf(classes[name].uid, path)]).toEqual([path, type]);
    },
  );
});
