import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Answers one request. An error it throws becomes a 500, or closes the connection if the answer has already begun. */
export type Handler = (request: IncomingMessage, response: ServerResponse, target: URL) => Promise<void> | void;

/** Limits on what clients may use of a server. */
export interface Limits {
  /** Time for the headers of a request, from the start of its connection or its first byte. */
  headersMs: number;
  /** Time for a whole request, with its body. */
  requestMs: number;
  /** How long a connection may be still while a request is answered. */
  stillMs: number;
  connectionsMax: number;
}

const defaultLimits: Limits = { headersMs: 10_000, requestMs: 60_000, stillMs: 120_000, connectionsMax: 500 };
const headerBytesMax = 16 * 1024;
const headersMax = 100;
/** A client that pipelines begins no more than this. */
const requestsPerConnectionMax = 1_000;

/**
 * Creates a server that is not listening yet, and that no request can crash or keep busy beyond its limits. It answers
 * 400 to an unreadable target or Host header before the handler sees the request.
 *
 * @param failed called with what a handler throws while the client is still connected
 */
export function requestServer(
  handle: Handler,
  failed: (error: unknown) => void = () => undefined,
  limits: Partial<Limits> = {},
): Server {
  const { headersMs, requestMs, stillMs, connectionsMax } = { ...defaultLimits, ...limits };
  const options = {
    maxHeaderSize: headerBytesMax,
    headersTimeout: Math.min(headersMs, requestMs),
    requestTimeout: requestMs,
    // Both are looked at this often only.
    connectionsCheckingInterval: Math.min(headersMs, 1_000),
  };
  const server = createServer(options, (request, response) => {
    void answer(handle, request, response, failed);
  });
  server.timeout = stillMs;
  server.maxRequestsPerSocket = requestsPerConnectionMax;
  // Node.js would leave out headers beyond a limit of its own without a word, even Host.
  server.maxHeadersCount = 0;
  boundConnections(server, connectionsMax);
  // Without a listener Node.js closes the connection silently; with one, errors of the socket are ours to handle.
  server.on('connect', (_, socket) => {
    socket.on('error', () => undefined);
    socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n', () => socket.destroy());
  });
  return server;
}

/** Connections that only wait for a next request make room for others. */
function boundConnections(server: Server, most: number): void {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    if (open.size <= most) return;
    server.closeIdleConnections();
    for (const other of open) if (other.destroyed) open.delete(other);
    if (open.size > most) socket.destroy();
  });
}

async function answer(
  handle: Handler,
  request: IncomingMessage,
  response: ServerResponse,
  failed: (error: unknown) => void,
): Promise<void> {
  // Without listeners, a connection that breaks in the middle of a body or an answer would end the process.
  for (const stream of [request, response]) stream.on('error', () => undefined);
  try {
    const target = targetOf(request);
    if (request.rawHeaders.length > headersMax * 2)
      refuse(response, 431, `A request may have ${headersMax} headers at most.`);
    else if (target) await handle(request, response, target);
    else refuse(response, 400, 'The request target or the Host header cannot be read.');
  } catch (error) {
    if (response.socket?.destroyed === false) failed(error);
    if (response.headersSent) response.destroy();
    else refuse(response, 500, 'The request cannot be answered.');
  }
}

/** The connection ends, since its state or the rest of the request is unknown. */
function refuse(response: ServerResponse, status: number, error: string): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
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
    // A null byte ends a path for some that read it.
    if (decodeURIComponent(url.pathname).includes('\0')) return undefined;
    return url.username === '' && url.password === '' ? url : undefined;
  } catch {
    return undefined;
  }
}
