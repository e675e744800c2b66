import { describe, expect, it } from 'vitest';
import { parseSkyflowPage, readSkyflowPage } from '../../../src/sources/skyflow/page.js';
import { UnreadableAnswer } from '../../../src/sources/unreadable.js';

const parse = (text: string) => parseSkyflowPage(Buffer.from(text));
const page = (...events: string[]) => parse(`{"event":[${events.join(',')}],"nextOps":null}`);
const eventText = (id: string, more = '') =>
  `{"context":{"changeID":"${id}"},"request":{"timestamp":"2023-06-27 14:01:14.271659365"}${more}}`;

describe('a page', () => {
  it('returns events with their time as RFC 3339 and their own bytes', () => {
    const raw = eventText('a', ' ,"n":9007199254740993, "r":0.10,"s":"\\u00e9"');
    const { events, rejected } = page(raw);
    expect(rejected).toEqual([]);
    expect(events[0]).toMatchObject({
      id: 'a',
      timestamp: '2023-06-27T14:01:14.271659365Z',
      timeNs: 1_687_874_474_271_659_365n,
      rawEvent: raw,
      extra: null,
    });
  });

  it.each([
    ['{"context":{},"request":{"timestamp":"2023-06-27 14:01:14"}}', 'context.changeID'],
    ['{"context":{"changeID":""},"request":{"timestamp":"2023-06-27 14:01:14"}}', 'context.changeID'],
    ['{"context":{"changeID":"x"},"request":{"timestamp":"soon"}}', 'request.timestamp: is not a timestamp'],
    ['{"context":{"changeID":"x"},"request":null}', 'request'],
    ['{}', 'context'],
    ['null', 'event'],
    ['"text"', 'event'],
  ])('keeps %s as a reject with its reason', (raw, reason) => {
    const { events, rejected } = page(raw, eventText('good'));
    expect(events.map(({ id }) => id)).toEqual(['good']);
    const id = raw.includes('"changeID":"x"') ? { id: 'x' } : {};
    expect(rejected).toEqual([{ kind: 'event', raw, reason: expect.stringContaining(reason), ...id }]);
  });

  it.each([
    '{"event":[],"nextOps":null}',
    '{"event":null,"nextOps":{"timestamp":"t","changeID":"c"}}',
    '{"nextOps":null}',
    '{}',
    '\ufeff{"event":[]}',
    '{"event":[],"nextOps":{"timestamp":"t","changeID":""}}',
    '{"event":null,"nextOps":{"timestamp":"t"}}',
  ])('is empty: %s', (text) => {
    expect(parse(text)).toMatchObject({ events: [], rejected: [] });
  });

  it.each([
    ['null', null],
    ['{}', null],
    ['{"timestamp":"","changeID":""}', null],
    ['{"timestamp":null,"changeID":null}', null],
    ['{"timestamp":"t","changeID":"c","more":1}', { timestamp: 't', changeID: 'c' }],
  ])('with nextOps %s continues at %o', (nextOps, expected) => {
    expect(parse(`{"event":[${eventText('a')}],"nextOps":${nextOps}}`).nextOps).toEqual(expected);
  });

  it.each(['{"timestamp":"t"}', '{"changeID":"c"}', '{"timestamp":5,"changeID":"c"}', '"t"', '7'])(
    'with events and half a nextOps is refused: %s',
    (nextOps) => {
      expect(() => parse(`{"event":[${eventText('a')}],"nextOps":${nextOps}}`)).toThrow(/nextOps without/);
    },
  );

  it.each([
    '',
    '[]',
    'null',
    '{"event":{}}',
    '{"event":"x"}',
    '<html>sign in</html>',
    '{"event":[',
    '{"error":{}}',
    '{"message":"x"}',
  ])('is refused: %s', (text) => {
    expect(() => parse(text)).toThrow(UnreadableAnswer);
  });

  it.each([
    '{"event":[{"request":{"data":{"content":"sensitive',
    '{ "nextOps" : null, "event" :[ "sensitive" ',
    '{"requestData":"sensitive"}',
    '{"\\u0065vent":"sensitive',
    '["sensitive"]',
    'sensitive',
    '{"a":1,"content":"sensitive"}',
  ])('that is refused leaves no content behind: %s', (text) => {
    let error: unknown;
    try {
      parse(text);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(UnreadableAnswer);
    const { answer, message, stack } = error as UnreadableAnswer;
    expect(`${answer} ${message} ${stack}`).not.toContain('sensitive');
    expect(answer).toContain(`[status 200, ${text.length} characters`);
  });

  it('that is HTML is kept, since it shows who answered', () => {
    expect(() => parse('<html>Proxy of Acme</html>')).toThrow(
      expect.objectContaining({ answer: expect.stringContaining('Proxy of Acme') }),
    );
  });

  it('that is not valid UTF-8 keeps the event concerned as a reject', () => {
    const body = Buffer.from(`{"event":[${eventText('a', ',"x":"?"')},${eventText('b')}]}`);
    body[body.indexOf('?')] = 0xff;
    const { events, rejected } = parseSkyflowPage(body);
    expect(events.map(({ id }) => id)).toEqual(['b']);
    expect(rejected[0]!.reason).toBe('it is not valid UTF-8');
  });

  it('has the same digest for the same events, and another for others', () => {
    const digests = [page(eventText('a')), page(eventText('a')), page(eventText('b')), page()].map(
      ({ digest }) => digest,
    );
    expect(digests[0]).toBe(digests[1]);
    expect(new Set(digests).size).toBe(3);
  });
});

describe('a page that is read', () => {
  const body = Buffer.from(`{"event":[${eventText('a', ',"response":{"data":{"content":"sensitive"}}')}]}`);

  it('is staged without content, and has the same events as the staged body', () => {
    const read = readSkyflowPage(body, false);
    expect(Buffer.from(read.body).toString()).not.toContain('sensitive');
    expect(read.content.events[0]!.rawEvent).toContain('[left out by Trawl: set skyflowKeepContent=true to keep it]');
    expect(parseSkyflowPage(read.body)).toMatchObject({ digest: read.content.digest });
  });

  it('is staged unchanged if content is kept', () => {
    expect(readSkyflowPage(body, true).body).toBe(body);
  });
});
