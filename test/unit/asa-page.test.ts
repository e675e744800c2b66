import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { processAuditEvent } from '../../src/sources/asa/enrich.js';
import { parseAsaPage } from '../../src/sources/asa/page.js';

const parse = (text: string) => parseAsaPage(Buffer.from(text));
const page = (list: string, related = '{}') => parse(`{"list":[${list}],"related_objects":${related}}`);
const event = (details: string, more = '') =>
  `{"id":"a","timestamp":"2026-01-01T00:00:00Z","details":${details}${more}}`;

describe('an ASA page', () => {
  it("returns raw events in the source's own bytes", () => {
    const details =
      '{ "type":"x", "n":12345678901234567890.10,\n"e":"\\u003c\\ud800", "__proto__":{"a":1}, "a":1, "a":2 }';
    const [one] = page(event(details)).events;
    expect(one).toMatchObject({ id: 'a', timestamp: '2026-01-01T00:00:00Z', rawEvent: details, extra: null });
  });

  it('keeps members outside the envelope', () => {
    expect(page(event('{}', ',"region":"eu","n":1.50')).events[0]!.extra).toBe('{"region":"eu","n":1.50}');
  });

  it.each([
    ['not an object', '7'],
    ['null', 'null'],
    ['no id', '{"timestamp":"2026-01-01T00:00:00Z","details":{}}'],
    ['an empty id', '{"id":"","timestamp":"2026-01-01T00:00:00Z","details":{}}'],
    ['an id that is a number', '{"id":1,"timestamp":"2026-01-01T00:00:00Z","details":{}}'],
    ['an invalid time', '{"id":"a","timestamp":"yesterday","details":{}}'],
    ['no details', '{"id":"a","timestamp":"2026-01-01T00:00:00Z"}'],
    ['details that are a list', '{"id":"a","timestamp":"2026-01-01T00:00:00Z","details":[]}'],
  ])('rejects an event with %s, and keeps it unchanged', (_, raw) => {
    const { events, rejected } = page(`${event('{}')},${raw},${event('{}')}`);
    expect(events).toHaveLength(2);
    expect(rejected).toEqual([
      { kind: 'event', raw, reason: expect.stringMatching(/./), ...(raw.includes('"id":"a"') ? { id: 'a' } : {}) },
    ]);
  });

  it.each([
    ['HTML', '<html>secret</html>'],
    ['nothing', ''],
    ['cut off', '{"list":[{"id":"secret'],
    ['no list', '{}'],
    ['an error', '{"code":"x"}'],
    ['an invalid list', '{"list":{}}'],
  ])('is refused: %s; the error carries the answer but does not quote it', (_, body) => {
    try {
      parse(body);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: 'ANSWER_UNREADABLE', answer: body });
      expect(`${(error as Error).message} ${String((error as Error).cause)}`).not.toContain('secret');
    }
  });

  it('may have null as its list', () => {
    expect(parse('{"list":null,"related_objects":null}')).toMatchObject({ events: [], listMissing: true });
  });

  it('with bytes that are not UTF-8 rejects only the events that contain them', () => {
    const body = Buffer.concat([
      Buffer.from(`{"list":[${event('{}')},${event('{"x":"')}`.slice(0, -1)),
      Buffer.from([0xff]),
      Buffer.from('"}}]}'),
    ]);
    const { events, rejected } = parseAsaPage(body);
    expect([events.length, rejected.length]).toEqual([1, 1]);
  });

  it('ignores related objects that do not fit', () => {
    const { relatedObjects, lookup } = page(
      '',
      '{"a":{"type":"user","object":{"name":"x"}},"b":null,"c":{"object":[]},"d":7,"__proto__":{"type":"user","object":{"name":"p"}}}',
    );
    expect(relatedObjects).toContainEqual({ id: 'a', type: 'user', object: '{"name":"x"}' });
    expect(relatedObjects.map(({ id }) => id)).not.toContain('b');
    expect(lookup('a')).toEqual({ name: 'x' });
    expect(lookup('constructor')).toBeUndefined();
    expect(page('', '[]').relatedObjects).toEqual([]);
  });

  it('has a digest of its ids and raw events', () => {
    const digest = (details: string) => page(event(details)).digest;
    expect(digest('{"a":1}')).toBe(digest('{"a":1}'));
    expect(digest('{"a":1}')).not.toBe(digest('{"a":2}'));
  });
});

