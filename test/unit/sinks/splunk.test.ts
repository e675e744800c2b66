import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConfirmedPart } from '../../../src/batch.js';
import type { StoredEvent } from '../../../src/domain.js';
import { TrawlError } from '../../../src/errors.js';
import type { HttpAnswer, HttpClient, HttpRequest } from '../../../src/http/client.js';
import { SplunkClient } from '../../../src/sinks/splunk/client.js';
import { splunk } from '../../../src/sinks/splunk/sink.js';
import {
  batchOf,
  event,
  expectRecord,
  hostileEvents,
  httpClient,
  json,
  open,
  receiver,
  refusal,
  type SeenRequest,
  settingsOf,
  text,
} from './support.js';

const success = json(200, { text: 'Success', code: 0 });
const token = 'marked-secret-0000';

const clientOf = (url: string, more: Record<string, string> = {}) => open(splunk, { URL: url, TOKEN: token, ...more });

/** A client that does not wait, and the waits that it skipped. */
function hasty(url: string, more: Record<string, string> = {}): { client: SplunkClient; waits: number[] } {
  const waits: number[] = [];
  const settings = settingsOf(splunk, { URL: url, TOKEN: token, ...more });
  const client = new SplunkClient(httpClient(), settings, async (ms) => void waits.push(ms));
  return { client, waits };
}

