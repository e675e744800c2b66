import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  getClient,
  getGateway,
  getGroup,
  getProject,
  getServer,
  getUser,
  processAuditEvent,
} from '../../src/sources/asa/enrich.js';
import type { SourceEvent } from '../../src/sources/source.js';

type Members = Record<string, unknown>;

const event = (details: Members): SourceEvent => ({
  id: '1',
  timestamp: '2020-11-18T18:05:08Z',
  timeNs: 1_605_722_708_000_000_000n,
  rawEvent: JSON.stringify(details),
  extra: null,
  details,
});

const related: Record<string, Members> = {
  u1: { name: 'Jason', status: 'ACTIVE', user_type: 'human' },
  u2: { name: 'Quentin', status: 'DISABLED', user_type: 'service' },
  c1: { user_name: 'Jason', hostname: 'Absalom', os: 'macOS 10.14.6', state: 'ACTIVE' },
  w1: { name: 'gw', access_address: '10.0.0.1', default_address: '10.0.0.2' },
  g1: { name: 'admins' },
  g2: { name: 'users' },
  p1: { name: 'Gateways' },
  p2: { name: 'Web' },
  s1: { hostname: 'h', project_name: 'Web', canonical_name: 'c', access_address: 'a', os: 'Ubuntu', os_type: 'linux' },
};
const lookup = (id: string) => (Object.hasOwn(related, id) ? related[id] : undefined);
const columns = (details: Members) => processAuditEvent(event(details), lookup);

const jason = 'Jason (status: ACTIVE , usertype: human)';
const quentin = 'Quentin (status: DISABLED , usertype: service)';

describe("the article's strings", () => {
  it('S37 Get User: its own example', () => {
    expect(getUser({ name: 'linux.test', status: 'DELETED', user_type: null })).toBe(
      'linux.test (status: DELETED , usertype: )',
    );
  });

  it('S36 Get Server: its own example', () => {
    const server = {
      hostname: 'ubuntu-ad-gateway',
      project_name: 'Gateways',
      canonical_name: 'ubuntu-ad-gateway',
      access_address: null,
      os: 'Ubuntu 20.04',
      os_type: 'linux',
    };
    expect(getServer(server)).toBe(
      'ubuntu-ad-gateway (project: Gateways, canonical name: ubuntu-ad-gateway, access address: , OS: Ubuntu 20.04, OS type: linux)',
    );
  });

  it('S32 Get Client', () => {
    expect(getClient(related.c1!)).toBe('Jason (hostname: Absalom, OS: macOS 10.14.6, state: ACTIVE)');
  });

  it('S33 Get Gateway', () => {
    expect(getGateway(related.w1!)).toBe('gw (access_address: 10.0.0.1, default_address: 10.0.0.2)');
  });

  it('S34 Get Group and S35 Get Project', () => {
    expect(getGroup({ name: 'admins', id: 'x' })).toBe('admins');
    expect(getProject({ name: 'Gateways', id: 'x' })).toBe('Gateways');
  });

  it('S37 Get User', () => {
    expect(getUser(related.u1!)).toBe(jason);
  });

  it.each([
    [getClient, ' (hostname: , OS: , state: )'],
    [getGateway, ' (access_address: , default_address: )'],
    [getGroup, ''],
    [getProject, ''],
    [getServer, ' (project: , canonical name: , access address: , OS: , OS type: )'],
    [getUser, ' (status: , usertype: )'.replace('status: ,', 'status:  ,')],
  ])('%o prints absent, null and empty members as nothing', (describeObject, expected) => {
    const names = ['name', 'user_name', 'hostname', 'os', 'os_type', 'state', 'status', 'user_type', 'project_name'];
    const all = [...names, 'canonical_name', 'access_address', 'default_address'];
    expect(describeObject({})).toBe(expected);
    expect(describeObject(Object.fromEntries(all.map((name) => [name, null])))).toBe(expected);
    expect(describeObject(Object.fromEntries(all.map((name) => [name, ''])))).toBe(expected);
  });

  it('print a number in its own digits', () => {
    expect(getGroup({ name: 7 })).toBe('7');
    expect(getUser({ name: 0, status: 1, user_type: 2 })).toBe('0 (status: 1 , usertype: 2)');
  });

  it("fall back on the pack's own names of members", () => {
    expect(getUser({ name: 'n', status: 's', usertype: 'human' })).toBe('n (status: s , usertype: human)');
    expect(getUser({ name: 'n', status: 's', user_type: null, usertype: 'human' })).toBe(
      'n (status: s , usertype: human)',
    );
    expect(getClient({ username: 'u', hostname: 'h', os: 'o', state: 's' })).toBe('u (hostname: h, OS: o, state: s)');
  });

  it("fall back on the pack's names if the API's own member is empty or absent", () => {
    expect(getUser({ name: 'n', status: 's', user_type: '', usertype: 'human' })).toBe(
      'n (status: s , usertype: human)',
    );
    expect(getClient({ user_name: '', username: 'u' })).toBe('u (hostname: , OS: , state: )');
  });

  it("prefer the API's own names", () => {
    expect(getUser({ name: 'n', status: 's', user_type: 'human', usertype: 'old' })).toContain('usertype: human)');
    expect(getClient({ user_name: 'new', username: 'old' })).toMatch(/^new /);
  });
});

