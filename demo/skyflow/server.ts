import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { requestServer } from '../../src/http/incoming.js';
import { type Fault, FaultPlan, type FaultTarget } from '../faults.js';
import { newRecord, type RequestRecord, record } from '../requests.js';
import { type Answer, bodyText, send } from '../wire.js';
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
  /** Number of events. Default: 1,000. */
  events?: number;
  /** The events happened in the days before it; epoch milliseconds. Default: now. */
  anchorMs?: number;
  /** Default: 30. */
  historyDays?: number;
  /** One more event arrives each interval after the anchor. Default: 0, none. */
  arrivalIntervalMs?: number;
  /** Delay of each answer. Default: 0. */
  latencyMs?: number;
  accountId?: string;
  /** Default: an hour. */
  tokenLifetimeMs?: number;
}

/** A running demo vault: Skyflow's audit API and token endpoint, with generated events. */
export interface DemoSkyflow {
  /** Without `/v1`, as collectors expect it. */
  readonly vaultUrl: string;
  readonly accountId: string;
  readonly signIn: SignIn;
  readonly manners: Manners;
  readonly faults: FaultPlan;
  readonly requests: RequestRecord;
  credentials(): CredentialsFile;
  /** Appends events that happen now. */
  addEvents(count: number): void;
  /** Adds events that all share a time before now, by the vendor's clock; their order follows that time. */
  addLate(count: number, atMs: number): readonly DemoEvent[];
  /** Appends an event that the server sends as given. */
  addText(text: string, cursor?: Partial<Cursor>): void;
  /** All events in order. */
  truth(): readonly DemoEvent[];
  /** Breaks open connections too. */
  close(): Promise<void>;
}

export async function startDemoSkyflow(options: DemoSkyflowOptions = {}): Promise<DemoSkyflow> {
  const { seed = 1, anchorMs = Date.now(), accountId = 'demo-account', host = '127.0.0.1', latencyMs = 0 } = options;
  const { limitMax = 100, lastNextOps = 'given', emptyEvent = 'null', spoilNextOps = [] } = options;
  const signIn = new SignIn(options.tokenLifetimeMs ?? 3_600_000);
  const log = new AuditLog({
    seed,
    accountID: accountId,
    events: options.events ?? 1_000,
    historyDays: options.historyDays ?? 30,
    anchorMs: Math.floor(anchorMs),
    arrivalIntervalMs: options.arrivalIntervalMs ?? 0,
    nowMs: () => signIn.nowMs(),
  });
  const manners = { limitMax, lastNextOps, emptyEvent, spoilNextOps: [...spoilNextOps], refused: options.refused };
  const api = new VendorApi(manners, log, signIn, accountId);
  const faults = new FaultPlan(seed);
  const requests = newRecord();
  const server = requestServer(
    async (incoming, response, url) => {
      const body = await bodyText(incoming);
      if (latencyMs > 0) await sleep(latencyMs, undefined, { ref: false });
      send(response, ...answer({ api, signIn, faults, requests }, incoming, url, body));
    },
    (error) => console.error('demo Skyflow vault:', error),
  );
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
    addLate: (count, atMs) => log.addLate(count, atMs),
    addText: (text, cursor = {}) => log.addText(text, cursor),
    truth: () => log.all(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Vault {
  api: VendorApi;
  signIn: SignIn;
  faults: FaultPlan;
  requests: RequestRecord;
}

function answer(
  { api, signIn, faults, requests }: Vault,
  incoming: IncomingMessage,
  url: URL,
  body: string,
): [Answer, Fault | undefined] {
  const { method = 'GET', headers, url: target = '/' } = incoming;
  const right = api.answer({ method, url, authorization: headers.authorization, body });
  const kind: FaultTarget = url.pathname === tokenPath ? 'token' : 'audits';
  const fault = right.status === 200 ? faults.take(kind) : undefined;
  if (fault?.kind === 'token-expired') signIn.expireTokens();
  const sent = fault ? spoiled(right, fault) : right;
  sent.headers.Date = new Date(signIn.nowMs()).toUTCString();
  const status = fault?.kind === 'reset-before' ? 0 : sent.status;
  record(requests, kind, { method, path: target, status, authorization: headers.authorization !== undefined });
  return [sent, fault];
}