/** The members of each line, and the exact text of its event. */
function linesOf({ body }: SeenRequest) {
  return body.split('\n').map((line) => {
    const fields = /,"fields":(\{(?:[^"{}]|"(?:[^"\\]|\\.)*")*\})\}$/.exec(line)!;
    const start = line.indexOf('"event":') + '"event":'.length;
    return { line, ...(JSON.parse(line) as Record<string, unknown>), exact: line.slice(start, fields.index) };
  });
}

describe('events for Splunk', () => {
  it('are these bytes', async () => {
    const { url, seen } = await receiver(success);
    const sent = await clientOf(url, { INDEX: 'audit', GZIP: 'no' }).send(batchOf([event(1), event(2)]));
    const line = (n: number) =>
      `{"time":1795429230.123,"host":"trawl","source":"acme","sourcetype":"trawl:asa","index":"audit","event":{"collector":"acme","seq":${n},"id":"id-${n}","timestamp":"2026-11-23T10:20:30.123456789Z","type":"server.login","actor":"ann","user":"bob","client":"","gateway":"","group":"","project":"p1","hostname":"h1","server":"","from_addr":"192.0.2.1","raw_event":{"n":${n},"big":12345678901234567890,"trailing":1.50},"collected_at":"2026-11-23T10:21:00.000Z"},"fields":{"trawl_seq":"${n}","trawl_collector":"acme","trawl_id":"id-${n}"}}`;
    expect(Date.parse('2026-11-23T10:20:30.123Z') / 1000).toBe(1795429230.123);
    expect(seen).toHaveLength(1);
    expect(seen[0]!.bytes.toString()).toBe(`${line(1)}\n${line(2)}`);
    expect(seen[0]).toMatchObject({
      method: 'POST',
      url: '/services/collector/event',
      headers: { authorization: `Splunk ${token}`, 'content-type': 'application/json' },
    });
    expect(seen[0]!.headers).not.toHaveProperty('x-splunk-request-channel');
    expect(sent).toEqual({ objects: [], bytes: seen[0]!.bytes.byteLength, unmapped: 0, refused: [] });
  });

  it('are compressed, and the same bytes each time', async () => {
    const { url, seen } = await receiver(json(503, { text: 'Server is busy', code: 9 }), success);
    const client = clientOf(url);
    await refusal(client.send(batchOf([event(1), event(2)])));
    const { bytes } = await client.send(batchOf([event(1), event(2)]));
    expect(seen[0]!.headers['content-encoding']).toBe('gzip');
    expect(seen[1]!.bytes).toEqual(seen[0]!.bytes);
    expect(bytes).toBe(seen[1]!.bytes.byteLength);
    expect(linesOf(seen[1]!)).toHaveLength(2);
  });

  it('may be hostile', async () => {
    const { url, seen } = await receiver(success);
    await clientOf(url).send(batchOf(hostileEvents));
    const lines = linesOf(seen[0]!);
    expect(lines).toHaveLength(hostileEvents.length);
    for (const [at, line] of lines.entries()) {
      expectRecord(line.exact, hostileEvents[at]!);
      const id = JSON.parse(JSON.stringify(hostileEvents[at]!.id)) as string;
      expect(line).toMatchObject({ fields: { trawl_seq: String(at + 1), trawl_collector: 'acme', trawl_id: id } });
    }
  });

  it('are split by size, in order', async () => {
    const { url, seen } = await receiver(success);
    await clientOf(url, { MAX_BYTES: '1500' }).send(batchOf([1, 2, 3, 4, 5].map((seq) => event(seq))));
    expect(seen.length).toBeGreaterThan(1);
    for (const request of seen) expect(request.body.length).toBeLessThanOrEqual(1_500);
    const seqs = seen.flatMap(linesOf).map((line) => (JSON.parse(line.exact) as { seq: number }).seq);
    expect(seqs).toEqual([1, 2, 3, 4, 5]);
  });

  it('are confirmed part by part, so that only the rest is sent again', async () => {
    const { url, seen } = await receiver(success, success, json(503, { text: 'Server is busy', code: 9 }), success);
    const all = [1, 2, 3, 4, 5].map((seq) => event(seq));
    const parts: ConfirmedPart[] = [];
    const client = clientOf(url, { MAX_BYTES: '1000' });
    const send = (events: StoredEvent[]) =>
      client.send(batchOf(events), undefined, async (part) => void parts.push(part));
    await refusal(send(all));
    expect(parts.map(({ lastSeq }) => lastSeq)).toEqual([1, 2]);
    expect(parts.map(({ bytes }) => bytes)).toEqual(seen.slice(0, 2).map((request) => request.bytes.byteLength));
    await send(all.slice(2));
    const seqs = seen.flatMap(linesOf).map((line) => (JSON.parse(line.exact) as { seq: number }).seq);
    expect(seqs).toEqual([1, 2, 3, 3, 4, 5]);
    // The last part is reported together with the batch.
    expect(parts.at(-1)?.lastSeq).toBe(4);
  });

  it('before 1970 have their time', async () => {
    const { url, seen } = await receiver(success);
    await clientOf(url).send(batchOf([event(1, { timestamp: '1969-12-31T23:59:58.5Z' })]));
    expect(seen[0]!.body).toContain('{"time":-1.500,');
  });

  it('have the source type and host of the settings', async () => {
    const { url, seen } = await receiver(success);
    await clientOf(url, { SOURCETYPE: 'okta:{source}:x', HOST: 'collector-1' }).send(batchOf([event(1)]));
    expect(linesOf(seen[0]!)[0]).toMatchObject({ sourcetype: 'okta:asa:x', host: 'collector-1' });
    expect(linesOf(seen[0]!)[0]).not.toHaveProperty('index');
  });
});

describe('an event that Splunk refuses', () => {
  const invalid = (number: number, code = 6) => json(400, { text: 'No', code, 'invalid-event-number': number });

  /** Blames the first of these events by its number. */
  const blaming =
    (bad: number[], code: number): typeof success =>
    (response, request) => {
      const seqs = linesOf(request).map(({ exact }) => (JSON.parse(exact) as { seq: number }).seq);
      const at = seqs.findIndex((seq) => bad.includes(seq));
      return (at < 0 ? success : invalid(at, code))(response, request);
    };
  const seqsOf = (request: SeenRequest) =>
    linesOf(request).map(({ exact }) => (JSON.parse(exact) as { seq: number }).seq);

  it.each([6, 12, 13, 15])('with code %i is sent alone, and the others without it', async (code) => {
    const { url, seen } = await receiver(blaming([2, 4], code));
    const sent = await clientOf(url).send(batchOf([1, 2, 3, 4].map((seq) => event(seq))));
    expect(sent.refused).toEqual([
      { seq: 2, id: 'id-2', reason: `The receiver answered 400: No (code ${code}).` },
      { seq: 4, id: 'id-4', reason: `The receiver answered 400: No (code ${code}).` },
    ]);
    expect(seen.map(seqsOf)).toEqual([[1, 2, 3, 4], [1], [2], [3, 4], [3], [4]]);
  });

  it('may be the only one', async () => {
    const { url, seen } = await receiver(json(400, { text: 'Invalid data format', code: 6 }));
    const sent = await clientOf(url).send(batchOf([event(1)]));
    expect(sent).toMatchObject({ refused: [{ seq: 1 }], bytes: 0 });
    expect(seen).toHaveLength(1);
  });

  it.each([undefined, -1, 2, 0.5, '0'])('is found by halves if its number is %s', async (number) => {
    const { url, seen } = await receiver(
      json(400, { text: 'No', code: 6, 'invalid-event-number': number }),
      success,
      json(400, { text: 'No', code: 6 }),
    );
    const { refused } = await clientOf(url).send(batchOf([event(1), event(2)]));
    expect(refused).toMatchObject([{ seq: 2 }]);
    expect(seen.map(seqsOf)).toEqual([[1, 2], [1], [2]]);
  });

  it('is not believed to be one if Splunk blames more than a hundred in a row', async () => {
    const { url } = await receiver(invalid(0));
    const many = Array.from({ length: 150 }, (_, at) => event(at + 1));
    expect(await refusal(clientOf(url).send(batchOf(many)))).toMatchObject({ code: 'SINK_REFUSED' });
  });

  it('is reported if it is too large on its own, and the others are sent', async () => {
    const { url } = await receiver(text(413, 'too large'), success);
    const large = event(1, { rawEvent: JSON.stringify('x'.repeat(2_000)) });
    const sent = await clientOf(url, { MAX_BYTES: '1000' }).send(batchOf([large, event(2)]));
    expect(sent.refused).toEqual([{ seq: 1, id: 'id-1', reason: expect.stringContaining('413') }]);
  });
});

describe('an answer of Splunk that says no', () => {
  it.each([
    [403, 1, 'SINK_REFUSED', 'Enable'],
    [401, 2, 'SINK_REFUSED', 'proxy'],
    [401, 3, 'SINK_REFUSED', 'token'],
    [403, 4, 'SINK_REFUSED', 'token'],
    [400, 7, 'SINK_REFUSED', 'index'],
    [500, 8, 'SINK_UNAVAILABLE', 'retried'],
    [503, 9, 'SINK_UNAVAILABLE', 'retried'],
    [400, 10, 'SINK_REFUSED', 'useAck=yes'],
    [400, 14, 'SINK_REFUSED', 'useAck=no'],
    [503, 18, 'SINK_FULL', 'queues'],
    [503, 20, 'SINK_FULL', 'queues'],
    [503, 23, 'SINK_UNAVAILABLE', 'retried'],
    [429, 77, 'SINK_UNAVAILABLE', 'retried'],
  ])('with status %i and code %i is %s', async (status, code, expected, hint) => {
    const { url } = await receiver(json(status, { text: `marked-event ${token}`, code, 'invalid-event-number': 0 }));
    const error = await refusal(clientOf(url).send(batchOf([event(1), event(2)])));
    expect(error).toMatchObject({ code: expected, retry: expected !== 'SINK_REFUSED' });
    expect(error.hint).toContain(hint);
  });

  it.each([
    [301, 'SINK_REFUSED', 'redirects'],
    [401, 'SINK_REFUSED', 'credentials'],
    [403, 'SINK_REFUSED', 'permission'],
    [404, 'SINK_REFUSED', 'url'],
    [405, 'SINK_REFUSED', 'settings'],
    [407, 'SINK_REFUSED', 'HTTPS_PROXY'],
    [408, 'SINK_UNAVAILABLE', 'temporary'],
    [500, 'SINK_UNAVAILABLE', 'temporary'],
    [502, 'SINK_UNAVAILABLE', 'temporary'],
    [507, 'SINK_FULL', 'Free space'],
  ])('with status %i and no code is %s', async (status, expected, hint) => {
    const { url } = await receiver(
      text(status, `<html>marked-event ${token}</html>`, { location: 'http://marked-secret/' }),
    );
    const error = await refusal(clientOf(url).send(batchOf([event(1), event(2)])));
    expect(error.code).toBe(expected);
    expect(error.message).toContain(String(status));
    expect(error.hint).toContain(hint);
  });

  it.each([429, 503])('with status %i says when to retry', async (status) => {
    const { url } = await receiver(text(status, '', { 'retry-after': '120' }));
    const error = await refusal(clientOf(url).send(batchOf([event(1)])));
    expect(error).toMatchObject({ code: 'SINK_UNAVAILABLE', retry: true });
    expect(error.retryAfterMs).toBeGreaterThanOrEqual(120_000);
    expect(error.retryAfterMs).toBeLessThan(140_000);
  });

  it.each([
    ['HTML', '<html>marked-event</html>'],
    ['empty', ''],
    ['not JSON', 'marked-event'],
    ['another JSON', '{"ok":true}'],
    ['another code', '{"text":"HEC is healthy","code":17}'],
    ['null', 'null'],
  ])('with status 200 and a body that is %s is unreadable', async (_, body) => {
    const { url } = await receiver(text(200, body));
    const error = await refusal(clientOf(url).send(batchOf([event(1)])));
    expect(error).toMatchObject({ code: 'SINK_ANSWER_UNREADABLE', retry: true });
  });

  it('may be missing', async () => {
    const { url } = await receiver((response) => response.socket!.destroy());
    expect(await refusal(clientOf(url).send(batchOf([event(1)])))).toMatchObject({ code: 'SINK_UNAVAILABLE' });
    const closed = await refusal(clientOf('http://127.0.0.1:1').send(batchOf([event(1)])));
    expect(closed).toMatchObject({ code: 'SINK_UNAVAILABLE', retry: true });
    expect(closed.message).toContain('127.0.0.1:1');
  });
});

describe('indexer acknowledgement', () => {
  const taken = (ackId: number) => json(200, { text: 'Success', code: 0, ackId });
  const events = batchOf([event(1), event(2)]);

  it('is awaited for each request, over one channel of the batch', async () => {
    const { url, seen } = await receiver(
      taken(7),
      taken(8),
      json(200, { acks: { 7: true, 8: false } }),
      // Splunk reports each acknowledgement once.
      json(200, { acks: { 8: true } }),
    );
    const { client, waits } = hasty(url, { USE_ACK: 'yes', MAX_BYTES: '1000' });
    await client.send(events);
    expect(seen.map((request) => request.url.split('/').at(-1))).toEqual(['event', 'event', 'ack', 'ack']);
    expect(seen.slice(2).map((request) => request.body)).toEqual(['{"acks":[7,8]}', '{"acks":[8]}']);
    expect(waits).toEqual([250]);
    const channels = new Set(seen.map((request) => request.headers['x-splunk-request-channel']));
    expect([...channels]).toEqual([expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)]);
  });

  it('is reported up to the first request without one', async () => {
    const { url } = await receiver(
      taken(7),
      taken(8),
      taken(9),
      json(200, { acks: { 9: true } }),
      json(200, { acks: { 7: true } }),
      json(503, { text: 'Server is busy', code: 9 }),
    );
    const { client } = hasty(url, { USE_ACK: 'yes', MAX_BYTES: '1000' });
    const parts: number[] = [];
    const three = batchOf([event(1), event(2), event(3)]);
    await refusal(client.send(three, undefined, async ({ lastSeq }) => void parts.push(lastSeq)));
    expect(parts).toEqual([1]);
  });

  it('is asked for what is taken if a later request takes too long', async () => {
    const answers = [{ text: 'Success', code: 0, ackId: 7 }, undefined, { acks: { 7: true } }];
    const request = async (): Promise<HttpAnswer> => {
      const answer = answers.shift();
      if (!answer) throw new TrawlError('SOURCE_UNAVAILABLE', 'It is slow.', { hint: 'Wait.', tooMuch: true });
      return { status: 200, headers: {}, body: Buffer.from(JSON.stringify(answer)) };
    };
    const settings = settingsOf(splunk, { URL: 'http://x', TOKEN: token, USE_ACK: 'yes', MAX_BYTES: '1000' });
    const client = new SplunkClient({ request } as unknown as HttpClient, settings, async () => {});
    const parts: number[] = [];
    const sent = client.send(events, undefined, async ({ lastSeq }) => void parts.push(lastSeq));
    expect(await refusal(sent)).toMatchObject({ code: 'SINK_SLOW' });
    expect(parts).toEqual([1]);
  });

  it('leaves time for requests', () => {
    const own = { URL: 'http://x', TOKEN: token, TIMEOUT_SECONDS: '300', ACK_WAIT_SECONDS: '300' };
    expect(() => settingsOf(splunk, { ...own, USE_ACK: 'yes' })).toThrow('timeoutSeconds and ackWaitSeconds');
    expect(settingsOf(splunk, { ...own, USE_ACK: 'no' })).toMatchObject({ timeoutSeconds: 300 });
    expect(settingsOf(splunk, { ...own, TIMEOUT_SECONDS: '120', USE_ACK: 'yes' })).toMatchObject({ useAck: true });
  });

  it('has a channel of its own for each sending, so that ids of an earlier one confirm nothing', async () => {
    const { url, seen } = await receiver(
      taken(1),
      json(200, { acks: { 1: true } }),
      taken(1),
      json(200, { acks: { 1: true } }),
    );
    const { client } = hasty(url, { USE_ACK: 'yes' });
    await client.send(events);
    await client.send(events);
    const [first, ofFirst, second, ofSecond] = seen.map((request) => request.headers['x-splunk-request-channel']);
    expect([ofFirst, ofSecond]).toEqual([first, second]);
    expect(second).not.toBe(first);
  });

  it("is requested with the load balancer's current cookies", async () => {
    const withCookies =
      (answer: object, cookies: string[]): Parameters<typeof receiver>[0] =>
      (response) =>
        response.writeHead(200, { 'set-cookie': cookies }).end(JSON.stringify(answer));
    const { url, seen } = await receiver(
      withCookies({ code: 0, ackId: 0 }, [
        'AWSALB=a+b/c%2F=="; Path=/; Expires=Wed, 21 Oct 2099 07:28:00 GMT',
        'x=1; Max-Age=60',
      ]),
      withCookies({ code: 0, ackId: 1 }, [
        'AWSALB=second; HttpOnly; SameSite=None; Secure',
        'no-name',
        '=none',
        'x=2; Path=/other',
      ]),
      withCookies({ acks: { 0: true } }, ['x=; Max-Age=0', 'y=gone; Expires=Thu, 01 Jan 1970 00:00:00 GMT']),
      withCookies({ acks: { 1: true } }, []),
      withCookies({ code: 0, ackId: 0 }, []),
      withCookies({ acks: { 0: true } }, []),
    );
    const { client } = hasty(url, { USE_ACK: 'yes', MAX_BYTES: '1000' });
    await client.send(events);
    await client.send(batchOf([event(3)]));
    expect(seen.map(({ headers }) => headers.cookie)).toEqual([
      ...[undefined, 'AWSALB=a+b/c%2F=="; x=1', 'AWSALB=second; x=2', 'AWSALB=second'],
      // The next batch may go to another indexer.
      ...[undefined, undefined],
    ]);
  });

  it('is ambiguous if two requests have the same id: nothing is confirmed, and the batch is sent again', async () => {
    const { url, seen } = await receiver(taken(0), taken(0), json(200, { acks: { 0: true } }));
    const parts: ConfirmedPart[] = [];
    const { client } = hasty(url, { USE_ACK: 'yes', MAX_BYTES: '1000' });
    const error = await refusal(client.send(events, undefined, async (part) => void parts.push(part)));
    expect(error).toMatchObject({ code: 'SINK_UNAVAILABLE', retry: true });
    expect(error.hint).toContain('load balancer');
    expect(parts).toEqual([]);
    expect(seen.map((request) => request.url)).not.toContain('/services/collector/ack');
  });

  it.each([{ '': true }, { ' 0': true }, { '0x0': true }, { '00': true }, { '-0': true }, { 0: 'true' }, { 0: 1 }])(
    'is not %o for the id 0',
    async (acks) => {
      const { url } = await receiver(taken(0), json(200, { acks }));
      const { client } = hasty(url, { USE_ACK: 'yes' });
      expect(await refusal(client.send(events))).toMatchObject({ code: 'SINK_UNAVAILABLE' });
    },
  );

  it('that does not arrive in time fails the batch, which is then sent again', async () => {
    const { url, seen } = await receiver(taken(1), json(200, { acks: { 1: false } }));
    const { client, waits } = hasty(url, { USE_ACK: 'yes', ACK_WAIT_SECONDS: '10' });
    const error = await refusal(client.send(events));
    expect(error).toMatchObject({ code: 'SINK_UNAVAILABLE', retry: true });
    expect(waits.reduce((sum, ms) => sum + ms)).toBe(10_000);
    expect(seen).toHaveLength(waits.length + 2);
  });

  it.each([
    ['no id', json(200, { text: 'Success', code: 0 }), 'SINK_REFUSED'],
    ['no list', json(200, { text: 'x' }), 'SINK_ANSWER_UNREADABLE'],
    ['a list without ids', json(200, { acks: [true, true] }), 'SINK_ANSWER_UNREADABLE'],
  ])('is an error if there is %s', async (_, answer, code) => {
    const { url } = await receiver(...(code === 'SINK_REFUSED' ? [answer] : [taken(1), answer]));
    expect((await refusal(hasty(url, { USE_ACK: 'yes' }).client.send(events))).code).toBe(code);
  });

  it('ends if the signal is aborted', async () => {
    const controller = new AbortController();
    const reason = new Error('the worker shuts down');
    const { url } = await receiver(taken(1), (response, request) => {
      json(200, { acks: { 1: false } })(response, request);
      setImmediate(() => controller.abort(reason));
    });
    await expect(clientOf(url, { USE_ACK: 'yes' }).send(events, controller.signal)).rejects.toBe(reason);
  });
});

describe('two indexers behind a load balancer', () => {
  /**
   * Each indexer numbers requests on its own, reports an acknowledgement once, and may lose accepted events. The
   * balancer sends a client to the indexer that its cookie names, or to any if it has no cookie.
   */
  function cluster({ sticky, perChannel, choice, loses }: Cluster) {
    const indexers = [new Map<string, number[]>(), new Map<string, number[]>()];
    const counts = new Map<string, number>();
    const indexed = new Set<number>();
    let turn = 0;
    const request = async ({ url, headers, body }: HttpRequest): Promise<HttpAnswer> => {
      const chosen = choice[turn++ % choice.length]!;
      const [, kept] = /^at=(\d)\d*$/.exec(headers.cookie ?? '') ?? [];
      const at = sticky && kept !== undefined ? Number(kept) : chosen;
      const channel = headers['x-splunk-request-channel']!;
      const of = (id: number) => `${channel}/${id}`;
      const answered = (said: object): HttpAnswer => ({
        status: 200,
        // Its value changes with every answer, as with some balancers.
        headers: sticky ? { 'set-cookie': [`at=${at}${turn}; Path=/`] } : {},
        body: Buffer.from(JSON.stringify(said)),
      });
      if (url.endsWith('/ack')) {
        const { acks } = JSON.parse(String(body)) as { acks: number[] };
        const answers = acks.map((id) => [id, indexers[at]!.delete(of(id))] as const);
        return answered({ acks: Object.fromEntries(answers) });
      }
      const counter = perChannel ? `${at}/${channel}` : String(at);
      const ackId = counts.get(counter) ?? 0;
      counts.set(counter, ackId + 1);
      const seqs = [...String(body).matchAll(/"trawl_seq":"(\d+)"/g)].map(([, seq]) => Number(seq));
      if (!loses[(turn + at) % loses.length]) {
        for (const seq of seqs) indexed.add(seq);
        indexers[at]!.set(of(ackId), seqs);
      }
      return answered({ code: 0, ackId });
    };
    return { http: { request } as unknown as HttpClient, indexed };
  }

  interface Cluster {
    sticky: boolean;
    perChannel: boolean;
    choice: number[];
    loses: boolean[];
  }

  const all = [1, 2, 3, 4, 5].map((seq) => event(seq));
  const variables = { URL: 'http://splunk.example', TOKEN: token, USE_ACK: 'yes', GZIP: 'no', MAX_BYTES: '1000' };
  const settings = settingsOf(splunk, { ...variables, ACK_WAIT_SECONDS: '2' });

  /** Sends all unconfirmed events, as offloading does, up to three times. @returns the last confirmed event. */
  async function offloaded(http: HttpClient): Promise<number> {
    let confirmed = 0;
    for (let sending = 0; sending < 3 && confirmed < all.length; sending += 1) {
      const client = new SplunkClient(http, settings, async () => {});
      const onConfirmed = async ({ lastSeq }: ConfirmedPart) => {
        confirmed = lastSeq;
      };
      const whole = await client.send(batchOf(all.slice(confirmed)), undefined, onConfirmed).catch(() => null);
      if (whole) confirmed = all.length;
    }
    return confirmed;
  }

  it('accept a whole batch if the balancer assigns clients by cookie', async () => {
    const { http, indexed } = cluster({ sticky: true, perChannel: false, choice: [0, 1], loses: [false] });
    expect(await offloaded(http)).toBe(5);
    expect(indexed.size).toBe(5);
  });

  it('never confirm events that neither has, whatever the balancer does', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          sticky: fc.boolean(),
          perChannel: fc.boolean(),
          choice: fc.array(fc.nat(1), { minLength: 1, maxLength: 12 }),
          loses: fc.array(fc.boolean(), { minLength: 1, maxLength: 7 }),
        }),
        async (how) => {
          const { http, indexed } = cluster(how);
          const confirmed = await offloaded(http);
          for (let seq = 1; seq <= confirmed; seq += 1) expect(indexed).toContain(seq);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('the check of a Splunk', () => {
  it('is an empty request, which leaves nothing behind', async () => {
    const { url, seen } = await receiver(json(400, { text: 'No data', code: 5 }));
    await clientOf(url).check();
    expect(seen).toMatchObject([{ url: '/services/collector/event', body: '' }]);
  });

  it('says what is wrong with the token', async () => {
    const { url } = await receiver(json(403, { text: 'Invalid token', code: 4 }));
    expect(await refusal(clientOf(url).check())).toMatchObject({ code: 'SINK_REFUSED' });
  });

  it('recognises a different server', async () => {
    const { url } = await receiver(text(200, '<html></html>'));
    expect(await refusal(clientOf(url).check())).toMatchObject({ code: 'SINK_ANSWER_UNREADABLE' });
  });
});

it('names its place without the token', () => {
  expect(clientOf('https://splunk.example:8088').place).toBe('Splunk at splunk.example:8088');
});