describe('S30 Process Audit Event', () => {
  it('fills every column', () => {
    expect(
      columns({
        type: 'server.ssh_login',
        actor: 'u1',
        target_user: 'u2',
        client: 'c1',
        gateway: 'w1',
        group_id: 'g1',
        project_id: 'p1',
        server: 's1',
        hostname: 'host',
        from_address: '192.0.2.1',
      }),
    ).toEqual({
      type: 'server.ssh_login',
      actor: jason,
      user: quentin,
      client: getClient(related.c1!),
      gateway: getGateway(related.w1!),
      group: 'admins',
      project: 'Gateways',
      server: getServer(related.s1!),
      hostname: 'host',
      fromAddr: '192.0.2.1',
    });
  });

  it('leaves every column empty if the details are empty', () => {
    expect(new Set(Object.values(columns({})))).toEqual(new Set(['']));
  });

  it.each([
    ['user', { target_user: 'u2', user: 'u1' }, quentin],
    ['user', { target_user: '', user: 'u1' }, jason],
    ['user', { target_user: null, user: 'u1' }, jason],
    ['user', { user: 'u1' }, jason],
    ['group', { group_id: 'g1', group: 'g2' }, 'admins'],
    ['group', { group_id: '', group: 'g2' }, 'users'],
    ['project', { project_id: 'p1', project: 'p2' }, 'Gateways'],
    ['project', { project_id: null, project: 'p2' }, 'Web'],
  ] as const)('takes %s from %o', (column, details, expected) => {
    expect(columns({ ...details })[column]).toBe(expected);
  });

  it('keeps actor and target user apart', () => {
    expect(columns({ actor: 'u1', user: 'u2' })).toMatchObject({ actor: jason, user: quentin });
  });

  it('leaves a column empty if its id has no related object', () => {
    expect(columns({ actor: 'unknown', server: 'nowhere', gateway: 'gone' })).toMatchObject({
      actor: '',
      server: '',
      gateway: '',
    });
  });

  it.each([7, true, {}, { id: 'u1' }, [], [null], [7], null, ''])('leaves a column empty for the id %o', (actor) => {
    expect(columns({ actor }).actor).toBe('');
  });

  it('describes each known id of an array', () => {
    expect(columns({ actor: ['u1', 'unknown', 7, 'u2'] }).actor).toBe(`${jason}, ${quentin}`);
  });

  it('reads no member from a prototype', () => {
    const details = Object.create({ actor: 'u1' }) as Members;
    expect(columns({ actor: 'constructor', user: '__proto__' })).toMatchObject({ actor: '', user: '' });
    expect(Object.keys(details)).toEqual([]);
  });

  it('returns texts for any details and any related objects', () => {
    const members = ['type', 'actor', 'user', 'target_user', 'client', 'gateway', 'group', 'group_id'];
    const all = [...members, 'project', 'project_id', 'server', 'hostname', 'from_address', '__proto__'];
    const awkward = fc.oneof(fc.constantFrom('a', 'b', '__proto__', ''), fc.jsonValue({ maxDepth: 2 }));
    const details = fc.dictionary(fc.constantFrom(...all), awkward);
    const inside = ['name', 'user_name', 'user_type', 'hostname', 'os', 'status', 'access_address', 'state'];
    const object = fc.dictionary(fc.constantFrom(...inside), fc.jsonValue({ maxDepth: 2 }));
    fc.assert(
      fc.property(details, object, object, (given, a, b) => {
        const found = processAuditEvent(event(given as Members), (id) => (id === 'a' ? a : id === 'b' ? b : undefined));
        expect(Object.keys(found).sort()).toEqual(
          ['actor', 'client', 'fromAddr', 'gateway', 'group', 'hostname', 'project', 'server', 'type', 'user'].sort(),
        );
        for (const text of Object.values(found)) expect(typeof text).toBe('string');
      }),
      { numRuns: 500 },
    );
  });
});
