import { createRequire } from 'node:module';
import pino, { type Logger } from 'pino';
import type { Environment } from './environment.js';

export type { Logger };

/** Makes the logger. It writes to standard error: readable text on a terminal, otherwise JSON. */
export function createLogger(env: Environment, level = 'info'): Logger {
  const options = { level: env.TRAWL_LOG_LEVEL ?? level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  if (!process.stderr.isTTY) return pino(options, pino.destination({ fd: 2, sync: true }));
  const pretty = createRequire(import.meta.url)('pino-pretty') as typeof import('pino-pretty');
  const ignore = 'sdkComponent,taskQueue,namespace';
  return pino(options, pretty({ destination: 2, ignore, translateTime: 'SYS:HH:MM:ss', sync: true }));
}
