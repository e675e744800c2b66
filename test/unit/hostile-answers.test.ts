import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../../scripts/setup.mjs';
import type { answerLimits } from '../../src/json-weight.js';

const kubernetesHeapMb = 384;

let reader: ChildProcess;
let limits: ReturnType<typeof answerLimits>;
let answer: (response: ServerResponse) => void;
const server = createServer((request, response) => {
  request.resume();
  answer(response);
});

async function startReader(): Promise<void> {
  reader = fork(join(root, 'test/unit/support/small-heap.mjs'), {
    execArgv: [`--max-old-space-size=${kubernetesHeapMb}`],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  [{ limits }] = (await once(reader, 'message')) as [{ limits: typeof limits }];
}

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await Promise.all([once(server, 'listening'), startReader()]);
});
afterAll(async () => {
  reader.disconnect();
  server.closeAllConnections();
  server.close();
});

type Outcome = Partial<Record<'code' | 'message', string> & Record<'events' | 'rejected' | 'related', number>>;

/** The outcome in a process with a small heap; undefined if that process dies of it. */
async function outcomeOf(kind: string, body: string | Buffer | ((response: ServerResponse) => void)): Promise<Outcome> {
  answer = typeof body === 'function' ? body : (response) => response.end(body);
  const { port } = server.address() as AddressInfo;
  reader.send({ kind, url: `http://127.0.0.1:${port}` });
  const settled = new AbortController();
  const { signal } = settled;
  const died = once(reader, 'exit', { signal }).then(() => [{ message: 'The process died.' }]);
  died.catch(() => undefined);
  const [outcome] = await Promise.race([once(reader, 'message', { signal }), died]);
  settled.abort();
  if (reader.exitCode !== null || reader.signalCode !== null) await startReader();
  return outcome as Outcome;
}

/** `before`, then `item` until there are this many bytes, then `after`. */
function filled(bytes: number, before: string, item: string, after: string): Buffer {
  return Buffer.concat([Buffer.from(before), Buffer.alloc(bytes - (bytes % item.length), item), Buffer.from(after)]);
}

/** The same, of items that differ. */
function numbered(count: number, before: string, item: (number: number) => string, after: string): string {
  return `${before}${Array.from({ length: count }, (_, number) => item(number)).join(',')}${after}`;
}

const time = '2026-01-01T00:00:00Z';
const sources = [
  { kind: 'asa', list: 'list', event: (id: number) => `{"id":"${id}","timestamp":"${time}","details":{}}` },
  { kind: 'descope', list: 'audits', event: (id: number) => `{"ID":"${id}","occurred":"1767225600000"}` },
  {
    kind: 'skyflow',
    list: 'event',
    event: (id: number) => `{"context":{"changeID":"${id}"},"request":{"timestamp":"${time}"}}`,
  },
];

/** An answer of ASA to both requests: for a token and for a page. */
const withToken = (page: string | Buffer) => (response: ServerResponse) =>
  response.end(response.req.url?.endsWith('/service_token') ? '{"bearer_token":"t"}' : page);

const pageTooLarge = { code: 'PAGE_TOO_LARGE' };

describe.each(sources)('a worker with a small heap outlives an answer of $kind', ({ kind, list, event }) => {
  const read = (page: string | Buffer) => outcomeOf(kind, withToken(page));

  it('as long as the bound, of empty objects', async () => {
    const page = filled(limits.bodyBytesMax - 100, `{"${list}":[{}`, ',{}', ']}');
    expect(await read(page)).toMatchObject(pageTooLarge);
  });

  it('as deep as the bound', async () => {
    const half = (limits.bodyBytesMax - 100) / 2;
    const page = Buffer.concat([filled(half, `{"${list}":[`, '[', ''), filled(half, '', ']', ']}')]);
    expect(await read(page)).toMatchObject(pageTooLarge);
  });

  it('with a hundred thousand events', async () => {
    const page = numbered(100_000, `{"${list}":[`, event, ']}');
    expect(await read(page)).toMatchObject({ ...pageTooLarge, message: expect.stringContaining('100000 events') });
  });

  it('with as many values as it accepts, each under a name of its own', async () => {
    const page = numbered(limits.valuesMax - 10, '{', (number) => `"${number}":1`, `,"${list}":[]}`);
    expect(await read(page)).toMatchObject({ events: 0 });
  });

  it('with somewhat more events than were asked for, which it takes', async () => {
    expect(await read(numbered(1_200, `{"${list}":[`, event, ']}'))).toMatchObject({ events: 1_200, rejected: 0 });
  });
});

describe('a worker with a small heap outlives an answer of ASA', () => {
  const entry = (id: number) => `"${id}":{"type":"user","object":{}}`;

  it('with a hundred thousand related objects', async () => {
    const page = numbered(100_000, '{"list":[],"related_objects":{', entry, '}}');
    expect(await outcomeOf('asa', withToken(page))).toMatchObject({
      ...pageTooLarge,
      message: expect.stringContaining('100000 related objects'),
    });
  });

  it('with far more related objects than fit', async () => {
    const page = filled(limits.bodyBytesMax - 100, '{"list":[],"related_objects":{"a":{}', ',"b":{"object":{}}', '}}');
    expect(await outcomeOf('asa', withToken(page))).toMatchObject(pageTooLarge);
  });

  it('whose events name one long object again and again', async () => {
    const ids = '["u","u"]';
    const named = (id: number) => `{"id":"${id}","timestamp":"${time}","details":{"actor":${ids},"user":${ids}}}`;
    const long = `"related_objects":{"u":{"type":"user","object":{"name":"${'x'.repeat(1_000_000)}"}}}`;
    const page = numbered(500, '{"list":[', named, `],${long}}`);
    expect(await outcomeOf('asa', withToken(page))).toMatchObject({ events: 500, related: 1 });
  });

  it('to the request for a token', async () => {
    const body = filled(limits.bodyBytesMax - 100, '{"bearer_token":"t","x":[{}', ',{}', ']}');
    expect(await outcomeOf('asa', body)).toMatchObject({ code: 'ANSWER_UNREADABLE' });
  });
});

describe.each(['splunk', 'elasticsearch', 'webhook'])('a worker with a small heap outlives an answer of %s', (kind) => {
  it.each([200, 400])('with the status %d, as long as the bound', async (status) => {
    const body = filled(limits.bodyBytesMax - 100, '[{}', ',{}', ']');
    const outcome = await outcomeOf(kind, (response) => response.writeHead(status).end(body));
    expect(outcome.code).toMatch(/^SINK_/);
  });
});
