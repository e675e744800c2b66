import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { resolveSink } from '../../../src/sinks/resolve.js';
import type { WebhookSettings } from '../../../src/sinks/webhook/settings.js';
import { webhook } from '../../../src/sinks/webhook/sink.js';
import * as tracing from '../../../src/tracing/spans.js';
import { stopClock } from '../../support/clock.js';
import {
  batchOf,
  endless,
  event,
  expectRecord,
  hostileEvents,
  json,
  open,
  receiver,
  refusal,
  type SeenRequest,
  settingsOf,
  text,
} from './support.js';

const secret = 'marked-secret-for-signing';

const clientOf = (url: string, more: Record<string, string> = {}) => open(webhook, { URL: url, ...more });

const keyOf = (request: SeenRequest) => request.headers['idempotency-key'];

const seqsOf = ({ body }: SeenRequest) =>
  (JSON.parse(body) as { events: { seq: number }[] }).events.map(({ seq }) => seq);

beforeEach(() => void stopClock());

/** Verifies as docs/sinks/webhook.md tells a receiver to. */
function verify({ headers, bytes }: SeenRequest, key: string): boolean {
  const timestamp = headers['x-trawl-timestamp'] as string;
  const mac = createHmac('sha256', key)
    .update(Buffer.concat([Buffer.from(`${timestamp}.`), bytes]))
    .digest('hex');
  return headers['x-trawl-signature'] === `v1=${mac}` && Math.abs(Date.now() / 1000 - Number(timestamp)) < 300;
}

