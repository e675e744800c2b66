import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BodyRoom, withBody } from '../../src/http/body.js';
import { hostList } from '../../src/http/hosts.js';
import type { Limits } from '../../src/http/incoming.js';
import { Refusal } from '../../src/http/refusal.js';
import { type Answer, type Site, siteServer } from '../../src/http/site.js';
import { isLoopback, isLoopbackHost } from '../../src/loopback.js';
import { ask, asked, headerOf, opened, statusOf } from './support/raw.js';
import { signal } from './support/signal.js';

const own = 'Host: localhost';

async function served(routes: Record<string, () => Answer | Promise<Answer>>, more: Partial<Site> = {}) {
  const warnings: string[] = [];
  const site: Site = {
    route: (path) => (routes[path] ? { GET: routes[path] } : undefined),
    paths: 'The paths are these.',
    warn: (message) => warnings.push(message),
    ...more,
  };
  const server = siteServer(site, hostList('127.0.0.1', ['trawl.internal']));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const lives = async () => expect(statusOf(await ask(port, `GET /well HTTP/1.1\r\n${own}`))).toBe(200);
  return { port, server, warnings, lives };
}
const well = { '/well': () => ({ status: 200, body: 'well' }) };

describe('the hosts of a server', () => {
  it.each([
    ['127.0.0.1', 'localhost', true],
    ['127.0.0.1', '127.0.0.1', true],
    ['127.0.0.1', '::1', true],
    ['127.0.0.1', 'trawl.internal', true],
    ['127.0.0.1', 'evil.example', false],
    ['127.0.0.1', 'localhost.evil.example', false],
    ['127.0.0.1', 'xlocalhost', false],
    ['127.0.0.1', 'sub.trawl.internal', false],
    ['127.0.0.1', 'localhost.', false],
    ['127.0.0.1', '0.0.0.0', false],
    ['127.0.0.1', '10.0.0.1', false],
    ['127.0.0.1', '127.1', false],
    ['127.0.0.1', '0x7f000001', false],
    ['127.0.0.1', '2130706433', false],
    ['127.0.0.1', '', false],
    ['0.0.0.0', '10.42.0.7', true],
    ['0.0.0.0', '2001:db8::1', true],
    ['0.0.0.0', 'localhost', true],
    ['0.0.0.0', 'evil.example', false],
    ['::', '10.1.evil.example', false],
  ])('bound to %s: %o is allowed: %s', (address, host, allowed) => {
    expect(hostList(address, ['Trawl.internal'])(host)).toBe(allowed);
  });

  it.each(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])('are local at %s', (address) => {
    expect(isLoopback(address)).toBe(true);
  });

  it.each(['0.0.0.0', '::', '128.0.0.1', '::ffff:10.0.0.1', '', 'localhost', '127.1'])(
    'may not be at %o',
    (address) => {
      expect(isLoopback(address)).toBe(false);
    },
  );

  it.each([
    ['localhost', true],
    ['[::1]', true],
    ['127.0.0.1', true],
    ['127.evil.example', false],
    ['localhost.evil.example', false],
    ['[2001:db8::1]', false],
  ])('in a URL: %s leads to this machine: %s', (host, isOwn) => {
    expect(isLoopbackHost(host)).toBe(isOwn);
  });
});

