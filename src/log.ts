import { createRequire } from 'node:module';
import pino, { type DestinationStream, type Logger } from 'pino';
import type { PrettyOptions } from 'pino-pretty';
import type { Environment } from './environment.js';
import { printableJson, printableLines, printableRecord } from './printable.js';

export type { Logger };

interface LogOptions {
  /** Used if TRAWL_LOG_LEVEL is not set; default info. */
  level?: string | undefined;
  /** Writes a line to the terminal; for a terminal whose last line is being rewritten. */
  above?(write: () => void): void;
}

/**
 * Makes the logger. It writes to standard error: a line for each record on a terminal, otherwise JSON. A text of a vendor,
 * such as an event's type, can neither control the terminal nor look like another line, here or where the JSON is shown.
 */
export function createLogger(
  env: Environment,
  { level = 'info', above = (write) => write() }: LogOptions = {},
): Logger {
  const options = { level: env.TRAWL_LOG_LEVEL ?? level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  if (!process.stderr.isTTY) return pino(options, safely(pino.destination({ fd: 2, sync: true }), printableLog));
  const pretty = createRequire(import.meta.url)('pino-pretty') as typeof import('pino-pretty');
  const terminal = pretty({ destination: 2, translateTime: 'SYS:HH:MM:ss', sync: true, ...formOf(options.level) });
  const safe = safely(terminal, (line) => `${JSON.stringify(printableRecord(JSON.parse(line)))}\n`);
  return pino(options, { write: (line) => above(() => safe.write(line)) });
}

/** People who look for a fault see every field; others one line. */
function formOf(level: string): PrettyOptions {
  if (level === 'debug' || level === 'trace') return { ignore: 'sdkComponent,taskQueue,namespace' };
  return { hideObject: true, messageFormat: (record, messageKey) => inOneLine(record, String(record[messageKey])) };
}

function inOneLine({ collector, hint, reason, code }: Record<string, unknown>, message: string): string {
  const said = [collector ? `${collector}: ${message}` : message, hint, reason].filter((part) => part);
  return `${said.join(' ')}${code ? ` [${code}]` : ''}`;
}

function printableLog(line: string): string {
  return printableLines(line, printableJson);
}

function safely(to: DestinationStream, safe: (line: string) => string): DestinationStream {
  return { write: (line) => to.write(safe(line)) };
}
