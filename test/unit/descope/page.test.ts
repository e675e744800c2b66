import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDescopePage } from '../../../src/sources/descope/page.js';
import { UnreadableAnswer } from '../../../src/sources/unreadable.js';

const parse = (text: string) => parseDescopePage(Buffer.from(text));
const page = (...audits: string[]) => parse(`{"audits":[${audits.join(',')}],"total":${audits.length}}`);

describe('a page', () => {
  it('returns events with their time in UTC and their own bytes', () => {
    const raw = '{"ID":"a", "occurred":"1763900000120","data":{"n":9007199254740993, "r":0.10,"s":"\\u00e9"}}';
    const { events, rejected, count } = page(raw);
    expect({ rejected, count }).toEqual({ rejected: [], count: 1 });
    expect(events[0]).toMatchObject({
      id: 'a',
      timestamp: '2025-11-23T12:13:20.120Z',
      timeNs: 1_763_900_000_120_000_000n,
      rawEvent: raw,
      extra: null,
    });
  });

  it.each([
    ['{"occurred":"abc"}', 'occurred'],
    ['{"occurred":""}', 'occurred'],
    ['{"occurred":" 1"}', 'occurred'],
    ['{"occurred":"1.5"}', 'occurred'],
    ['{"occurred":"-1"}', 'occurred'],
    ['{"occurred":"999999999999999"}', 'year 10000'],
    ['{"occurred":null}', 'occurred'],
    ['{}', 'occurred'],
    ['{"ID":7,"occurred":"1"}', 'ID'],
    ['null', 'event'],
    ['"text"', 'event'],
    ['[]', 'event'],
  ])('keeps %s as a reject with its reason', (raw, reason) => {
    const { events, rejected, count } = page(raw, '{"ID":"good","occurred":"5"}');
    expect(events.map(({ id }) => id)).toEqual(['good']);
    expect(rejected).toEqual([{ kind: 'event', raw, reason: expect.stringContaining(reason) }]);
    expect(count).toBe(2);
  });

  it.each([
    '{"audits":[],"total":0}',
    '{"audits":null,"total":0}',
    '{"total":0}',
    '{"total":"0"}',
    '{"audits":[],"total":99}',
    '{"audits":[]}',
  ])('is empty: %s', (text) => {
    expect(parse(text)).toMatchObject({ count: 0, events: [], timesMs: [], listMissing: false });
  });

  it.each(['', '{}', '[]', 'null', '{"audits":{}}', '{"audits":null}', '<html>', '{"audits":[', '{"errorCode":"E1"}'])(
    'is refused: %s',
    (text) => {
      expect(() => parse(text)).toThrow(UnreadableAnswer);
    },
  );

  it('is refused if the list is missing although there should be one', () => {
    expect(parse('{"audits":null,"total":3}').listMissing).toBe(true);
  });

  it('lists the times of its events in order', () => {
    const content = page(...[3, 1, 2, 2].map((time) => `{"ID":"${Math.random()}","occurred":"${time}"}`), 'null');
    expect(content.timesMs).toEqual([1, 2, 2, 3]);
    expect(content.rises).toBe(false);
  });

  it('that is not valid UTF-8 keeps the event concerned as a reject', () => {
    const body = Buffer.from('{"audits":[{"ID":"a","occurred":"1","x":"?"},{"ID":"b","occurred":"2"}],"total":2}');
    body[body.indexOf('?')] = 0xff;
    const { events, rejected } = parseDescopePage(body);
    expect(events.map(({ id }) => id)).toEqual(['b']);
    expect(rejected[0]!.reason).toBe('it is not valid UTF-8');
  });
});

describe('events without an ID', () => {
  it('get an id from their content: order of members, white space and an empty ID do not matter', () => {
    const ids = [
      '{"occurred":"1","action":"x","data":{"a":1,"b":[1,{"c":2,"d":3}]}}',
      '{"data": {"b":[1, {"d":3,"c":2}], "a":1}, "action":"x", "occurred":"1", "ID":""}',
      '{"ID":null,"action":"\\u0078","occurred":"1","data":{"a":1,"b":[1,{"c":2,"d":3}]}}',
    ].map((raw) => page(raw).events[0]!.id);
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it('differ in id if anything differs', () => {
    const raws = [
      '{"occurred":"1"}',
      '{"occurred":"2"}',
      '{"occurred":"1","a":1}',
      '{"occurred":"1","a":"1"}',
      '{"occurred":"1","a":[1,2]}',
      '{"occurred":"1","a":[2,1]}',
      '{"occurred":"1","__proto__":{"a":1}}',
      '{"occurred":"1","__proto__":{"a":2}}',
    ];
    expect(new Set(page(...raws).events.map(({ id }) => id)).size).toBe(raws.length);
  });

  it('that are equal in one page are all kept, and a re-read in any order gives the same ids', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 30 }), (kinds) => {
        const raws = kinds.map((kind) => `{"occurred":"1000","kind":${kind}}`);
        const ids = page(...raws).events.map(({ id }) => id);
        expect(new Set(ids).size).toBe(kinds.length);
        const again = page(...raws.toReversed()).events.map(({ id }) => id);
        expect(again.toSorted()).toEqual(ids.toSorted());
      }),
    );
  });

  it('may be nested at any depth', () => {
    const deep = `{"occurred":"1","x":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
    expect(page(deep).events[0]!.id).toMatch(/^sha256:/);
  });
});
