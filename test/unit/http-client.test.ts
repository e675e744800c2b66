import { once } from 'node:events';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { TrawlError } from '../../src/errors.js';
import { HttpClient, type HttpClientOptions, type HttpRequest } from '../../src/http/client.js';
import { hostOf } from '../../src/http/connection-hints.js';
import { statusError } from '../../src/http/status.js';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const serve = (listener: RequestListener) => listening(createServer(listener));

function clientOf(options: HttpClientOptions = {}, env: NodeJS.ProcessEnv = {}): HttpClient {
  const client = new HttpClient(options, env);
  closing.push(() => client.close());
  return client;
}

const get = (url: string, signal?: AbortSignal): HttpRequest => ({ method: 'GET', url, headers: {}, signal });

async function refused(answer: Promise<unknown>): Promise<TrawlError> {
  const error = await answer.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(TrawlError);
  return error as TrawlError;
}

/** Sends until the reader has gone. */
function sendWithoutEnd(response: ServerResponse): void {
  const part = Buffer.alloc(16_384, 0x20);
  const send = () => {
    while (!response.destroyed && response.write(part));
  };
  response.on('drain', send);
  send();
}

describe('an answer', () => {
  it('comes with its status, its headers in lower case and in order, and its bytes', async () => {
    const bytes = Buffer.from([0, 255, 10, 13]);
    const url = await serve((request, response) => {
      expect(request.headers.authorization).toBe('Bearer x');
      response.setHeader('Link', ['<a>; rel="prev"', '<b>; rel="next"']);
      response.setHeader('X-RateLimit-Limit', '10');
      response.writeHead(207).end(bytes);
    });
    const answer = await clientOf().request({ ...get(url), headers: { authorization: 'Bearer x' } });
    expect(answer.status).toBe(207);
    expect(answer.headers.link).toEqual(['<a>; rel="prev"', '<b>; rel="next"']);
    expect(answer.headers['x-ratelimit-limit']).toEqual(['10']);
    expect(Buffer.from(answer.body)).toEqual(bytes);
  });

  it('may be empty', async () => {
    const url = await serve((_, response) => response.writeHead(204).end());
    expect((await clientOf().request(get(url))).body.byteLength).toBe(0);
  });

  it('to a POST follows the sent body', async () => {
    const url = await serve(async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      response.end(`${request.method} ${Buffer.concat(parts).toString()}`);
    });
    const answer = await clientOf().request({ ...get(url), method: 'POST', body: '{"a":"é"}' });
    expect(Buffer.from(answer.body).toString()).toBe('POST {"a":"é"}');
  });

  it.each([400, 401, 429, 500])('with status %i is an answer, not an error', async (status) => {
    const url = await serve((_, response) => response.writeHead(status).end('why'));
    const answer = await clientOf().request(get(url));
    expect(answer.status).toBe(status);
    expect(Buffer.from(answer.body).toString()).toBe('why');
  });

  it.each([301, 302, 303, 307, 308])('that redirects (%i) is not followed', async (status) => {
    const asked: string[] = [];
    const url = await serve((request, response) => {
      asked.push(request.url!);
      response.writeHead(status, { location: '/elsewhere' }).end();
    });
    const answer = await clientOf().request(get(`${url}/here`));
    expect(answer.status).toBe(status);
    expect(asked).toEqual(['/here']);
  });

  it('arrives over connections that are kept open', async () => {
    const sockets = new Set<Socket>();
    const url = await serve((request, response) => {
      sockets.add(request.socket);
      response.end('x');
    });
    const client = clientOf();
    for (let time = 0; time < 20; time += 1) await client.request(get(url));
    expect(sockets.size).toBeLessThan(5);
  });
});

