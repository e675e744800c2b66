import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FaultPlan, type FaultTarget } from '../faults.js';
import { newRecord, type RequestRecord, record } from '../requests.js';
import { send } from '../wire.js';
import { AuditLog, type Cursor } from './audit-log.js';
import type { DemoEvent } from './events.js';
import { type CredentialsFile, SignIn } from './sign-in.js';
import { type Manners, spoiled, tokenPath, VendorApi } from './vendor-api.js';

export interface DemoSkyflowOptions extends Partial<Manners> {
  /** Default: 0, any free one. */
  port?: number;
  /** Default: 127.0.0.1. */
  host?: string;
  /** Default: 1. */
  seed?: number;
  /** How many events there are. Default: 1,000. */
  events?: number;
  /** The last 30 days before it have the events; epoch milliseconds. Default: now. */
  anchorMs?: number;
  accountId?: string;
  /** Default: an hour. */
  tokenLifetimeMs?: number;
}

/** A running demo vault: Skyflow's audit API and token endpoint with events of its own making. */
export interface DemoSkyflow {
  /** Without `/v1`, as collectors want it. */
  readonly vaultUrl: string;
  readonly accountId: string;
  readonly signIn: SignIn;
  readonly manners: Manners;
  readonly faults: FaultPlan;
  readonly requests: RequestRecord;
  credentials(): CredentialsFile;
  addEvents(count: number): void;
  /** Appends an event that is sent as it is given. */
  addText(text: string, cursor?: Partial<Cursor>): void;
  /** All events in order. */
  truth(): readonly DemoEvent[];
  /** Breaks open connections too. */
  close(): Promise<void>;
}

export async function startDemoSkyflow(options: DemoSkyflowOptions = {}): Promise<DemoSkyflow> {
  const { seed = 1, events = 1_000, anchorMs = Date.now(), accountId = 'demo-account', host = '127.0.0.1' } = options;
  const { limitMax = 100, lastNextOps = 'given', emptyEvent = 'null', spoilNextOps = [] } = options;
  const log = new AuditLog(seed, events, Math.floor(anchorMs), accountId);
  const signIn = new SignIn(options.tokenLifetimeMs ?? 3_600_000);
  const manners = { limitMax, lastNextOps, emptyEvent, spoilNextOps: [...spoilNextOps] };
  const api = new VendorApi(manners, log, signIn, accountId);
  const faults = new FaultPlan(seed);
  const requests = newRecord();
  const server = createServer((incoming, response) => {
    respond(api, signIn, faults, requests, incoming, response).catch(() => response.destroy());
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, host, resolve);
  });
  const vaultUrl = `http://${host}:${(server.address() as AddressInfo).port}`;
  return {
    vaultUrl,
    accountId,
    signIn,
    manners,
    faults,
    requests,
    credentials: () => signIn.credentials(`${vaultUrl}${tokenPath}`),
    addEvents: (count) => log.add(count),
    addText: (text, cursor = {}) => log.addText(text, cursor),
    truth: () => log.all(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function respond(
  api: VendorApi,
  signIn: SignIn,
  faults: FaultPlan,
  requests: RequestRecord,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  const { method = 'GET', headers, url: target = '/' } = incoming;
  const url = new URL(target, `http://${headers.host}`);
  const right = api.answer({
    method,
    url,
    authorization: headers.authorization,
    body: Buffer.concat(chunks).toString(),
  });
  const kind: FaultTarget = url.pathname === tokenPath ? 'token' : 'audits';
  const fault = right.status === 200 ? faults.take(kind) : undefined;
  if (fault?.kind === 'token-expired') signIn.expireTokens();
  const answer = fault ? spoiled(right, fault) : right;
  answer.headers.Date = new Date(signIn.nowMs()).toUTCString();
  const status = fault?.kind === 'reset-before' ? 0 : answer.status;
  record(requests, kind, { method, path: target, status, authorization: headers.authorization !== undefined });
  send(response, answer, fault);
}
