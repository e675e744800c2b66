import { type ErrorCode, reasonOf, TrawlError } from '../errors.js';
import { systemError } from '../system-errors.js';
import { printable } from './output.js';

/** The form in which the command reports every error: what happened, what to do, and a code of docs/errors.md. */
export interface ErrorReport {
  code: ErrorCode | 'UNEXPECTED';
  message: string;
  hint: string;
}

export function errorReport(thrown: unknown): ErrorReport {
  const error = systemError(thrown) ?? thrown;
  if (error instanceof TrawlError) return { code: error.code, message: error.message, hint: error.hint };
  return {
    code: 'UNEXPECTED',
    message: `unexpected: ${reasonOf(error).replace(/\.+$/, '')}.`,
    hint: 'This is a bug: report it, with the output of TRAWL_LOG_LEVEL=debug.',
  };
}

/** Formats an error on one line. */
export function inWords({ code, message, hint }: ErrorReport): string {
  return `${printable(`${message} ${hint}`)} [${code}]`;
}
