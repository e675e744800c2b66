import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { requestServer } from '../../src/http/incoming.js';
import type { FaultPlan } from '../faults.js';
import { bodyText, send } from '../wire.js';
import { DescopeApi, type DescopeApiOptions, type LoggedSearch } from './api.js';
import { type AuditLogOptions, DescopeAuditLog } from './audit-log.js';
import type { DemoEvent } from './events.js';

const DEMO_PROJECT_ID = 'P2demoProject0000000000000000';
const DEMO_MANAGEMENT_KEY = 'K2theDemoProjectHasNothingToHide';

/**
 * Defaults: 5,000 events in the 25 days before now, all with ids; no scheduled events; 10 searches a minute; answers
 * obey `oldestFirst`, both bounds of a range are inclusive, and `total` is correct.
 */
export interface DemoDescopeOptions extends Partial<DescopeApiOptions>, Partial<AuditLogOptions> {
  /** Default: 0, any free one. */
  port?: number;
  /** Delay of each answer. Default: 0. */
  latencyMs?: number;
}

/** A running demo project: a Descope audit API that generates its events. */
export interface DemoDescope {
  readonly baseUrl: string;
  readonly projectId: string;
  readonly managementKey: string;
  readonly faults: FaultPlan;
  readonly searches: readonly LoggedSearch[];
  readonly log: DescopeAuditLog;
  /** Called before each search is handled, with its number from 1. */
  onSearch(call: (nth: number) => void): void;
  revokeKey(): void;
  restoreKey(): void;
  /** All events that a search can find now, oldest first. */
  truth(): DemoEvent[];
  /** The largest number of searches within any stretch of that many milliseconds. */
  mostSearchesWithin(periodMs: number): number;
  close(): Promise<void>;
}

export async function startDemoDescope(options: DemoDescopeOptions = {}): Promise<DemoDescope> {
  const {
    projectId = DEMO_PROJECT_ID,
    managementKey = DEMO_MANAGEMENT_KEY,
    seed = 1,
    port = 0,
    latencyMs = 0,
  } = options;
  const { clockAheadMs = 0, anchorMs = Date.now() + clockAheadMs } = options;
  const log = new DescopeAuditLog({
    projectId,
    seed,
    anchorMs: Math.floor(anchorMs),
    events: options.events ?? 5_000,
    historyDays: options.historyDays ?? 25,
    arrivalIntervalMs: options.arrivalIntervalMs ?? 0,
    latenessMaxMs: options.latenessMaxMs ?? 0,
    idlessShare: options.idlessShare ?? 0,
  });
  const api = new DescopeApi(
    {
      projectId,
      managementKey,
      seed,
      clockAheadMs,
      rateLimit: options.rateLimit ?? { requests: 10, periodMs: 60_000 },
      order: options.order ?? 'as asked',
      bounds: options.bounds ?? 'both',
      pageMax: options.pageMax ?? 1000,
      total: options.total ?? ((truth) => truth),
      retentionDays: options.retentionDays ?? 30,
    },
    log,
  );
  const server = requestServer(
    async (incoming, response, { pathname: path }) => {
      const body = await bodyText(incoming);
      if (latencyMs > 0) await sleep(latencyMs, undefined, { ref: false });
      const { method = 'GET', headers } = incoming;
      const { answer, fault } = api.answer({ method, path, authorization: headers.authorization, body });
      send(response, answer, fault);
    },
    (error) => console.error('demo Descope project:', error),
  );
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    projectId,
    managementKey,
    faults: api.faults,
    searches: api.searches,
    log,
    onSearch: (call) => {
      api.onSearch = call;
    },
    revokeKey: () => {
      api.keyRevoked = true;
    },
    restoreKey: () => {
      api.keyRevoked = false;
    },
    truth: () => log.visible(api.nowMs()),
    mostSearchesWithin: (periodMs) => mostWithin(api.searches, periodMs),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function mostWithin(searches: readonly LoggedSearch[], periodMs: number): number {
  const counts = searches.map(({ atMs }) => searches.filter((s) => s.atMs >= atMs && s.atMs < atMs + periodMs).length);
  return Math.max(0, ...counts);
}
