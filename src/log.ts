import { DefaultLogger, type LogEntry, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import pino, { type Logger } from 'pino';
import pretty from 'pino-pretty';
import type { Environment } from './settings/collector.js';

export type { Logger };

/** Logs go to standard error: readable on a terminal, JSON elsewhere. */
export function createLogger(env: Environment, level = 'info'): Logger {
  const options = { level: env.TRAWL_LOG_LEVEL ?? level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  return process.stderr.isTTY
    ? pino(
        options,
        pretty({
          destination: 2,
          ignore: 'sdkComponent,taskQueue,namespace',
          translateTime: 'SYS:HH:MM:ss',
          sync: true,
        }),
      )
    : pino(options, pino.destination({ fd: 2, sync: true }));
}

/** Sends what Temporal's SDK and its core log the same way. Once a process. */
export function installTemporalLogger(logger: Logger): void {
  Runtime.install({
    logger: new DefaultLogger('DEBUG', (entry) => passOn(logger, entry)),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }), forward: {} } },
    shutdownSignals: [],
  });
}

const levels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

function passOn(logger: Logger, { level, message, meta }: LogEntry): void {
  // The SDK tells each state of the worker at INFO, and what failure.ts has said already at WARN.
  const quieter = level === 'INFO' || message === 'Activity failed' || message === 'Workflow failed';
  const { taskToken, isLocal, namespace, taskQueue, ...told } = (meta ?? {}) as Record<string, unknown>;
  logger[quieter ? 'debug' : levels[level]](told, message);
}