describe('the URL of a webhook', () => {
  const key = 'marked-key-in-the-path';

  function pointers(): { file: string; url: string; folder: string } {
    const folder = mkdtempSync(join(tmpdir(), 'trawl-webhook-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const [file, url] = [join(folder, 'url'), `https://hooks.example/${key}`];
    writeFileSync(file, `${url}\n`);
    return { file, url, folder };
  }

  const kind = { SINK_HOOK_KIND: 'webhook' };

  it('may come from a file or a variable, and is masked', () => {
    const { file, url, folder } = pointers();
    const may = { ...kind, TRAWL_SECRET_FOLDERS: folder, TRAWL_SECRET_HOOK: url };
    const resolved = [
      resolveSink('hook', [webhook], {}, { ...kind, SINK_HOOK_URL: url }),
      resolveSink('hook', [webhook], {}, { ...kind, SINK_HOOK_URL_FILE: file }),
      resolveSink('hook', [webhook], { 'sink:hook': { urlFile: file } }, may),
      resolveSink('hook', [webhook], { 'sink:hook': { urlEnv: 'TRAWL_SECRET_HOOK' } }, may),
      resolveSink('hook', [webhook], { 'sink:hook': { url } }, kind),
    ];
    for (const { values } of resolved) {
      expect((values as WebhookSettings).url.reveal()).toBe(url);
      expect(inspect(values) + JSON.stringify(values)).not.toContain(key);
    }
  });

  it('that only the table points to gets no secret of the environment', () => {
    const env = { ...kind, SINK_HOOK_URL: 'https://other.example/', SINK_HOOK_AUTHORIZATION: 'Bearer abcdefgh' };
    const table = { 'sink:hook': { urlFile: pointers().file } };
    expect(() => resolveSink('hook', [webhook], table, env)).toThrow(/SINK_HOOK_AUTHORIZATION is not sent there/);
  });

  it('may be set in the table, as before, and also when the environment has another', () => {
    const env = { ...kind, SINK_HOOK_URL: 'https://other.example/' };
    const { values } = resolveSink('hook', [webhook], { 'sink:hook': { url: 'https://hooks.example/' } }, env);
    expect((values as WebhookSettings).url.reveal()).toBe('https://hooks.example/');
  });

  it('is not in traces', async () => {
    const { url } = await receiver(text(204, ''));
    const spans = vi.spyOn(tracing, 'traced');
    onTestFinished(() => spans.mockRestore());
    await clientOf(`${url}/${key}?key=${key}`).send(batchOf([event(1)]));
    expect(spans.mock.calls.length).toBeGreaterThan(0);
    expect(JSON.stringify(spans.mock.calls)).not.toContain(key);
  });
});

describe('a batch for a webhook', () => {
  it('is these bytes', async () => {
    const { url, seen } = await receiver(text(204, ''));
    const sent = await clientOf(`${url}/hook?key=1`).send(batchOf([event(1), event(2)]));
    const record = (n: number) =>
      `{"collector":"acme","seq":${n},"id":"id-${n}","timestamp":"2026-11-23T10:20:30.123456789Z","type":"server.login","actor":"ann","user":"bob","client":"","gateway":"","group":"","project":"p1","hostname":"h1","server":"","from_addr":"192.0.2.1","raw_event":{"n":${n},"big":12345678901234567890,"trailing":1.50},"collected_at":"2026-11-23T10:21:00.000Z"}`;
    expect(seen).toHaveLength(1);
    expect(seen[0]!.bytes.toString()).toBe(
      `{"batch":"20261123T102030-000001","collector":"acme","source":"asa","firstSeq":1,"lastSeq":2,"events":[${record(1)},${record(2)}]}`,
    );
    expect(seen[0]).toMatchObject({
      method: 'POST',
      url: '/hook?key=1',
      headers: {
        'content-type': 'application/json',
        'idempotency-key': 'acme/20261123T102030-000001-1-2',
        'x-trawl-timestamp': expect.stringMatching(/^\d{10}$/),
      },
    });
    for (const header of ['authorization', 'x-trawl-signature', 'content-encoding'])
      expect(seen[0]!.headers).not.toHaveProperty(header);
    expect(sent).toEqual({ objects: [], bytes: seen[0]!.bytes.byteLength, unmapped: 0, refused: [] });
  });

  it('may be hostile, and its signature covers its bytes', async () => {
    const { url, seen } = await receiver(text(200, ''));
    await clientOf(url, { SIGNING_SECRET: secret, AUTHORIZATION: 'Bearer marked-secret' }).send(batchOf(hostileEvents));
    expect(verify(seen[0]!, secret)).toBe(true);
    expect(verify(seen[0]!, `${secret}x`)).toBe(false);
    expect(seen[0]!.headers.authorization).toBe('Bearer marked-secret');
    const { events } = JSON.parse(seen[0]!.body) as { events: unknown[] };
    expect(events).toHaveLength(hostileEvents.length);
    const exact = seen[0]!.body
      .slice(seen[0]!.body.indexOf('"events":[') + 10, -2)
      .split(/,(?=\{"collector":"acme","seq":)/);
    for (const [at, line] of exact.entries()) expectRecord(line, hostileEvents[at]!);
  });

  it('has the same bytes and the same key each time', async () => {
    const { url, seen } = await receiver(text(500, ''), text(200, ''));
    const client = clientOf(url, { SIGNING_SECRET: secret });
    await refusal(client.send(batchOf([event(1)])));
    await client.send(batchOf([event(1)]));
    expect(seen[1]!.bytes).toEqual(seen[0]!.bytes);
    expect(keyOf(seen[1]!)).toBe(keyOf(seen[0]!));
    expect(seen.every((request) => verify(request, secret))).toBe(true);
  });

  it('is split by events and by size, with keys that name the content of each part', async () => {
    const { url, seen } = await receiver(text(200, ''));
    const batch = batchOf([1, 2, 3, 4, 5].map((seq) => event(seq)));
    await clientOf(url, { MAX_EVENTS: '2' }).send(batch);
    expect(seen.map(seqsOf)).toEqual([[1, 2], [3, 4], [5]]);
    expect(seen.map(keyOf)).toEqual(['1-2', '3-4', '5-5'].map((part) => `acme/20261123T102030-000001-${part}`));
    expect(JSON.parse(seen[1]!.body)).toMatchObject({ firstSeq: 3, lastSeq: 4 });
    await clientOf(url, { MAX_BYTES: '1000' }).send(batch);
    expect(seen.slice(3).flatMap(seqsOf)).toEqual([1, 2, 3, 4, 5]);
    // After the setting has changed, each key still stands for the same events as before.
    const byKey = new Map<unknown, string>();
    for (const request of seen) {
      expect(byKey.get(keyOf(request)) ?? request.body).toBe(request.body);
      byKey.set(keyOf(request), request.body);
    }
  });

  it('stops at the first part that is not confirmed', async () => {
    const { url, seen } = await receiver(text(200, ''), text(503, ''));
    const batch = batchOf([1, 2, 3].map((seq) => event(seq)));
    await refusal(clientOf(url, { MAX_EVENTS: '1' }).send(batch));
    expect(seen.map(seqsOf)).toEqual([[1], [2]]);
  });

  it('skips an event that is too large on its own', async () => {
    const { url } = await receiver(text(413, ''), text(200, ''));
    const sent = await clientOf(url, { MAX_EVENTS: '1' }).send(batchOf([event(1), event(2)]));
    expect(sent.refused).toEqual([{ seq: 1, id: 'id-1', reason: expect.stringContaining('413') }]);
  });
});

describe('an answer of a webhook', () => {
  it.each([
    [200, ''],
    [204, ''],
    [202, ' \n'],
    [200, '{}'],
    [201, '{"ok":true,"error":null}'],
    [200, 'true'],
    [200, '[{"ok":true},{"status":"stored","code":201}]'],
    [200, '{"error":false}'],
    [200, '{"status":"ok","code":0}'],
    [200, 'ok'],
    [200, 'Accepted\n'],
    [200, '"ok"'],
    [200, '{"success":true,"errors":[]}'],
    [200, '{"errors":0}'],
  ])('confirms with status %i and the body %j', async (status, body) => {
    const { url, seen } = await receiver(text(status, body));
    await clientOf(url).send(batchOf([event(1)]));
    expect(seen).toHaveLength(1);
  });

  it.each([
    ['<html>marked-event</html>', 'application/json'],
    ['<html>ok</html>', 'text/plain'],
    ['ok', 'application/json'],
    ['ok', 'text/html'],
    ['ok <b>', 'text/plain'],
    ['ok '.repeat(30), 'text/plain'],
    ['{"ok":true', 'application/json'],
    [' <!DOCTYPE html>', 'application/json'],
    ['[1]', 'application/json'],
    ['200', 'application/json'],
  ])('confirms nothing with status 200, the body %j and the type %s', async (body, type) => {
    const { url } = await receiver(text(200, body, { 'content-type': type }));
    const error = await refusal(clientOf(url).send(batchOf([event(1)])));
    expect(error).toMatchObject({ code: 'SINK_ANSWER_UNREADABLE', retry: true });
  });

  it.each([
    [{ ok: false }, 'says no.'],
    [{ ok: true, error: 'quota' }, 'says no: quota.'],
    [{ error: { message: 'quota' } }, 'says no: quota.'],
    [{ error: { code: 7 } }, 'says no.'],
    [{ error: 1 }, 'says no.'],
    [{ error: 0 }, 'says no.'],
    [{ ok: 0 }, 'says no.'],
    [{ ok: null }, 'says no.'],
    [{ success: false }, 'says no.'],
    [{ ok: true, errors: [{ event: 3 }] }, 'says no.'],
    [{ errors: true }, 'says no.'],
    [{ errors: 2 }, 'says no.'],
    [false, 'says no.'],
    [null, 'says no.'],
    [[], 'says no.'],
    ['failed', 'says no: failed.'],
    [{ success: 'false' }, 'says no.'],
    [{ status: 'error', message: 'full' }, 'says no: full.'],
    [{ status: 'Failed' }, 'says no.'],
    [{ status: 503 }, 'says no.'],
    [{ code: 500, message: 'full' }, 'says no: full.'],
    [{ code: '401' }, 'says no.'],
    [[{ ok: true }, { ok: false }], 'says no.'],
    [{ error: 'a\u001b[2J\u202eb' }, 'says no: a\\u001b[2J\\u202eb.'],
    [{ error: 'x'.repeat(1_000) }, `says no: ${'x'.repeat(200)}.`],
  ])('with status 200 and %j is a refusal', async (body, words) => {
    const { url } = await receiver(json(200, body));
    const error = await refusal(clientOf(url).send(batchOf([event(1)])));
    expect(error).toMatchObject({ code: 'SINK_REFUSED', retry: false });
    expect(error.message).toContain(words);
  });

  it.each([
    ['status', 200, '<html>', 'application/json', true],
    ['status', 204, '', '', true],
    ['status', 500, '', '', false],
    ['status', 207, '', '', false],
    ['/result=stored', 200, '{"result":"stored","error":"kept for later"}', '', true],
    ['/results/0/n=2', 200, '{"results":[{"n":2}]}', '', true],
    ['/a~1b/c~0=true', 200, '{"a/b":{"c~":true}}', '', true],
    ['/result=stored', 200, '{"result":"queued"}', '', false],
    ['/result=stored', 200, '{}', '', false],
    ['/result=stored', 200, '', '', false],
    ['/result=stored', 200, 'stored', 'text/plain', false],
    ['/result=stored', 500, '{"result":"stored"}', '', false],
    ['/__proto__=stored', 200, '{}', '', false],
  ])('with confirm=%s, status %i and %j of type %j: confirmed is %s', async (confirm, status, body, type, yes) => {
    const { url } = await receiver(text(status, body, type ? { 'content-type': type } : {}));
    const sent = clientOf(url, { CONFIRM: confirm }).send(batchOf([event(1)]));
    if (yes) expect(await sent).toMatchObject({ refused: [] });
    else await refusal(sent);
  });

  it('is judged by a rule that exists', () => {
    for (const confirm of ['yes', '/=', 'result=stored', '/a~2=b', '/result'])
      expect(() => settingsOf(webhook, { URL: 'https://x/', CONFIRM: confirm })).toThrow(/SINK_OUT_CONFIRM must be/);
  });

  it.each([
    { code: 400, error: 'no' },
    { status: '422', message: 'no' },
    { success: false, code: 413, text: 'no' },
  ])('with status 200 and %j refuses the content, as the status in it would', async (body) => {
    const { url, seen } = await receiver((response, request) =>
      json(200, seqsOf(request).includes(2) ? body : {})(response, request),
    );
    const { refused } = await clientOf(url).send(batchOf([1, 2, 3].map((seq) => event(seq))));
    expect(refused).toEqual([
      { seq: 2, id: 'id-2', reason: expect.stringMatching(/^The receiver answered 4\d\d: no\.$/) },
    ]);
    expect(seen.map(seqsOf).filter((seqs) => !seqs.includes(2))).toEqual([[1], [3]]);
  });

  it('that says yes to some events and no to others stops the sink, and none is sent again in a half', async () => {
    const answers = (request: SeenRequest) =>
      seqsOf(request).map((seq) => (seq === 2 ? { status: 422, error: 'no' } : { status: 201 }));
    const { url, seen } = await receiver((response, request) => json(200, answers(request))(response, request));
    const error = await refusal(clientOf(url).send(batchOf([1, 2, 3].map((seq) => event(seq)))));
    expect(error).toMatchObject({ code: 'SINK_REFUSED', retry: false });
    expect(error.message).toContain('says no: no.');
    expect(seen).toHaveLength(1);
    expect(await clientOf(url).send(batchOf([event(2)]))).toMatchObject({ refused: [{ seq: 2 }] });
  });

  it('that refuses an event may quote the secrets, which are not kept', async () => {
    const { url } = await receiver((response, request) =>
      text(400, `no: ${request.headers.authorization} ${'x'.repeat(300)}`)(response, request),
    );
    const { refused } = await clientOf(url, { AUTHORIZATION: 'Bearer marked-secret-token' }).send(batchOf([event(1)]));
    expect(refused[0]!.reason).toMatch(/^The receiver answered 400: no: \[secret\] x{187}\.$/);
  });

  it('that refuses an event may quote parts of the URL, in its own or in plain letters', async () => {
    const quotes = [
      '/hooks/T012/marked%2Fsegment',
      'marked%2Fsegment',
      'marked/segment',
      'k=marked%2Bquery',
      'marked+query',
    ];
    for (const quote of quotes) {
      const { url } = await receiver(text(400, `unknown: ${quote}!`));
      const { refused } = await clientOf(`${url}/hooks/T012/marked%2Fsegment?k=marked%2Bquery`).send(
        batchOf([event(1)]),
      );
      expect(refused[0]!.reason).toMatch(/unknown: .*\[secret\]!\.$/);
      expect(refused[0]!.reason).not.toContain('marked');
    }
  });

  it('may quote the secrets, which are not reported', async () => {
    const credentials = { SIGNING_SECRET: secret, AUTHORIZATION: 'Bearer marked-secret-token' };
    const says = [
      secret,
      'Bearer marked-secret-token',
      'marked-secret-token',
      'marked-secret-path',
      'marked-secret-query',
    ];
    for (const text of says) {
      const { url } = await receiver(
        json(200, { error: `wrong: ${text.replace('marked-secret-path', '/marked-secret-path')}` }),
      );
      const client = clientOf(`${url}/marked-secret-path?k=marked-secret-query`, credentials);
      expect((await refusal(client.send(batchOf([event(1)])))).message).toContain('wrong: [secret]');
    }
  });

  it.each([
    [302, 'SINK_REFUSED'],
    [401, 'SINK_REFUSED'],
    [403, 'SINK_REFUSED'],
    [404, 'SINK_REFUSED'],
    [429, 'SINK_UNAVAILABLE'],
    [500, 'SINK_UNAVAILABLE'],
    [503, 'SINK_UNAVAILABLE'],
    [507, 'SINK_FULL'],
  ])('with status %i is %s', async (status, code) => {
    const { url } = await receiver(text(status, 'marked-event', { 'retry-after': '60' }));
    const client = clientOf(`${url}/?key=marked-secret`, { AUTHORIZATION: 'marked-secret' });
    const error = await refusal(client.send(batchOf([event(1), event(2)])));
    expect(error).toMatchObject({ code, retry: code !== 'SINK_REFUSED' });
    expect(error.retryAfterMs).toBeGreaterThanOrEqual(60_000);
  });

  it('may be missing', async () => {
    const { url } = await receiver((response) => response.socket!.destroy());
    const error = await refusal(clientOf(`${url}/?key=marked-secret`).send(batchOf([event(1)])));
    expect(error).toMatchObject({ code: 'SINK_UNAVAILABLE', retry: true });
  });

  it('may be endless', async () => {
    const { url } = await receiver(endless(200));
    const error = await refusal(clientOf(url).send(batchOf([event(1)])));
    expect(error).toMatchObject({ code: 'SINK_ANSWER_UNREADABLE', retry: true });
    expect(error.hint).not.toContain('searchCount');
  });
});

it('trawl check sends a batch without events', async () => {
  const { url, seen } = await receiver(text(200, ''), text(401, ''));
  const client = clientOf(url, { SIGNING_SECRET: secret });
  await client.check();
  expect(JSON.parse(seen[0]!.body)).toMatchObject({ batch: 'trawl-check', events: [] });
  expect(verify(seen[0]!, secret)).toBe(true);
  expect(await refusal(client.check())).toMatchObject({ code: 'SINK_REFUSED' });
});

it('a webhook names its place only by the host', () => {
  expect(clientOf('https://hooks.example/marked-secret?key=marked-secret').place).toBe('Webhook at hooks.example');
});

it.each([
  ['ftp://x/', 'SINK_OUT_URL'],
  ['https://ann:marked-secret@x/', 'SINK_OUT_URL'],
  ['https://x/#marked-secret', 'SINK_OUT_URL'],
])('a webhook refuses the URL %s without quoting it', (url, what) => {
  const refused = expect.objectContaining({ message: expect.stringMatching(new RegExp(`${what}(?!.*marked-secret)`)) });
  expect(() => settingsOf(webhook, { URL: url })).toThrow(refused);
});
