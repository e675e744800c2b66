import type { Environment } from '../environment.js';
import { sourceKinds } from '../sources/kinds.js';
import type { Store } from '../stores/store.js';
import { serveHealth } from '../watch/endpoint.js';
import { Monitor } from '../watch/monitor.js';
import type { Context } from './context.js';
import type { ObservedWorker } from './observed-worker.js';

/**
 * Watches the collectors for as long as the verb runs. Reports problems in the log and over HTTP.
 * @returns the URL at which health is served; null if it is not served.
 * @throws TrawlError PORT_TAKEN if the configured port is taken.
 */
export async function watchWorker(
  context: Context,
  store: Store,
  worker: ObservedWorker,
  env: Environment = context.settings.env,
): Promise<string | null> {
  const { listen, httpHosts, lateAfterRuns } = context.settings;
  const logger = await context.logger();
  const monitor = new Monitor({ store, sources: sourceKinds, env, lateAfterRuns }, logger);
  await monitor.start();
  context.onClose(async () => monitor.stop());
  if (!listen) return null;
  const endpoint = await serveHealth(listen, {
    working: () => worker.working(),
    findings: () => monitor.findings(),
    metrics: async () => worker.metrics(await monitor.findings()),
    names: httpHosts,
    warn: (message) => logger.warn(message),
  });
  context.onClose(() => endpoint.close());
  return endpoint.url;
}
