import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect, isDeepStrictEqual } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { expect, onTestFinished } from 'vitest';
import type { StoredEvent } from '../../../src/domain.js';
import { reasonOf, sentence, TrawlError } from '../../../src/errors.js';
import { HttpClient } from '../../../src/http/client.js';
import type { Values } from '../../../src/settings/definition.js';
import { resolveSink } from '../../../src/sinks/resolve.js';
import type { OutgoingBatch, Sink, SinkClient } from '../../../src/sinks/sink.js';

export function event(seq: number, changes: Partial<StoredEvent> = {}): StoredEvent {
  return {
    collector: 'acme',
    seq,
    id: `id-${seq}`,
    timestamp: '2026-11-23T10:20:30.123456789Z',
    type: 'server.login',
    actor: 'ann',
    user: 'bob',
    client: '',
    gateway: '',
    group: '',
    project: 'p1',
    hostname: 'h1',
    server: '',
    fromAddr: '192.0.2.1',
    rawEvent: `{"n":${seq},"big":12345678901234567890,"trailing":1.50}`,
    extra: null,
    collectedAt: '2026-11-23T10:21:00.000Z',
    ...changes,
  };
}

/** Texts that a logged person may have chosen. */
export const hostileTexts = [
  '"]} \\ \u0000 \u001b[2J \r\n<110>1 - - - - - - forged',
  '漢字 😀 \u2028\u2029\u202e \ud800 \ufeff',
  '] seq=\\"1\\" [x@1 y="z"]',
  '{"index":{"_id":"forged"}}\n{}',
  'a'.repeat(5_000),
];

export const hostileEvents = hostileTexts.map((text, at) =>
  event(at + 1, {
    id: `${at}-${text}`,
    type: text,
    actor: text,
    hostname: text,
    rawEvent: `{\n  "text": ${JSON.stringify(text)},\r\n\t"__proto__": {"a":1},\n "n": 1e400, "n": -0 }`,
    extra: `{"more":${JSON.stringify(text)}}`,
  }),
);

export function batchOf(events: readonly StoredEvent[], changes: Partial<OutgoingBatch> = {}): OutgoingBatch {
  return {
    collector: 'acme',
    source: 'asa',
    name: '20261123T102030-000001',
    firstSeq: events[0]?.seq ?? 0,
    lastSeq: events.at(-1)?.seq ?? 0,
    events,
    form: { schema: 'native', schemaVersion: '1', format: '', compression: 'none', layout: 'raw' },
    ...changes,
  };
}

/** Checks a record without the code under test; raw_event must be the exact text. */
export function expectRecord(json: string, of: StoredEvent): void {
  const { rawEvent, extra, fromAddr, collectedAt, ...rest } = of;
  const oneLine = rawEvent.replace(/[\r\n]/g, ' ');
  expect(json).toContain(`"raw_event":${oneLine}`);
  expect(json).not.toMatch(/[\r\n]/);
  const members = JSON.stringify({ ...rest, from_addr: fromAddr, collected_at: collectedAt }).slice(0, -1);
  const others = extra === null ? '' : `,"extra":${extra}`;
  const expected = JSON.parse(`${members},"raw_event":${oneLine}${others}}`) as unknown;
  // Compared without vitest, for which a member named `constructor` makes equal objects differ.
  expect(isDeepStrictEqual(JSON.parse(json), expected)).toBe(true);
}

export interface SeenRequest {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  /** The decompressed body. */
  body: string;
  bytes: Buffer;
}

type Answer = (response: ServerResponse, request: SeenRequest) => unknown;

export function json(status: number, value: unknown, headers: Record<string, string> = {}): Answer {
  return (response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
}

export function text(status: number, body: string, headers: Record<string, string> = {}): Answer {
  return (response) => response.writeHead(status, headers).end(body);
}

/** A server that gives these answers in turn, and then repeats the last one. */
/** An answer that never ends. */
export function endless(status: number): Answer {
  return (response) => {
    response.writeHead(status);
    const fill = () => {
      while (!response.destroyed && response.write(Buffer.alloc(1_000_000, 0x20)));
    };
    response.on('drain', fill);
    fill();
  };
}

export async function receiver(...answers: Answer[]): Promise<{ url: string; seen: SeenRequest[] }> {
  const seen: SeenRequest[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const body = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString('utf8');
    const got = { method: request.method!, url: request.url!, headers: request.headers, body, bytes };
    const answer = answers[Math.min(seen.length, answers.length - 1)]!;
    seen.push(got);
    answer(response, got);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

export function httpClient(silenceMaxMs = 2_000): HttpClient {
  const http = new HttpClient({ silenceMaxMs }, {});
  onTestFinished(() => http.close());
  return http;
}

/** A client with the settings of its environment, read as in production. */
export function open(sink: Sink, variables: Record<string, string>, http = httpClient()): SinkClient {
  return sink.open(settingsOf(sink, variables), { http, env: {} });
}

export function settingsOf<Own extends Values>(sink: Sink<Own>, variables: Record<string, string>) {
  const env = Object.entries(variables).map(([name, value]) => [`SINK_OUT_${name}`, value]);
  return resolveSink('out', [sink], {}, { SINK_OUT_KIND: sink.kind, ...Object.fromEntries(env) }).values;
}

/** The error that a promise rejects with. Fails if any part of it contains a secret or an event. */
export async function refusal(attempt: Promise<unknown>): Promise<TrawlError> {
  const error = await attempt.then(
    (value) => expect.fail(`it came back with ${inspect(value)}`),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(TrawlError);
  const refused = error as TrawlError;
  const whole = [sentence(refused), reasonOf(refused), inspect(refused, { depth: 10 }), refused.stack].join('\n');
  for (const secret of ['marked-secret', 'marked-event']) expect(whole).not.toContain(secret);
  expect(refused.hint).toMatch(/^[A-Z].*[.]$/);
  expect(refused.message).toMatch(/[.]$/);
  return refused;
}
