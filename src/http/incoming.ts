import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** Answers one request. What it throws is answered with 500, or ends the connection where an answer has begun. */
export type Handler = (request: IncomingMessage, response: ServerResponse, target: URL) => Promise<void> | void;

/**
 * A server, not listening yet, whose process survives every request: it answers 400 to a target or a Host header that
 * cannot be read, before the handler sees the request.
 *
 * @param failed is told what a handler has thrown while the client was still there.
 */
export function requestServer(handle: Handler, failed: (error: unknown) => void = () => undefined): Server {
  const server = createServer((request, response) => {
    void answer(handle, request, response, failed);
  });
  // Without a listener Node.js closes the connection without a word; with one, an error of its socket is ours.
  server.on('connect', (_, socket) => {
    socket.on('error', () => undefined);
    socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n', () => socket.destroy());
  });
  return server;
}

async function answer(
  handle: Handler,
  request: IncomingMessage,
  response: ServerResponse,
  failed: (error: unknown) => void,
): Promise<void> {
  try {
    const target = targetOf(request);
    if (target) await handle(request, response, target);
    else refuse(response, 400, 'The request target or the Host header cannot be read.');
  } catch (error) {
    if (response.socket?.destroyed === false) failed(error);
    if (response.headersSent) response.destroy();
    else refuse(response, 500, 'The request cannot be answered.');
  }
}

function refuse(response: ServerResponse, status: number, error: string): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify({ error })}\n`);
}

const hostForm = /^(?:\[[0-9a-f:.]+\]|[\w.~!$&'()*+,;=%-]+)(?::\d{1,5})?$/i;

/**
 * The URL that a request asks for (RFC 9112, section 3.2); undefined where that cannot be read. Never throws. A path that
 * begins with two slashes counts as unreadable: some readers take what follows for a host.
 */
function targetOf({ method, url = '', headersDistinct }: IncomingMessage): URL | undefined {
  const [host = '', ...otherHosts] = headersDistinct.host ?? [];
  if (otherHosts.length > 0 || (host !== '' && !hostForm.test(host))) return undefined;
  if (!/^[\x21-\x7e]+$/.test(url) || /[#\\]/.test(url)) return undefined;
  const origin = `http://${host || 'localhost'}`;
  if (url === '*' && method === 'OPTIONS') return parsed(origin);
  return /^https?:\/\//i.test(url) ? parsed(url) : /^\/(?!\/)/.test(url) ? parsed(`${origin}${url}`) : undefined;
}

function parsed(address: string): URL | undefined {
  try {
    const url = new URL(address);
    decodeURIComponent(url.pathname);
    return url.username === '' && url.password === '' ? url : undefined;
  } catch {
    return undefined;
  }
}