describe('a site', () => {
  it.each([
    [`GET /well HTTP/1.1\r\n${own}`, 200],
    ['GET /well HTTP/1.1\r\nHost: LOCALHOST:1', 200],
    ['GET /well HTTP/1.1\r\nHost: [::1]:99', 200],
    ['GET /well HTTP/1.1\r\nHost: Trawl.internal:80', 200],
    ['GET http://127.0.0.1:1/well HTTP/1.1\r\nHost: localhost', 200],
    ['GET /well HTTP/1.0', 200],
    ['GET /well HTTP/1.1\r\nHost: evil.example', 421],
    ['GET /well HTTP/1.1\r\nHost:', 421],
    ['GET /well HTTP/1.0\r\nHost: evil.example', 421],
    ['GET http://evil.example/well HTTP/1.1\r\nHost: localhost', 421],
    ['GET http://localhost/well HTTP/1.1\r\nHost: evil.example', 421],
    ['POST /well HTTP/1.1\r\nHost: evil.example', 421],
    [`GET /well HTTP/1.1\r\n${own}\r\nSec-Fetch-Site: none`, 200],
    [`GET /well HTTP/1.1\r\n${own}\r\nSec-Fetch-Site: same-origin`, 200],
    [`GET /well HTTP/1.1\r\n${own}\r\nSec-Fetch-Site: cross-site`, 403],
    [`GET /well HTTP/1.1\r\n${own}\r\nSec-Fetch-Site: same-site`, 403],
    [`GET /well HTTP/1.1\r\n${own}\r\nOrigin: http://localhost`, 200],
    [`GET /well HTTP/1.1\r\n${own}\r\nOrigin: https://evil.example`, 403],
    [`GET /well HTTP/1.1\r\n${own}\r\nOrigin: null`, 403],
    [`GET /nothing HTTP/1.1\r\n${own}`, 404],
    [`GET /__proto__ HTTP/1.1\r\n${own}`, 404],
  ])('answers %o by %i', async (head, status) => {
    const { port } = await served({ ...well });
    const answer = await ask(port, head);
    expect(statusOf(answer)).toBe(status);
    expect(answer.toLowerCase()).not.toContain('access-control-');
    if (status !== 200) expect(answer).toMatch(/\{"error":"[^"]*\w/);
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'TRACE', 'OPTIONS', 'PROPFIND'])('refuses %s', async (method) => {
    const answer = await ask((await served(well)).port, `${method} /well HTTP/1.1\r\n${own}`);
    expect([statusOf(answer), headerOf(answer, 'allow')]).toEqual([405, 'GET, HEAD']);
  });

  it('answers HEAD like GET, without the body', async () => {
    const answer = await ask((await served(well)).port, `HEAD /well HTTP/1.1\r\n${own}`);
    expect(headerOf(answer, 'content-length')).toBe('4');
    expect(answer).toMatch(/\r\n\r\n$/);
  });

  it('tells its owner which name to add, once', async () => {
    const { port, warnings } = await served(well);
    for (let n = 0; n < 3; n += 1) await ask(port, 'GET /well HTTP/1.1\r\nHost: trawl:9464');
    expect(warnings).toEqual([expect.stringMatching(/"trawl".*TRAWL_HTTP_HOSTS/)]);
    for (let n = 0; n < 50; n += 1) await ask(port, `GET /well HTTP/1.1\r\nHost: x${n}`);
    expect(warnings.length).toBeLessThan(20);
  });

  it('named origins alone may ask from other pages', async () => {
    const { port } = await served(well, { origins: ['http://ui.example'] });
    const from = (origin: string, method = 'GET') =>
      ask(port, `${method} /well HTTP/1.1\r\n${own}\r\nOrigin: ${origin}\r\nSec-Fetch-Site: cross-site`);
    const named = await from('http://ui.example');
    expect([statusOf(named), headerOf(named, 'access-control-allow-origin')]).toEqual([200, 'http://ui.example']);
    expect(statusOf(await from('http://ui.example', 'OPTIONS'))).toBe(204);
    for (const origin of ['http://ui.example.evil.example', 'https://ui.example', 'http://ui.example:1', 'null']) {
      const answer = await from(origin, 'OPTIONS');
      expect([statusOf(answer), headerOf(answer, 'access-control-allow-origin')]).toEqual([403, undefined]);
    }
  });

  it('contains every failure, tells its owner, and tells the client nothing', async () => {
    const failing = {
      '/sync': () => {
        throw new Error('password');
      },
      '/async': () => Promise.reject(new TypeError('password')),
      '/odd': () => Promise.reject(undefined),
    };
    const { port, warnings, lives } = await served({ ...failing, ...well });
    for (const path of Object.keys(failing)) {
      // Without "Connection: close" in the request, the server itself closes.
      const answer = await asked(port, `GET ${path} HTTP/1.1\r\n${own}\r\n\r\n`);
      expect([statusOf(answer), headerOf(answer, 'connection')]).toEqual([500, 'close']);
      expect(answer).not.toMatch(/password|\bat /);
    }
    expect(warnings.join()).toContain('GET /async cannot be answered: password');
    await lives();
  });

  it('sends parts as they come, and stops when the client leaves', async () => {
    const gone = signal();
    async function* endless() {
      try {
        for (;;) yield `${'x'.repeat(1_000)}\n`;
      } finally {
        gone.happen();
      }
    }
    async function* broken() {
      yield 'begun';
      throw new Error('in the middle');
    }
    async function* whole() {
      yield 'one,';
      yield 'two';
    }
    const of = (parts: () => AsyncIterable<string>) => () => ({ status: 200, parts: parts() });
    const { port, warnings, lives } = await served({
      '/endless': of(endless),
      '/broken': of(broken),
      '/whole': of(whole),
      ...well,
    });
    const answer = await ask(port, `GET /whole HTTP/1.1\r\n${own}`);
    expect(answer).toMatch(/one,[\s\S]*two[\s\S]*0\r\n\r\n$/);
    const { socket } = opened(port);
    socket.write(`GET /endless HTTP/1.1\r\n${own}\r\n\r\n`);
    await once(socket, 'data');
    socket.destroy();
    await gone.happened;
    expect(await ask(port, `GET /broken HTTP/1.1\r\n${own}`)).not.toMatch(/0\r\n\r\n$/);
    expect(warnings).toEqual([expect.stringContaining('in the middle')]);
    await lives();
  });
});