describe('enrichment', () => {
  const objects: Record<string, Record<string, unknown>> = {
    u: { name: 'linux.test', status: 'DELETED', user_type: '' },
    u2: { name: 'Jason.Compson.IV', status: 'ACTIVE', usertype: 'human' },
    c: { user_name: 'Jason', hostname: 'Absalom', os: 'macOS 10.14.6', state: 'ACTIVE' },
    g: { name: 'gw', access_address: '192.0.2.1', default_address: null },
    grp: { name: 'admins' },
    prj: { name: 'Gateways' },
    s: {
      hostname: 'ubuntu-ad-gateway',
      project_name: 'Gateways',
      canonical_name: 'ubuntu-ad-gateway',
      access_address: '',
      os: 'Ubuntu 20.04',
      os_type: 'linux',
    },
  };
  const columns = (details: object) => {
    const [parsed] = page(event(JSON.stringify(details))).events;
    return processAuditEvent(parsed!, (id) => (Object.hasOwn(objects, id) ? objects[id] : undefined));
  };

  it("returns the article's strings", () => {
    expect(
      columns({
        type: 't',
        actor: 'u',
        client: 'c',
        gateway: 'g',
        group_id: 'grp',
        project: 'prj',
        server: 's',
        hostname: 'h',
        from_address: 'f',
      }),
    ).toEqual({
      type: 't',
      actor: 'linux.test (status: DELETED , usertype: )',
      user: '',
      client: 'Jason (hostname: Absalom, OS: macOS 10.14.6, state: ACTIVE)',
      gateway: 'gw (access_address: 192.0.2.1, default_address: )',
      group: 'admins',
      project: 'Gateways',
      server:
        'ubuntu-ad-gateway (project: Gateways, canonical name: ubuntu-ad-gateway, access address: , OS: Ubuntu 20.04, OS type: linux)',
      hostname: 'h',
      fromAddr: 'f',
    });
  });

  it('uses the first member that is not empty, and omits unknown ones', () => {
    expect(columns({ target_user: 'u2', user: 'u' }).user).toBe('Jason.Compson.IV (status: ACTIVE , usertype: human)');
    expect(columns({ target_user: '', user: 'u' }).user).toBe('linux.test (status: DELETED , usertype: )');
    expect(columns({ target_user: null, user: 'u' }).user).toContain('linux.test');
    expect(columns({ group_id: '', group: 'grp' }).group).toBe('admins');
    expect(columns({ actor: 'nobody', server: 7, group: { a: 1 } })).toMatchObject({
      actor: '',
      server: '',
      group: '',
    });
    expect(columns({ actor: ['u', 'nobody', 'u2'] }).actor).toBe(
      'linux.test (status: DELETED , usertype: ), Jason.Compson.IV (status: ACTIVE , usertype: human)',
    );
  });

  it('accepts any details', () => {
    const names = fc.constantFrom(
      'actor',
      'user',
      'target_user',
      'client',
      'server',
      'gateway',
      'group_id',
      'type',
      'hostname',
      'from_address',
    );
    fc.assert(
      fc.property(fc.dictionary(names, fc.jsonValue()), (details) => {
        const parsed = page(event(JSON.stringify(details))).events[0]!;
        for (const value of Object.values(processAuditEvent(parsed, () => details)))
          expect(typeof value).toBe('string');
        processAuditEvent(parsed, (id) => {
          expect(typeof id).toBe('string');
          return undefined;
        });
      }),
    );
  });
});