describe('the bound on a body', () => {
  it('accepts a body of exactly that length', async () => {
    const url = await serve((_, response) => response.end(Buffer.alloc(1_000)));
    expect((await clientOf({ bodyBytesMax: 1_000 }).request(get(url))).body.byteLength).toBe(1_000);
  });

  it.each([
    [
      'whose length is told',
      (response: ServerResponse) => response.setHeader('content-length', 1_001).end(Buffer.alloc(1_001)),
    ],
    [
      'in chunks',
      (response: ServerResponse) => {
        response.write(Buffer.alloc(1));
        response.end(Buffer.alloc(1_000));
      },
    ],
  ])('refuses one byte more %s', async (_, send) => {
    const url = await serve((__, response) => void send(response));
    const error = await refused(clientOf({ bodyBytesMax: 1_000 }).request(get(`${url}/path?q=hunter2`)));
    expect(error).toMatchObject({ code: 'PAGE_TOO_LARGE', retry: false });
    expect(error.message).toContain('1000');
    expect(error.message).not.toContain('hunter2');
    expect(error.hint).toContain('searchCount');
  });

  it('hangs up on an endless body, and handles the next request', async () => {
    let hungUp: Promise<unknown> | undefined;
    const url = await serve((request, response) => {
      if (request.url === '/next') {
        response.end('x');
        return;
      }
      hungUp = once(response, 'close');
      sendWithoutEnd(response);
    });
    const client = clientOf({ bodyBytesMax: 100_000 });
    expect((await refused(client.request(get(url)))).code).toBe('PAGE_TOO_LARGE');
    await hungUp;
    expect((await client.request(get(`${url}/next`))).status).toBe(200);
  });
});

describe('a content coding that was not asked for', () => {
  const list = Buffer.from(JSON.stringify({ list: Array(1_000).fill('event') }));
  const encoded = (coding: string, body: Uint8Array) =>
    serve((_, response) => void response.setHeader('content-encoding', coding).end(body));

  it.each([
    ['gzip', gzipSync(list)],
    ['x-gzip', gzipSync(list)],
    ['deflate', deflateSync(list)],
    ['deflate', deflateRawSync(list)],
    ['br', brotliCompressSync(list)],
    ['GZIP, br', brotliCompressSync(gzipSync(list))],
    ['identity', list],
  ])('%s is decoded', async (coding, body) => {
    const { body: got } = await clientOf().request(get(await encoded(coding, body)));
    expect(Buffer.from(got)).toEqual(list);
  });

  it('is decoded only up to the bound', async () => {
    const url = await encoded('gzip', gzipSync(Buffer.alloc(1_000_000)));
    const error = await refused(clientOf({ bodyBytesMax: 10_000 }).request(get(url)));
    expect(error).toMatchObject({ code: 'PAGE_TOO_LARGE', tooMuch: true });
  });

  it.each([
    ['gzip', list],
    ['gzip', gzipSync(list).subarray(0, 20)],
    ['compress', list],
  ])('%s is named if it cannot be decoded', async (coding, body) => {
    const error = await refused(clientOf().request(get(await encoded(coding, body))));
    expect(error).toMatchObject({ code: 'SOURCE_UNAVAILABLE', retry: true });
    expect(error.message).toContain(`"${coding}"`);
  });
});

it('headers that are too large are named, with what to set', async () => {
  const url = await serve((_, response) => void response.setHeader('x-large', 'x'.repeat(20_000)).end());
  expect((await refused(clientOf().request(get(url)))).hint).toContain('--max-http-header-size');
});