describe('a client', () => {
  const within = (limits: Partial<Limits>) => served(well, { limits });
  const begun = `GET /well HTTP/1.1\r\n${own}\r\n`;

  it.each([
    ['nothing', ''],
    ['half a line', 'GET /we'],
    ['half of the headers', begun],
    ['an obsolete fold without an end', `${begun}X: a\r\n b`],
  ])('that sends %s and waits is let go', async (_, bytes) => {
    const { port, lives } = await within({ headersMs: 50 });
    expect(await asked(port, bytes)).toMatch(/^(HTTP\/1\.1 40[08] |$)/);
    await lives();
  });

  it('that never ends its body is let go, and so is one that does not read', async () => {
    async function* endless() {
      for (;;) yield 'x'.repeat(100_000);
    }
    const limits = { headersMs: 50, requestMs: 50, stillMs: 100 };
    const { port, server, lives } = await served(
      { '/endless': () => ({ status: 200, parts: endless() }), ...well },
      { limits },
    );
    await asked(port, `${begun}Content-Length: 10\r\n\r\nabc`);
    await asked(port, `${begun}Transfer-Encoding: chunked\r\n\r\n5\r\nabc`);
    const accepted = once(server, 'connection');
    const { socket } = opened(port);
    socket.pause();
    socket.write(`GET /endless HTTP/1.1\r\n${own}\r\n\r\n`);
    const [ofServer] = await accepted;
    await once(ofServer, 'close');
    socket.destroy();
    await lives();
  });

  it('cannot keep others out by connections that wait', async () => {
    const { port, lives } = await within({ connectionsMax: 3 });
    const waiting = [];
    for (let n = 0; n < 3; n += 1) {
      const connection = opened(port);
      connection.socket.write(`${begun}\r\n`);
      await once(connection.socket, 'data');
      waiting.push(connection);
    }
    await lives();
    for (const { answer } of waiting) await answer;
    // Those that are busy keep their place, and the one too many is turned away.
    const busy = Array.from({ length: 3 }, () => opened(port));
    for (const { socket } of busy) socket.write(begun);
    await Promise.all(busy.map(({ socket }) => socket.readyState === 'open' || once(socket, 'connect')));
    expect(await ask(port, begun.trimEnd())).toBe('');
    for (const { socket } of busy) socket.destroy();
  });

  it.each([
    ['long headers', `${begun}X: ${'x'.repeat(20_000)}`, 431],
    ['a long target', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\n${own}`, 431],
    ['many headers', begun + 'a: b\r\n'.repeat(2_000).trimEnd(), 431],
    ['a second Host behind many headers', `${begun}${'a: b\r\n'.repeat(2_100)}Host: evil.example`, 431],
  ])('with %s is refused', async (_, head, status) => {
    const { port, lives } = await within({});
    expect(statusOf(await ask(port, head))).toBe(status);
    await lives();
  });

  it('that sends any bytes at all gets a known answer or none', async () => {
    const { port, lives } = await within({ headersMs: 50, requestMs: 100, stillMs: 200 });
    const piece = fc.oneof(
      fc.constantFrom(
        'GET /well HTTP/1.1\r\n',
        'POST /well HTTP/1.1\r\n',
        'HEAD /well HTTP/1.0\r\n',
        'GET http://[ HTTP/1.1\r\n',
        'GET //evil.example/%ff%00 HTTP/1.1\r\n',
        'CONNECT evil.example:443 HTTP/1.1\r\n',
        'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
        'GET /well HTTP/9.9\r\n',
        'GET /well\r\n',
        `${own}\r\n`,
        'Host: evil.example\r\n',
        'Connection: Upgrade\r\nUpgrade: websocket\r\n',
        'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n',
        'Expect: 100-continue\r\n',
        'Content-Length: 5\r\n',
        'Content-Length: 5, 6\r\n',
        'Content-Length: 99999999999999999999\r\n',
        'Content-Length: -1\r\n',
        'Transfer-Encoding: chunked\r\n',
        'Transfer-Encoding: chunked, identity\r\n',
        'Transfer-Encoding : chunked\r\n',
        'X: a\r\n folded\r\n',
        '\r\n',
        '\n',
        '\r',
        '0\r\n\r\n',
        'ffffffffffffffff\r\n',
        '5;x=\u0000\r\nabcde\r\n',
        'Trailer: Host\r\n',
        `X: ${'y'.repeat(9_000)}\r\n`,
      ),
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    );
    const connection = fc.record({ pieces: fc.array(piece, { maxLength: 12 }), leaves: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(connection, { minLength: 20, maxLength: 20 }), async (all) => {
        await Promise.all(
          all.map(async ({ pieces, leaves }) => {
            const { socket, answer } = opened(port);
            for (const bytes of pieces) socket.write(Buffer.from(bytes, 'latin1'));
            if (leaves) socket.end();
            for (const [, status] of (await answer).matchAll(/^HTTP\/1\.1 (\d+) /gm))
              expect(status).toMatch(/^(100|200|400|403|404|405|408|413|417|421|431|505)$/);
          }),
        );
      }),
      { seed: 22, numRuns: 10 },
    );
    await lives();
  });
});

describe('a body', () => {
  it('counts against the memory of all until it is used', async () => {
    const room = new BodyRoom(15);
    const released = signal();
    const isHeld = signal();
    const { port } = await served(
      {},
      {
        route: () => ({
          POST: (request) =>
            withBody(request, { bytesMax: 10, room }, async (body) => {
              isHeld.happen();
              if (body.toString() === 'first....') await released.happened;
              return { status: 200, body: body.toString() };
            }),
        }),
      },
    );
    const send = (body: string) =>
      asked(port, `POST / HTTP/1.1\r\n${own}\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    const first = send('first....');
    await isHeld.happened;
    const second = await send('second...');
    expect([statusOf(second), headerOf(second, 'retry-after')]).toEqual([503, '1']);
    expect(statusOf(await send('small'))).toBe(200);
    released.happen();
    expect(statusOf(await first)).toBe(200);
    expect(await send('third....')).toMatch(/200 OK[\s\S]*third/);
    expect(statusOf(await send('far too long'))).toBe(413);
    const chunked = `POST / HTTP/1.1\r\n${own}\r\nTransfer-Encoding: chunked\r\n\r\n`;
    expect(statusOf(await asked(port, `${chunked}8\r\nlong.....\r\n`))).toBe(400);
    expect(statusOf(await asked(port, `${chunked}c\r\nfar too long\r\n`))).toBe(413);
    expect(await send('fourth...')).toMatch(/200 OK/);
  });

  it('that a look refuses is refused at once', async () => {
    const look = () => {
      throw new Refusal(413, 'Too many.');
    };
    const room = new BodyRoom(100);
    const route = {
      POST: (request: never) => withBody(request, { bytesMax: 50, room, look }, async () => ({ status: 200 })),
    };
    const { port } = await served({}, { route: () => route as never });
    const answer = await asked(port, `POST / HTTP/1.1\r\n${own}\r\nContent-Length: 20\r\n\r\nhalf`);
    expect([statusOf(answer), headerOf(answer, 'connection')]).toEqual([413, 'close']);
  });
});
