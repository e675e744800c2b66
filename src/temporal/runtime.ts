import { DefaultLogger, type LogEntry, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import type { Logger } from '../log.js';
import { anyFreePorts } from '../ports.js';

/** Somebody else may take a free port before the SDK does. */
const portsTried = 5;

/**
 * Sends what Temporal's SDK and its core log the same way. Once a process.
 * @param measured whether the SDK serves what it counts, to this machine only
 * @returns where: `HOST:PORT`; null where it does not
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

/** Those of Prometheus. */
const conventions = { countersTotalSuffix: true, unitSuffix: true, useSecondsForDurations: true };

const levels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

function passOn(logger: Logger, { level, message, meta }: LogEntry): void {
  // The SDK tells each state of the worker at INFO, and what failure.ts has said already at WARN.
  const quieter = level === 'INFO' || message === 'Activity failed' || message === 'Workflow failed';
  const { taskToken, isLocal, namespace, taskQueue, workflowRunId, ...rest } = (meta ?? {}) as Record<string, unknown>;
  // Workflows and activities have two names for it.
  const told = workflowRunId === undefined ? rest : { ...rest, runId: workflowRunId };
  logger[quieter ? 'debug' : levels[level]](told, message);
}
