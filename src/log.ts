import { createRequire } from 'node:module';
import pino, { type DestinationStream, type Logger } from 'pino';
import type { Environment } from './environment.js';
import { printableJson, printableLines, printableRecord } from './printable.js';

export type { Logger };

/**
 * Makes the logger. It writes to standard error: readable text on a terminal, otherwise JSON. A text of a vendor, such as
 * an event's type, can neither control the terminal nor look like another line, here or where the JSON is shown.
 */
export function createLogger(env: Environment, level = 'info'): Logger {
  const options = { level: env.TRAWL_LOG_LEVEL ?? level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  if (!process.stderr.isTTY) return pino(options, safely(pino.destination({ fd: 2, sync: true }), printableLog));
  const pretty = createRequire(import.meta.url)('pino-pretty') as typeof import('pino-pretty');
  const ignore = 'sdkComponent,taskQueue,namespace';
  const terminal = pretty({ destination: 2, ignore, translateTime: 'SYS:HH:MM:ss', sync: true });
  return pino(
    options,
    safely(terminal, (line) => `${JSON.stringify(printableRecord(JSON.parse(line)))}\n`),
  );
}

function printableLog(line: string): string {
  return printableLines(line, printableJson);
}

function safely(to: DestinationStream, safe: (line: string) => string): DestinationStream {
  return { write: (line) => to.write(safe(line)) };
}
