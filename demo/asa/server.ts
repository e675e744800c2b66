import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Handler, requestServer } from '../../src/http/incoming.js';
import type { FaultPlan } from '../faults.js';
import type { RequestRecord } from '../requests.js';
import { send } from '../wire.js';
import { errorAnswer } from './answers.js';
import { AuditLog } from './audit-log.js';
import { answerControl, controlActions } from './control.js';
import type { EventText } from './events.js';
import type { LinkStyle } from './links.js';
import { type ApiRequest, VendorApi } from './vendor-api.js';

export type { Fault, FaultPlan } from '../faults.js';
export type { EventText } from './events.js';
export type { LinkStyle } from './links.js';

const DEMO_TEAM = 'demo-team';
const DEMO_KEY_ID = '3b7c1f0e-52d4-4a86-9d0f-6c1f2a7e9b34';
const DEMO_KEY_SECRET = 'dGhlIGRlbW8gdGVhbSBoYXMgbm90aGluZyB0byBoaWRl';

export interface DemoAsaOptions {
  /** Default: `demo-team`. */
  team?: string | undefined;
  /** Default: `DEMO_KEY_ID`. */
  keyId?: string | undefined;
  /** Default: `DEMO_KEY_SECRET`. */
  keySecret?: string | undefined;
  /** Default: 0, any free one. */
  port?: number | undefined;
  /** Default: 127.0.0.1. */
  host?: string | undefined;
  /** Another seed is another team with other events. Default: 1. */
  seed?: number | undefined;
  /** Number of events that exist at the anchor, spread over the 80 days before it. Default: 100,000. */
  events?: number | undefined;
  /** Epoch milliseconds. A restart with the same anchor serves the very same events. Default: now. */
  anchorMs?: number | undefined;
  /** After the anchor, one more event arrives each interval; 0: none arrives without a call. Default: 0. */
  arrivalIntervalMs?: number | undefined;
  /** Delay of each answer. Default: 0. */
  latencyMs?: number | undefined;
  /** Requests under /v1 per period. Default: 10,000 an hour. */
  rateLimit?: { limit: number; periodMs: number } | undefined;
  /** Style of the `Link` headers. Default: `single`. */
  linkStyle?: LinkStyle | undefined;
  /** True if `next` appears as soon as a page is full, even if nothing follows yet. Default: false. */
  nextWhenFull?: boolean | undefined;
  /** Default: 60 minutes. */
  tokenLifetimeMs?: number | undefined;
}

/** A running demo team: an ASA API that generates its events. */
export interface DemoAsa {
  /** With `/v1`, as collectors expect it. */
  readonly baseUrl: string;
  readonly team: string;
  readonly keyId: string;
  readonly keySecret: string;
  readonly faults: FaultPlan;
  readonly requests: RequestRecord;
  /** Events that exist now. */
  total(): number;
  /** Adds events that happen now; a restart does not have them. */
  addEvents(count: number): void;
  /** Appends an event that the server sends byte for byte as given, even if it is not valid. */
  insertRaw(rawEventJson: string): void;
  /** Changes the events that were appended by `insertRaw`, as a vendor mends them. */
  rewriteRaw(change: (rawEventJson: string) => string): void;
  /** The exact texts of one event. @throws RangeError if it does not exist. */
  eventText(position: number): EventText;
  /** All events, oldest first, as they must arrive, without inserted texts that lack id, timestamp or details. */
  truth(): Iterable<Omit<EventText, 'text'>>;
  /** Refuses every token issued so far. */
  expireTokens(): void;
  /** Issues no token until `restoreKey`; tokens issued before stay valid. */
  revokeKey(): void;
  restoreKey(): void;
  /** Refuses every offset issued so far with 400. */
  forgetOffsets(): void;
  /** Breaks open connections too. */
  close(): Promise<void>;
}

export async function startDemoAsa(options: DemoAsaOptions = {}): Promise<DemoAsa> {
  const {
    team = DEMO_TEAM,
    keyId = DEMO_KEY_ID,
    keySecret = DEMO_KEY_SECRET,
    seed = 1,
    linkStyle = 'single',
  } = options;
  const { events = 100_000, arrivalIntervalMs = 0, latencyMs = 0, nextWhenFull = false, host = '127.0.0.1' } = options;
  const { rateLimit = { limit: 10_000, periodMs: 3_600_000 }, tokenLifetimeMs = 3_600_000 } = options;
  const anchorMs = Math.floor(options.anchorMs ?? Date.now());
  const log = new AuditLog({ team, seed, events, anchorMs, arrivalIntervalMs, nextWhenFull });
  const api = new VendorApi({ team, keyId, keySecret, seed, rateLimit, linkStyle, tokenLifetimeMs }, log);
  const server = requestServer(handler(api, log, { team, keySecret, latencyMs }), (error) =>
    console.error('demo ASA team:', error),
  );
  // Longer than clients keep idle connections, so that none is closed just as a request is on its way.
  server.keepAliveTimeout = 60_000;
  await listening(server, options.port ?? 0, host);
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://${host.includes(':') ? `[${host}]` : host}:${port}/v1`,
    team,
    keyId,
    keySecret,
    faults: api.faults,
    requests: api.requests,
    total: () => log.total(),
    addEvents: (count) => log.addEvents(count),
    insertRaw: (text) => log.insertRaw(text),
    rewriteRaw: (change) => log.rewriteRaw(change),
    eventText: (position) => log.event(position),
    truth: () => log.events(),
    expireTokens: () => api.tokens.expireAll(),
    revokeKey: () => {
      api.keyRevoked = true;
    },
    restoreKey: () => {
      api.keyRevoked = false;
    },
    forgetOffsets: () => log.forgetOffsets(),
    close: () => closed(server),
  };
}

function handler(
  api: VendorApi,
  log: AuditLog,
  { team, keySecret, latencyMs }: { team: string; keySecret: string; latencyMs: number },
): Handler {
  const actions = controlActions(api, log, team);
  return async (incoming, response, url) => {
    const request = await readRequest(incoming, url);
    if (request === undefined) return send(response, errorAnswer(400, 'The request is too long.'), undefined);
    if (request.url.pathname.startsWith('/demo/'))
      return send(response, answerControl(actions, request, keySecret), undefined);
    if (latencyMs > 0) await sleep(latencyMs, undefined, { ref: false });
    const { answer, fault } = api.answer(request);
    send(response, answer, fault);
  };
}

const bodyLengthMax = 1024 * 1024;

/** @param url with the host that the client used (127.0.0.1, localhost or a forwarded name), since links lead there. */
async function readRequest(incoming: IncomingMessage, url: URL): Promise<ApiRequest | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > bodyLengthMax) return undefined;
    chunks.push(chunk);
  }
  return {
    method: incoming.method ?? 'GET',
    url,
    target: incoming.url ?? '/',
    authorization: incoming.headers.authorization,
    contentType: incoming.headers['content-type'],
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

function listening(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
