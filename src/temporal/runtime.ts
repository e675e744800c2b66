import { DefaultLogger, type LogEntry, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import type { Logger } from '../log.js';
import { anyFreePorts } from '../ports.js';

/** More than one, since another process may take a free port before the SDK does. */
const portsTried = 5;

/**
 * Sends the log of Temporal's SDK and its core to the logger. May be called once per process.
 * @param measured whether the SDK serves its metrics, on the loopback interface only.
 * @returns `HOST:PORT` of the metrics; null if they are not served.
 */
export async function installTemporalRuntime(logger: Logger, measured = false): Promise<string | null> {
  for (let tried = 1; ; tried += 1) {
    const bindAddress = measured ? `127.0.0.1:${(await anyFreePorts(['127.0.0.1']))[0]}` : null;
    try {
      Runtime.install({
        logger: new DefaultLogger('DEBUG', (entry) => passOn(logger, entry)),
        telemetryOptions: {
          logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }), forward: {} },
          ...(bindAddress === null ? {} : { metrics: { prometheus: { bindAddress, ...conventions } } }),
        },
        shutdownSignals: [],
      });
      return bindAddress;
    } catch (error) {
      if (bindAddress === null || tried === portsTried) throw error;
    }
  }
}

/** Prometheus naming conventions. */
const conventions = { countersTotalSuffix: true, unitSuffix: true, useSecondsForDurations: true };

const levels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

function passOn(logger: Logger, { level, message, meta }: LogEntry): void {
  // The SDK logs each state of the worker at INFO, and at WARN the failures that failure.ts has already logged.
  const quieter = level === 'INFO' || message === 'Activity failed' || message === 'Workflow failed';
  const { taskToken, isLocal, namespace, taskQueue, workflowRunId, ...rest } = (meta ?? {}) as Record<string, unknown>;
  // Workflows call it runId, activities workflowRunId.
  const attributes = workflowRunId === undefined ? rest : { ...rest, runId: workflowRunId };
  logger[quieter ? 'debug' : levels[level]](attributes, message);
}
