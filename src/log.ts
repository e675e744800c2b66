import pino, { type Logger } from 'pino';
import pretty from 'pino-pretty';
import type { Environment } from './environment.js';

export type { Logger };

/** Makes the logger. It writes to standard error: readable text on a terminal, otherwise JSON. */
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
