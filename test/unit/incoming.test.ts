import { once } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startDemoAsa } from '../../demo/asa/server.js';
import { startDemoDescope } from '../../demo/descope/server.js';
import { startDemoSkyflow } from '../../demo/skyflow/server.js';
import { requestServer } from '../../src/http/incoming.js';
import { newKey, parseKeys } from '../../src/temporal/codec/keys.js';
import { serveCodec } from '../../src/temporal/codec/server.js';
import { serveHealth } from '../../src/watch/endpoint.js';
import { ask, statusOf } from './support/raw.js';

type Closing = { close(): Promise<void> };

/** Each server of the project, with a request that succeeds. */
const servers: Record<string, () => Promise<{ url: string; well: string; server: Closing }>> = {
  health: async () => {
    const findings = async () => ({ at: '2026-01-01T00:00:00Z', store: null, storeBytes: 1, collectors: [] });
    const served = { working: () => true, findings, metrics: async () => '' };
    const server = await serveHealth({ host: '127.0.0.1', port: 0, asked: true }, served);
    return { url: server.url, well: 'GET /livez', server };
  },
  codec: async () => {
    const options = { host: '127.0.0.1', port: 0, origins: [], token: 'secret', namespace: 'audit' };
    const server = await serveCodec(parseKeys(newKey('one'))!, options);
    return { url: server.url, well: 'OPTIONS /decode', server };
  },
  'demo ASA team': async () => {
    const server = await startDemoAsa({ events: 10 });
    return { url: server.baseUrl, well: 'GET /demo/state', server };
  },
  'demo Descope project': async () => {
    const server = await startDemoDescope({ events: 10 });
    return { url: server.baseUrl, well: 'POST /v1/mgmt/audit/search', server };
  },
  'demo Skyflow vault': async () => {
    const server = await startDemoSkyflow({ events: 10 });
    return { url: server.vaultUrl, well: 'GET /v1/audit/events', server };
  },
};

async function running(name: string) {
  const { url, well, server } = await servers[name]!();
  onTestFinished(() => server.close());
  const port = Number(new URL(url).port);
  return { ask: (head: string) => ask(port, head), lives: () => status(port, `${well} HTTP/1.1\r\nHost: localhost`) };
}

const status = async (port: number, head: string) => statusOf(await ask(port, head));

const host = 'Host: localhost';
const malformedTargets = [
  ...['//', '///', '//livez', '//[', '//host:port/', '//localhost:99999/', '/\\', '/\\[', '/\\/x', '\\\\x'],
  ...['http://[', 'http://', 'https://[::1', 'http://:0', 'http://a:99999/', 'http://us er/', 'http://user:pass@host/'],
  ...[
    'http:',
    'http:/livez',
    'ftp://host/livez',
    'file:///etc/passwd',
    'javascript:0',
    'data:,x',
    'livez',
    '?',
    '[',
    '*',
  ],
  ...[
    '/#',
    '/livez#x',
    '/%',
    '/%zz',
    '/%ff',
    '/%c0%ae',
    '/%00',
    '/livez%00',
    '/\u00e4',
    '/\u0001',
    '/a b',
    'localhost:80',
  ],
];
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'TRACE', 'PROPFIND', 'OPTIONS'];
const malformedRequests = [
  ...malformedTargets.flatMap((target) =>
    methods
      .filter((method) => !(method === 'OPTIONS' && target === '*'))
      .map((method) => `${method} ${target} HTTP/1.1\r\n${host}`),
  ),
  ...['[', '[::1', 'a b', 'a/b', 'user@host', 'a?b', 'a:b', 'a:99999', 'a:1:2', '\\', '%', 'a#', '\u00ff'].map(
    (name) => `GET /livez HTTP/1.1\r\nHost: ${name}`,
  ),
  'GET /livez HTTP/1.1\r\nHost: a\r\nHost: b',
  'GET /livez HTTP/1.1',
  'GET // HTTP/1.0',
  'GET  HTTP/1.1\r\nHost: a',
  'GET',
  '\u0000\u0001\u0002',
  `GREET /livez HTTP/1.1\r\n${host}`,
  `get /livez HTTP/1.1\r\n${host}`,
  `GET /livez HTTP/1.1\r\n${host}\r\nno colon`,
  `GET /livez HTTP/1.1\r\n${host}\r\nContent-Length: -1`,
  `GET /livez HTTP/1.1\r\n${host}\r\nContent-Length: 1\r\nTransfer-Encoding: chunked`,
  `GET /livez HTTP/1.1\r\n${host}\r\nX: a\u0000b`,
  `CONNECT / HTTP/1.1\r\n${host}`,
  `CONNECT http://[ HTTP/1.1\r\n${host}`,
  `CONNECT localhost:80 HTTP/1.1\r\n${host}`,
  `GET // HTTP/1.1\r\n${host}\r\nConnection: Upgrade\r\nUpgrade: websocket`,
];

