import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { reasonOf, TrawlError } from '../errors.js';
import { requestServer } from '../http/incoming.js';
import type { Findings } from './monitor.js';

export interface Listen {
  host: string;
  port: number;
  /** False for the default port; then any of the next ports may be used. */
  asked: boolean;
}

interface Endpoint {
  /** For example `http://127.0.0.1:9464`. */
  url: string;
  close(): Promise<void>;
}

/** Number of further ports to try if none was set. */
const portsTried = 50;

interface Served {
  /** True while the worker accepts tasks. */
  working(): boolean;
  findings(): Promise<Findings>;
  /** Metrics in Prometheus' text format. */
  metrics(): Promise<string>;
}

/**
 * Serves the worker's health over HTTP, for a monitor and an orchestrator:
 * `/healthz` is 200 if no collector has a problem, otherwise 503 with the problems; `/readyz` is 200 if the worker
 * accepts tasks and can read the store; `/livez` is 200 while the process answers and has not failed; `/metrics` is for
 * Prometheus.
 *
 * @throws TrawlError PORT_TAKEN
 */
export async function serveHealth({ host, port: first, asked }: Listen, served: Served): Promise<Endpoint> {
  if (asked) return serveAt(host, first, served);
  for (let port = first; ; port += 1) {
    try {
      return await serveAt(host, port, served);
    } catch (error) {
      if (!(error instanceof TrawlError) || error.code !== 'PORT_TAKEN' || port === first + portsTried) throw error;
    }
  }
}

async function serveAt(host: string, port: number, served: Served): Promise<Endpoint> {
  const server = requestServer(async ({ method = 'GET' }, response, { pathname }) => {
    const { status, body } = await answer(pathname, method, served).catch((error: unknown) => ({
      status: 500,
      body: { error: reasonOf(error) },
    }));
    const [type, text] =
      typeof body === 'string'
        ? ['text/plain; version=0.0.4; charset=utf-8', body]
        : ['application/json', `${JSON.stringify(body)}\n`];
    response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
    response.end(method === 'HEAD' ? undefined : text);
  });
  await listen(server, host, port);
  const address = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  path: string,
  method: string,
  served: Served,
): Promise<{ status: number; body: object | string }> {
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, body: { error: 'Use GET.' } };
  const working = served.working();
  if (path === '/livez') return { status: working ? 200 : 503, body: { worker: workerWord(working) } };
  if (path === '/metrics') return { status: 200, body: await served.metrics() };
  if (path !== '/readyz' && path !== '/healthz')
    return { status: 404, body: { error: 'The paths are /healthz, /readyz, /livez and /metrics.' } };
  const { at, store, collectors } = await served.findings();
  const ready = working && store === null;
  const state = { worker: workerWord(working), store: store ?? 'ok' };
  if (path === '/readyz') return { status: ready ? 200 : 503, body: state };
  const problems = collectors.flatMap(({ collector, problems: its }) =>
    its.map((problem) => ({ collector, ...problem })),
  );
  const well = ready && problems.length === 0;
  const body = { status: well ? 'ok' : 'problems', at, ...state, collectors: collectors.length, problems };
  return { status: well ? 200 : 503, body };
}

const workerWord = (working: boolean): string => (working ? 'running' : 'ended');

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new TrawlError('PORT_TAKEN', `Health cannot be served at ${host}:${port}: ${reasonOf(error)}.`, {
          hint: 'Set TRAWL_LISTEN to another HOST:PORT, or to "off".',
          cause: error,
        }),
      ),
    );
    server.listen(port, host, () => resolve());
  });
}