describe('an answer that does not arrive, or not completely', () => {
  it('is given up after a silence before its headers', async () => {
    const url = await serve(() => undefined);
    const error = await refused(clientOf({ silenceMaxMs: 100 }).request(get(url)));
    expect(error).toMatchObject({ code: 'SOURCE_UNAVAILABLE', retry: true });
    expect(error.message).toContain(hostOf(url));
  });

  it('is given up after a silence in its body', async () => {
    const url = await serve((_, response) => {
      response.setHeader('content-length', 100);
      response.write('{"list":[');
    });
    const error = await refused(clientOf({ silenceMaxMs: 100 }).request(get(url)));
    expect(error).toMatchObject({ code: 'SOURCE_UNAVAILABLE', retry: true });
  });

  it('is given up when it trickles in for too long', async () => {
    const url = await serve((_, response) => {
      const drip = setInterval(() => response.write(' '), 10);
      response.on('close', () => clearInterval(drip));
    });
    const error = await refused(clientOf({ silenceMaxMs: 5_000, requestMaxMs: 200 }).request(get(url)));
    expect(error).toMatchObject({ code: 'SOURCE_UNAVAILABLE', retry: true });
    expect(error).toMatchObject({ tooMuch: true, hint: expect.stringContaining('TRAWL_ANSWER_SECONDS') });
    expect(error.message).toContain('within 0.2 s');
  });

  it('has the time of its own request, in place of the bounds of the client', async () => {
    const url = await serve(() => undefined);
    const client = clientOf({ silenceMaxMs: 1, requestMaxMs: 1 });
    const error = await refused(client.request({ ...get(url), answerMaxMs: 300 }));
    expect(error).toMatchObject({ tooMuch: true, message: expect.stringContaining('within 0.3 s') });
  });

  it.each([
    ['reset in mid body', (socket: Socket) => socket.resetAndDestroy()],
    ['closed in mid body', (socket: Socket) => socket.end()],
  ])('is not an answer if it is %s', async (_, cutOff) => {
    const url = await serve((__, response) => {
      response.setHeader('content-length', 1_000);
      response.write('{"list":[', () => cutOff(response.socket!));
    });
    expect(await refused(clientOf().request(get(url)))).toMatchObject({ code: 'SOURCE_UNAVAILABLE', retry: true });
  });

  it('is not an answer if its last chunk is missing', async () => {
    const url = await serve((_, response) => {
      response.write('{"list":[]}', () => response.socket!.end());
    });
    expect(await refused(clientOf().request(get(url)))).toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
  });

  it('is not an answer if the connection is reset before its headers', async () => {
    const url = await serve((request) => request.socket.resetAndDestroy());
    expect(await refused(clientOf().request(get(url)))).toMatchObject({ code: 'SOURCE_UNAVAILABLE', retry: true });
  });

  it('is not an answer if it is not HTTP', async () => {
    const url = await serve((request) => request.socket.end('SSH-2.0-OpenSSH_9.6\r\n'));
    expect(await refused(clientOf().request(get(url)))).toMatchObject({ code: 'SOURCE_UNAVAILABLE', retry: true });
  });

  it('tells the user to check the base URL if nothing listens there', async () => {
    const server = createServer();
    const url = await listening(server);
    server.close();
    const error = await refused(clientOf().request(get(url)));
    expect(error).toMatchObject({ code: 'SOURCE_UNAVAILABLE', retry: true });
    expect(error.message).toContain('ECONNREFUSED');
    expect(error.hint).toContain('base URL');
    expect(error.cause).toBeDefined();
  });
});

describe('a request that is aborted', () => {
  const reason = new Error('the worker shuts down');

  it('ends with the reason of the signal, before the headers', async () => {
    const controller = new AbortController();
    const url = await serve(() => controller.abort(reason));
    await expect(clientOf().request(get(url, controller.signal))).rejects.toBe(reason);
  });

  it('ends with the reason of the signal, in the body', async () => {
    const controller = new AbortController();
    const url = await serve((_, response) => {
      response.setHeader('content-length', 1_000);
      response.write('{', () => controller.abort(reason));
    });
    await expect(clientOf().request(get(url, controller.signal))).rejects.toBe(reason);
  });

  it('is not made at all if the signal is aborted already', async () => {
    let asked = 0;
    const url = await serve((_, response) => {
      asked += 1;
      response.end();
    });
    await expect(clientOf().request(get(url, AbortSignal.abort(reason)))).rejects.toBe(reason);
    expect(asked).toBe(0);
  });
});

describe('a proxy', () => {
  async function proxy(): Promise<{ url: string; asked: string[] }> {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url!);
      response.end('through the proxy');
    });
    server.on('connect', (request, socket) => {
      asked.push(request.url!);
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    });
    return { url: await listening(server), asked };
  }

  it.each(['HTTP_PROXY', 'http_proxy'])('that the given environment names in %s is used', async (name) => {
    const direct = await serve((_, response) => response.end('direct'));
    const { url, asked } = await proxy();
    await clientOf({}, { [name]: url })
      .request(get(`${direct}/x`))
      .catch(() => undefined);
    expect(asked).toHaveLength(1);
  });

  it('is used for https too', async () => {
    const { url, asked } = await proxy();
    await clientOf({}, { HTTPS_PROXY: url })
      .request(get('https://asa.invalid/v1'))
      .catch(() => undefined);
    expect(asked).toEqual(['asa.invalid:443']);
  });

  it('is bypassed for the hosts of NO_PROXY', async () => {
    const direct = await serve((_, response) => response.end('direct'));
    const { url, asked } = await proxy();
    const client = clientOf({}, { HTTP_PROXY: url, NO_PROXY: '127.0.0.1' });
    expect(Buffer.from((await client.request(get(direct))).body).toString()).toBe('direct');
    expect(asked).toEqual([]);
  });

  it('is not used if the given environment names none', async () => {
    const direct = await serve((_, response) => response.end('direct'));
    expect(Buffer.from((await clientOf({}, {}).request(get(direct))).body).toString()).toBe('direct');
  });
});

