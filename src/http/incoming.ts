import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** Answers one request. An error it throws becomes a 500, or closes the connection if the answer has already begun. */
export type Handler = (request: IncomingMessage, response: ServerResponse, target: URL) => Promise<void> | void;

/**
 * Creates a server that is not listening yet and that no request can crash. It answers 400 to an unreadable target or
 * Host header before the handler sees the request.
 *
 * @param failed called with what a handler throws while the client is still connected
 */
export function requestServer(handle: Handler, failed: (error: unknown) => void = () => undefined): Server {
  const server = createServer((request, response) => {
    void answer(handle, request, response, failed);
  });
  // Without a listener Node.js closes the connection silently; with one, errors of the socket are ours to handle.
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
 * The URL of a request (RFC 9112, section 3.2); undefined if it cannot be read. Never throws. A path that begins with
 * two slashes counts as unreadable: some parsers take what follows for a host.
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
