import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reasonOf, sentence } from '../../src/errors.js';
import { parseAsaPage } from '../../src/sources/asa/page.js';
import { UnreadableAnswer } from '../../src/sources/unreadable.js';
import { objectText, spaces, valueText } from './support/json-text.js';

const bytes = (text: string) => Buffer.from(text, 'utf8');
const parse = (text: string) => parseAsaPage(bytes(text));

const time = '2020-11-18T18:05:08.277119888Z';
const eventText = (id: string, details = '{"type":"t"}', rest = '') =>
  `{"details":${details},"id":${JSON.stringify(id)},"timestamp":"${time}"${rest}}`;
const pageText = (events: readonly string[], related = '{}') =>
  `{"list":[${events.join(',')}],"related_objects":${related}}`;

function unreadable(body: string): UnreadableAnswer {
  try {
    parse(body);
  } catch (error) {
    expect(error).toBeInstanceOf(UnreadableAnswer);
    return error as UnreadableAnswer;
  }
  throw new Error('it was read');
}

describe('the bytes of an event', () => {
  it('are kept for any event, with any white space in the page', () => {
    fc.assert(
      fc.property(fc.array(objectText, { maxLength: 4 }), spaces, (all, [a = '', b = '', c = '']) => {
        const events = all.map(
          (details, index) => `{${a}"id"${b}:"${index}",${c}"details":${b}${details}${a},"timestamp" :"${time}"}`,
        );
        const page = parse(`${c}{"related_objects":{}${a},${b}"list"${c}:${a}[${events.join(`${a},${b}`)}]${c}}${b}`);
        expect(page.rejected).toEqual([]);
        expect(page.events.map((event) => event.rawEvent)).toEqual(all);
        expect(page.events.map((event) => event.id)).toEqual(all.map((_, index) => String(index)));
      }),
      { numRuns: 300 },
    );
  });

  it('are the last ones if a member occurs twice', () => {
    const event = `{"id":"first","id":"last","details":{"a":1},"details":{"b":2},"timestamp":"nonsense","timestamp":"${time}"}`;
    const page = parse(`{"list":[1,2],"list":[${event}],"related_objects":null}`);
    expect(page.rejected).toEqual([]);
    expect(page.events).toMatchObject([{ id: 'last', rawEvent: '{"b":2}', timestamp: time }]);
  });

  it('are kept in `extra` too', () => {
    const rest = ', "version":1.50, "n" : [12345678901234567890 ], "a\\"b":null,"__proto__":{"x":1}';
    const [event] = parse(pageText([eventText('1', '{}', rest)])).events;
    expect(event!.extra).toBe('{"version":1.50,"n":[12345678901234567890 ],"a\\"b":null,"__proto__":{"x":1}}');
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  it('are kept at 100,000 levels', () => {
    const details = `{"deep":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    const page = parse(pageText([eventText('1', details), eventText('2')]));
    expect(page.events[0]!.rawEvent === details).toBe(true);
    expect(page.events[1]!.rawEvent).toBe('{"type":"t"}');
  });

  it('may follow a byte-order mark', () => {
    expect(parse(`\ufeff${pageText([eventText('1')])}`).events).toMatchObject([{ id: '1', rawEvent: '{"type":"t"}' }]);
  });
});

describe('events that do not fit', () => {
  it('are kept unchanged with a reason, so that no element of any list is missing', () => {
    const item = fc.oneof(
      valueText,
      valueText.map((text) => eventText('x', text)),
    );
    fc.assert(
      fc.property(fc.array(item, { maxLength: 6 }), (all) => {
        const page = parse(pageText(all));
        expect(page.events.length + page.rejected.length).toBe(all.length);
        for (const { kind, raw, reason } of page.rejected) {
          expect(kind).toBe('event');
          expect(all).toContain(raw);
          expect(reason).not.toBe('');
        }
      }),
      { numRuns: 300 },
    );
  });

  it('name each member that is wrong', () => {
    const [reject] = parse(pageText(['{"id":7,"timestamp":"never"}'])).rejected;
    expect(reject!.reason).toMatch(/id.*timestamp.*details/s);
  });

  it.each(['null', '"text"', '7'])('are those whose details are %s', (details) => {
    expect(parse(pageText([eventText('1', details)]))).toMatchObject({
      events: [],
      rejected: [{ raw: eventText('1', details) }],
    });
  });
});

describe('bytes that are not UTF-8', () => {
  const broken = Buffer.concat([
    bytes(`{"id":"2","timestamp":"${time}","details":{"name":"x`),
    Buffer.from([0xff]),
    bytes('"}}'),
  ]);

  it('make a reject of only the event that holds them', () => {
    const body = Buffer.concat([
      bytes(`{"list":[${eventText('1', '{"name":"é漢😀"}')},`),
      broken,
      bytes(`,${eventText('3')}],"related_objects":{}}`),
    ]);
    const page = parseAsaPage(body);
    expect(page.events.map((event) => event.rawEvent)).toEqual(['{"name":"é漢😀"}', '{"type":"t"}']);
    expect(page.rejected).toEqual([
      { kind: 'event', reason: expect.stringContaining('UTF-8'), raw: expect.stringContaining('"id":"2"'), id: '2' },
    ]);
  });

  it('do not affect an event that really contains U+FFFD', () => {
    const body = Buffer.concat([bytes(`{"list":[${eventText('1', '{"name":"\ufffd"}')},`), broken, bytes(']}')]);
    expect(parseAsaPage(body).events.map((event) => event.id)).toEqual(['1']);
  });

  it('are found after a byte-order mark, too', () => {
    const body = Buffer.concat([bytes(`\ufeff{"list":[${eventText('1')},`), broken, bytes(']}')]);
    expect(parseAsaPage(body)).toMatchObject({ events: [{ id: '1' }], rejected: [{ kind: 'event' }] });
  });

  it('in the related objects do not affect any event', () => {
    const body = Buffer.concat([
      bytes(`{"list":[${eventText('1')}],"related_objects":{"a":{"type":"user","object":{"name":"`),
      Buffer.from([0xc3, 0x28]),
      bytes('"}}}}'),
    ]);
    expect(parseAsaPage(body)).toMatchObject({ events: [{ id: '1' }], rejected: [] });
  });
});

describe('related objects', () => {
  it.each([
    'null',
    '7',
    '"text"',
    '[]',
    '{}',
    '{"type":"user"}',
    '{"object":null}',
    '{"object":[]}',
    '{"object":"{}"}',
  ])('that do not fit are ignored: %s', (entry) => {
    const page = parse(pageText([eventText('1')], `{"bad":${entry},"good":{"type":"user","object":{"name":"n"}}}`));
    expect(page.events).toHaveLength(1);
    expect(page.rejected).toEqual([]);
    expect(page.relatedObjects).toEqual([{ id: 'good', type: 'user', object: '{"name":"n"}' }]);
    expect(page.lookup('bad')).toBeUndefined();
  });

  it.each(['null', '7', '"text"', '[]', '[{"type":"user","object":{}}]'])('are empty in %s', (all) => {
    expect(parse(pageText([eventText('1')], all))).toMatchObject({ events: [{ id: '1' }], relatedObjects: [] });
  });

  it('may be absent', () => {
    expect(parse(`{"list":[${eventText('1')}]}`)).toMatchObject({ events: [{ id: '1' }], relatedObjects: [] });
  });

  it('keep their bytes', () => {
    const { relatedObjects } = parse(pageText([], '{"a":{"type":7,"object":{ "n" : 1.50, "n":2.50 }}}'));
    expect(relatedObjects).toEqual([{ id: 'a', type: '', object: '{ "n" : 1.50, "n":2.50 }' }]);
  });

  it('never come from a prototype', () => {
    const page = parse(pageText([eventText('1')], '{}'));
    for (const id of ['__proto__', 'constructor', 'toString']) expect(page.lookup(id)).toBeUndefined();
  });

  it('may have any id', () => {
    const ids = ['__proto__', 'constructor', '', 'a"b', '7'];
    const entries = ids.map((id) => `${JSON.stringify(id)}:{"type":"user","object":{"name":${JSON.stringify(id)}}}`);
    const page = parse(pageText([], `{${entries.join(',')}}`));
    expect(page.relatedObjects.map(({ id }) => id)).toEqual(ids);
    for (const id of ids) expect(page.lookup(id)).toEqual({ name: id });
  });
});

describe('an answer that is not a page', () => {
  const secret = 'jason.compson@example.com';

  it.each([
    ['empty', '', /empty/],
    ['HTML', `<!doctype html><title>${secret}</title>`, /HTML/],
    ['HTML after white space', `\r\n <html>${secret}`, /HTML/],
    ['cut in the middle', pageText([eventText('1', `{"actor":"${secret}"}`)]).slice(0, -20), /cut off|not JSON/],
    ['cut in a text', `{"list":[{"id":"${secret}`, /cut off|not JSON/],
    ['followed by more', `${pageText([])} ${secret}`, /not JSON/],
    ['plain text', secret, /not JSON/],
    ['without a list', `{"error":"${secret}"}`, /list/],
    ['with an object for its list', `{"list":{"a":"${secret}"}}`, /list/],
    ['with a text for its list', `{"list":"${secret}"}`, /list/],
    ['an array', `["${secret}"]`, /list/],
    ['null', 'null', /list/],
    ['a number', '7', /list/],
  ])('is retried when it is %s, and no part of it is in the error except in `answer`', (_, body, message) => {
    const error = unreadable(body);
    expect(error).toMatchObject({ code: 'ANSWER_UNREADABLE', retry: true, answer: body });
    expect(error.message).toMatch(message);
    // The answer is audit data: it is kept, but neither message nor cause may bring it into a log or into Temporal.
    for (const words of [sentence(error), reasonOf(error), String(error), error.stack ?? '']) {
      expect(words).not.toContain('jason');
    }
    expect(inspect(error.cause, { depth: 9, showHidden: true })).not.toContain('jason');
  });

  it('is kept up to a bound', () => {
    const error = unreadable(`<html>${'x'.repeat(10_000_000)}`);
    expect(error.answer.length).toBeLessThanOrEqual(100_000);
    expect(error.answer.startsWith('<html>xxx')).toBe(true);
  });

  it('is any truncated page', () => {
    const body = bytes(pageText([eventText('1'), eventText('2')], '{"a":{"type":"user","object":{"name":"é"}}}'));
    for (let length = 0; length < body.length; length += 1) {
      expect(() => parseAsaPage(body.subarray(0, length))).toThrow(UnreadableAnswer);
    }
    expect(parseAsaPage(body).events).toHaveLength(2);
  });
});

describe('the digest of a page', () => {
  const digest = (events: readonly string[], related?: string) => parse(pageText(events, related)).digest;
  const two = [eventText('1', '{"a":1}'), eventText('2', '{"a":2}')];

  it('is a SHA-256 in hex, and does not depend on anything around the events', () => {
    const other = parse(`{ "related_objects":{"a":{"type":"user","object":{}}},\n"list" : [ ${two.join(' ,\n')} ] }`);
    expect(digest(two)).toMatch(/^[0-9a-f]{64}$/);
    expect(other.digest).toBe(digest(two));
  });

  it.each([
    ['one more event', [...two, eventText('3')]],
    ['one event less', two.slice(1)],
    ['another order', [...two].reverse()],
    ['another id', [eventText('1x', '{"a":1}'), two[1]!]],
    ['another value', [eventText('1', '{"a":3}'), two[1]!]],
    ['another notation of a value', [eventText('1', '{"a":1.0}'), two[1]!]],
    ['one more reject', [...two, '{"id":"3"}']],
    ['a reject in place of an event', [two[0]!, '{"id":"2"}']],
  ])('changes with %s', (_, events) => {
    expect(digest(events)).not.toBe(digest(two));
  });

  it('distinguishes two rejects from one with the same text', () => {
    const rejects = fc.array(fc.constantFrom('1', '11', '111'), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(rejects, rejects, (some, others) => {
        fc.pre(String(some) !== String(others));
        expect(digest(some)).not.toBe(digest(others));
      }),
      { numRuns: 300 },
    );
  });
});