const understood = [
  `GET /livez HTTP/1.0`,
  `GET /livez HTTP/1.1\r\nHost:`,
  `GET /livez HTTP/1.1\r\nHost: [::1]:9464`,
  `GET /livez?a=[1]&b=%zz|{} HTTP/1.1\r\n${host}`,
  `GET /a//b/../c/%2e%2e/%2F HTTP/1.1\r\n${host}`,
  `GET http://localhost/livez HTTP/1.1\r\n${host}`,
  `GET HTTPS://[::1]:8/livez HTTP/1.1\r\nHost: other`,
  `OPTIONS * HTTP/1.1\r\n${host}`,
  `TRACE /livez HTTP/1.1\r\n${host}`,
  `POST /decode HTTP/1.1\r\n${host}\r\nExpect: 100-continue\r\nContent-Length: 0`,
  `GET /livez HTTP/1.1\r\n${host}\r\nExpect: the unexpected`,
  `GET /livez HTTP/1.1\r\n${host}\r\nUpgrade: websocket`,
  `GET /livez HTTP/1.1\r\n${host}\r\nOrigin: \u00ff[\r\nAuthorization: \u00ff\r\n__proto__: x\r\nconstructor: y`,
  `POST /decode HTTP/1.1\r\n${host}\r\nAuthorization: Bearer secret\r\nTransfer-Encoding: chunked\r\n\r\nnot hex`,
];

describe.each(Object.keys(servers))('the server of the %s', (name) => {
  it('answers 400 to a malformed request, and continues', async () => {
    const { ask, lives } = await running(name);
    const before = await lives();
    const answered: string[] = [];
    for (const head of malformedRequests) {
      const [line = ''] = (await ask(head)).split('\r\n');
      if (!line.startsWith('HTTP/1.1 400 ')) answered.push(`${JSON.stringify(head)}: ${line}`);
    }
    expect(answered).toEqual([]);
    expect(await lives()).toBe(before);
  });

  it('answers every other request, too', async () => {
    const { ask, lives } = await running(name);
    const before = await lives();
    for (const head of understood) expect(`${head}: ${await ask(head)}`).toMatch(/HTTP\/1\.1 [1-5]\d\d /);
    expect(await lives()).toBe(before);
  });

  it('survives any target, method and header', async () => {
    const { ask, lives } = await running(name);
    const before = await lives();
    const pieces = fc.constantFrom(
      '/',
      '//',
      '\\',
      '[',
      ']',
      ':',
      '@',
      '?',
      '#',
      '%',
      '*',
      'http:',
      'a',
      '.',
      '\u00ff',
      ' ',
    );
    const target = fc.array(pieces, { maxLength: 8 }).map((all) => all.join(''));
    const header = fc.tuple(fc.constantFrom('Host', 'Origin', 'Upgrade', 'Expect', 'Range'), target);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...methods, 'CONNECT'), target, header, async (method, at, [key, value]) => {
        await ask(`${method} ${at} HTTP/1.1\r\n${host}\r\n${key}: ${value}`);
      }),
      { numRuns: 200 },
    );
    expect(await lives()).toBe(before);
  });
});

it('contains every fault of a handler, whatever it throws and whenever', async () => {
  const failures: unknown[] = [];
  const server = requestServer(
    (_, response, { pathname }) => {
      if (pathname === '/sync') throw new Error('at once');
      if (pathname === '/async') return Promise.reject(new Error('later'));
      response.writeHead(200).write('begun');
      return Promise.reject(new Error('in the middle'));
    },
    (error) => failures.push((error as Error).message),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  expect(await status(port, `GET /sync HTTP/1.1\r\n${host}`)).toBe(500);
  expect(await status(port, `GET /async HTTP/1.1\r\n${host}`)).toBe(500);
  await ask(port, `GET /middle HTTP/1.1\r\n${host}`);
  expect(failures).toEqual(['at once', 'later', 'in the middle']);
  expect(await status(port, `GET /sync HTTP/1.1\r\n${host}`)).toBe(500);
});
