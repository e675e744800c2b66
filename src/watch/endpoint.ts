import { TrawlError } from '../errors.js';
import { type Served, serveSite } from '../http/serve.js';
import type { Answer, Route } from '../http/site.js';
import { sharedResult } from '../shared-result.js';
import type { Findings } from './monitor.js';

export interface Listen {
  host: string;
  port: number;
  /** False for the default port; then any of the next ports may be used. */
  asked: boolean;
}

/** Number of further ports to try if none was set. */
const portsTried = 50;

/** Scrapes that come at the same time, or one right after the other, cost one look. */
const metricsFreshMs = 1_000;

interface Watching {
  /** True while the worker accepts tasks. */
  working(): boolean;
  findings(): Promise<Findings>;
  /** Metrics in Prometheus' text format. */
  metrics(): Promise<string>;
  /** Names that requests may use for this machine, besides localhost and addresses. */
  names?: readonly string[];
  warn?: (message: string) => void;
}

/**
 * Serves the worker's health over HTTP, for a monitor and an orchestrator:
 * `/healthz` is 200 if no collector has a problem, otherwise 503 with the problems; `/readyz` is 200 if the worker
 * accepts tasks and can read the store; `/livez` is 200 while the process answers and has not failed; `/metrics` is for
 * Prometheus.
 *
 * @throws TrawlError PORT_TAKEN
 */
export async function serveHealth({ host, port: first, asked }: Listen, served: Watching): Promise<Served> {
  if (asked) return serveAt(host, first, served);
  for (let port = first; ; port += 1) {
    try {
      return await serveAt(host, port, served);
    } catch (error) {
      if (!(error instanceof TrawlError) || error.code !== 'PORT_TAKEN' || port === first + portsTried) throw error;
    }
  }
}

function serveAt(host: string, port: number, served: Watching): Promise<Served> {
  const { warn, names = [] } = served;
  const metrics = sharedResult(() => served.metrics(), metricsFreshMs);
  const get = (answer: () => Answer | Promise<Answer>): Route => ({ GET: answer });
  const routes = new Map<string, Route>([
    ['/livez', get(() => liveness(served))],
    ['/readyz', get(async () => readiness(served, await served.findings()))],
    ['/healthz', get(async () => health(served, await served.findings()))],
    ['/metrics', get(async () => ({ status: 200, headers: metricsType, body: await metrics() }))],
  ]);
  const site = {
    route: (path: string) => routes.get(path),
    paths: 'The paths are /healthz, /readyz, /livez and /metrics.',
    ...(warn ? { warn } : {}),
  };
  const hint = 'Set TRAWL_LISTEN to another HOST:PORT, or to "off".';
  return serveSite(site, { host, port, names, what: 'Health', hint });
}

const metricsType = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' };

function liveness(served: Watching): Answer {
  const working = served.working();
  return { status: working ? 200 : 503, body: { worker: workerWord(working) } };
}

function stateOf(served: Watching, { store }: Findings) {
  const working = served.working();
  return { isReady: working && store === null, state: { worker: workerWord(working), store: store ?? 'ok' } };
}

function readiness(served: Watching, findings: Findings): Answer {
  const { isReady, state } = stateOf(served, findings);
  return { status: isReady ? 200 : 503, body: state };
}

function health(served: Watching, findings: Findings): Answer {
  const { isReady, state } = stateOf(served, findings);
  const { at, collectors } = findings;
  const problems = collectors.flatMap(({ collector, problems: its }) =>
    its.map((problem) => ({ collector, ...problem })),
  );
  const well = isReady && problems.length === 0;
  const body = { status: well ? 'ok' : 'problems', at, ...state, collectors: collectors.length, problems };
  return { status: well ? 200 : 503, body };
}

const workerWord = (working: boolean): string => (working ? 'running' : 'ended');
