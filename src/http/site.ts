import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { reasonOf } from '../errors.js';
import { hostsOf, isOwnOrigin } from './hosts.js';
import { type Limits, requestServer } from './incoming.js';
import { Refusal } from './refusal.js';

export interface Answer {
  status: number;
  headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON. */
  body?: string | object;
  /** Instead of a body: parts that are sent as they are made. A client that leaves ends the iteration. */
  parts?: AsyncIterable<string | Uint8Array>;
}

type Answering = (request: IncomingMessage, target: URL) => Answer | Promise<Answer>;

/** What can be done with a path. HEAD is answered wherever GET is. */
export type Route = Readonly<Partial<Record<'GET' | 'POST', Answering>>>;

/** Everything that one of Trawl's HTTP servers answers. */
export interface Site {
  /** Undefined for an unknown path. */
  route(path: string): Route | undefined;
  /** Says which paths there are. */
  paths: string;
  /** Origins of other sites whose pages may send requests and read the answers; none if left out. */
  origins?: readonly string[];
  /** Body of a refusal, if clients expect it in a form of their own. */
  refusal?: (status: number, message: string) => object;
  /** Told what the owner of the process should know: a failure, a Host that is not listed. */
  warn?: (message: string) => void;
  limits?: Partial<Limits>;
}

const messagesPerMinuteMax = 10;

/**
 * Creates the server of a site, which is not listening yet. Before a route sees a request, the request has been parsed,
 * names a host that is allowed, and comes from no page of a foreign site.
 */
export function siteServer(site: Site, isAllowed: (host: string) => boolean): Server {
  const { refusal = (_, error) => ({ error }) } = site;
  const warn = sparing(site.warn ?? (() => undefined));
  const handle = async (request: IncomingMessage, response: ServerResponse, target: URL) => {
    const headers = corsHeaders(request.headers, site.origins ?? []);
    try {
      const foreign = hostsOf(request).find((host) => !isAllowed(host));
      if (foreign !== undefined) {
        warn(unlisted(foreign));
        throw new Refusal(421, unlisted(foreign));
      }
      const answer = await answerOf(site, request, target);
      await send(request, response, { ...answer, headers: { ...headers, ...answer.headers } });
    } catch (error) {
      if (response.headersSent) {
        if (!isDeparture(error))
          warn(`The answer to ${request.method} ${target.pathname} broke off: ${reasonOf(error)}`);
        response.destroy();
        return;
      }
      const isRefusal = error instanceof Refusal;
      if (!isRefusal && response.socket?.destroyed === false)
        warn(`${request.method} ${target.pathname} cannot be answered: ${reasonOf(error)}`);
      const { status, message, headers: more } = isRefusal ? error : notAnswered;
      await send(request, response, { status, headers: { ...headers, ...more }, body: refusal(status, message) });
    }
  };
  return requestServer(handle, undefined, site.limits);
}

/** True if the client went away in the middle of an answer, or was let go for not reading it. */
function isDeparture(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET' || code === 'EPIPE';
}

/** Leaves out what was said within the last minute: those who send requests must not fill the log. */
function sparing(warn: (message: string) => void): (message: string) => void {
  const saidMs = new Map<string, number>();
  return (message) => {
    const nowMs = performance.now();
    for (const [said, atMs] of saidMs) if (nowMs - atMs > 60_000) saidMs.delete(said);
    if (saidMs.has(message) || saidMs.size >= messagesPerMinuteMax) return;
    saidMs.set(message, nowMs);
    warn(message);
  };
}

/** What failed is for the owner of the process, not for the client. */
const notAnswered = new Refusal(500, 'The request cannot be answered.', { connection: 'close' });

function unlisted(host: string): string {
  return `This server does not go by the name ${JSON.stringify(host)}. If it should, add the name to TRAWL_HTTP_HOSTS.`;
}

async function answerOf(site: Site, request: IncomingMessage, target: URL): Promise<Answer> {
  const { method = '', headers } = request;
  const { origins = [] } = site;
  requireOwnPage(headers, origins);
  const route = site.route(target.pathname);
  if (!route) throw new Refusal(404, site.paths);
  const isNamed = headers.origin !== undefined && origins.includes(headers.origin);
  if (method === 'OPTIONS' && isNamed) return { status: 204 };
  const methods = Object.keys(route).flatMap((name) => (name === 'GET' ? ['GET', 'HEAD'] : [name]));
  if (!methods.includes(method)) {
    const allow = [...methods, ...(origins.length > 0 ? ['OPTIONS'] : [])].join(', ');
    throw new Refusal(405, `Use ${methods.join(' or ')}.`, { allow });
  }
  return route[method === 'HEAD' ? 'GET' : (method as keyof Route)]!(request, target);
}

/**
 * Refuses what a browser sends for a page of another site, unless its origin is named. Programs other than browsers
 * send neither header.
 */
function requireOwnPage(headers: IncomingHttpHeaders, origins: readonly string[]): void {
  const { origin } = headers;
  if (origin !== undefined && origins.includes(origin)) return;
  const site = headers['sec-fetch-site'] ?? 'none';
  if (isOwnOrigin(headers) && (site === 'none' || site === 'same-origin')) return;
  throw new Refusal(403, 'Pages of other sites may not send requests here. Open this address directly.');
}

function corsHeaders({ origin }: IncomingHttpHeaders, origins: readonly string[]): Record<string, string> {
  if (origins.length === 0) return {};
  if (origin === undefined || !origins.includes(origin)) return { vary: 'origin' };
  return {
    'access-control-allow-origin': origin,
    'access-control-allow-methods': 'GET, POST, OPTIONS',
    'access-control-allow-headers': 'content-type, x-namespace, authorization, caller-type',
    'access-control-allow-credentials': 'true',
    vary: 'origin',
  };
}

/** Nothing that is served may be kept, guessed at, framed or embedded by others. A route may say otherwise. */
const guards = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
};

async function send(request: IncomingMessage, response: ServerResponse, answer: Answer): Promise<void> {
  const { status, headers, body, parts } = answer;
  // What is left of a body would otherwise be read for as long as the client cares to send it.
  const closing = hasBody(request) && !request.complete ? { connection: 'close' } : {};
  const [type, text] = contentOf(body);
  const length = text === undefined ? {} : { 'content-length': `${Buffer.byteLength(text)}` };
  response.writeHead(status, { ...guards, ...type, ...length, ...headers, ...closing });
  if (request.method === 'HEAD') response.end();
  else if (parts) await pipeline(Readable.from(parts), response);
  else response.end(text);
}

function contentOf(body: string | object | undefined): [Record<string, string>, string | undefined] {
  if (body === undefined) return [{}, undefined];
  if (typeof body === 'string') return [{ 'content-type': 'text/plain; charset=utf-8' }, body];
  return [{ 'content-type': 'application/json' }, `${JSON.stringify(body)}\n`];
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
