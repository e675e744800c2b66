import type { Environment } from '../environment.js';
import { temporalMetrics } from '../metrics/temporal.js';
import { WorkerMetrics } from '../metrics/worker-metrics.js';
import type { Store } from '../stores/store.js';
import type { TemporalAddress } from '../temporal/connection.js';
import { installTemporalRuntime } from '../temporal/runtime.js';
import { startTracing } from '../tracing/start.js';
import type { Findings } from '../watch/monitor.js';
import { type RunningWorker, startWorker } from '../worker.js';
import type { Context } from './context.js';

export interface ObservedWorker extends RunningWorker {
  /** Metrics of the worker, of Temporal's SDK and of the findings from the store. */
  metrics(findings: Findings): Promise<string>;
}

interface ObservedWorkerOptions {
  env?: Environment;
  logLevel?: string | undefined;
  /** True if its metrics are served. */
  measured: boolean;
}

/** Starts a worker with the settings of this process. It ends with the verb. */
export async function startObservedWorker(
  context: Context,
  store: Store,
  temporal: TemporalAddress,
  { env = context.settings.env, logLevel, measured }: ObservedWorkerOptions,
): Promise<ObservedWorker> {
  const logger = await context.logger(logLevel);
  context.link.warnBy((text) => logger.warn(`The connection to the store ${context.settings.store.name}: ${text}`));
  const tracing = await startTracing(env, logger);
  context.onClose(async () => tracing?.shutdown());
  const sdkAddress = await installTemporalRuntime(logger, measured);
  const metrics = new WorkerMetrics();
  const { tuning, temporalSettings } = context.settings;
  const worker = await startWorker({ temporal, store, env, tuning, temporalSettings, observer: metrics, tracing });
  context.onClose(() => worker.stop().catch(() => undefined));
  return {
    ...worker,
    metrics: async (findings) => {
      const [temporalUp, ofSdk] = await Promise.all([worker.temporalUp(), temporalMetrics(sdkAddress)]);
      return `${await metrics.text({ working: worker.working(), temporalUp, findings })}${ofSdk}`;
    },
  };
}