describe('a proxy that does not do what it should', () => {
  async function answering(status: number): Promise<string> {
    const server = createServer((_, response) => response.writeHead(status).end());
    server.on('connect', (_, socket) => socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`));
    return (await listening(server)).replace('http://', '');
  }
  const asked = async (url: string, env: Record<string, string>) => refused(clientOf({}, env).request(get(url)));

  it.each([
    [407, 'PROXY_REFUSED', 'user and password'],
    [403, 'PROXY_REFUSED', 'operator of the proxy'],
    [405, 'PROXY_REFUSED', 'CONNECT'],
    [501, 'PROXY_REFUSED', 'CONNECT'],
    [502, 'SOURCE_UNAVAILABLE', 'look at the proxy'],
    [503, 'SOURCE_UNAVAILABLE', 'look at the proxy'],
  ])('is named if it answers %i to a tunnel', async (status, code, hint) => {
    const place = await answering(status);
    const error = await asked('https://asa.invalid/v1', { https_proxy: `ada:hunter2@${place}` });
    expect(error).toMatchObject({ code, retry: code === 'SOURCE_UNAVAILABLE', hint: expect.stringContaining(hint) });
    expect(error.message).toContain(`The proxy ${place}`);
    expect(error.message).toContain('asa.invalid');
    if (status !== 407) expect(error.message + error.hint).toContain(status >= 502 ? 'https_proxy' : 'asa.invalid');
    expect(error.message + error.hint).not.toMatch(/hunter2|base URL|network in between/);
  });

  it('is named if it answers 407 to plain HTTP', async () => {
    const error = await asked('http://asa.invalid/v1', { HTTP_PROXY: await answering(407) });
    expect(error).toMatchObject({ code: 'PROXY_REFUSED', hint: expect.stringContaining('HTTP_PROXY') });
  });

  it('is named with an answer in clear, which may be its own', async () => {
    const place = await answering(403);
    const answer = await clientOf({}, { HTTP_PROXY: place }).request(get('http://asa.invalid/v1'));
    expect(statusError(answer, 'http://asa.invalid/v1', 'a request').hint).toContain(`through the proxy ${place}`);
    const direct = await clientOf().request(get(`http://${place}`));
    expect(statusError(direct, 'http://asa.invalid/v1', 'a request').hint).not.toContain('proxy');
  });

  it.each(['https://asa.invalid/v1', 'http://asa.invalid/v1'])(
    'is what to check if it cannot be reached for %s',
    async (url) => {
      for (const place of ['absent.invalid:3128', '127.0.0.1:1']) {
        const error = await asked(url, { HTTP_PROXY: place });
        expect(error).toMatchObject({ code: 'SOURCE_UNAVAILABLE', retry: true });
        expect(error.message).toContain(`through the proxy ${place}`);
        expect(error.hint).toContain(`Check the proxy ${place} in HTTP_PROXY`);
      }
    },
  );

  it('is what to look at if it does not speak TLS itself', async () => {
    const place = await answering(200);
    const error = await asked('https://asa.invalid/v1', { HTTPS_PROXY: `https://${place}` });
    expect(error.hint).toContain('http:// in HTTPS_PROXY');
  });
});

describe('hostOf', () => {
  it('returns the host with its port, and nothing else of a URL', () => {
    expect(hostOf('https://u:p@app.scaleft.com:8443/v1?x=1')).toBe('app.scaleft.com:8443');
    expect(hostOf('nonsense')).toBe('the source');
  });
});
