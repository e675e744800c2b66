import { TrawlError } from '../errors.js';

/** Error for an invalid option or argument. The command ends with exit code 2. */
export class WrongCall extends TrawlError {
  constructor(message: string, hint: string, cause?: unknown) {
    super('INPUT_INVALID', message, { hint, cause });
  }
}

/** Only the server parses a cron. Converts its refusal to a WrongCall, and returns any other error unchanged. */
export function cronRefusal(error: unknown, cron: string): unknown {
  const details = (error as { cause?: { details?: string } }).cause?.details ?? '';
  if (!/cron/i.test(details)) return error;
  return new WrongCall(
    `The server does not accept the cron ${JSON.stringify(cron)}: ${details.replace(/\.+$/, '')}.`,
    'Use five fields, for example "*/5 * * * *".',
    error,
  );
}
