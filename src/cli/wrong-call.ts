import { TrawlError } from '../errors.js';

/** An option or argument that cannot be meant: the call is wrong, as against what it finds. Ends with exit code 2. */
export class WrongCall extends TrawlError {
  constructor(message: string, hint: string, cause?: unknown) {
    super('INPUT_INVALID', message, { hint, cause });
  }
}

/** A cron is read by the server alone: its refusal as a WrongCall, and any other error as it is. */
export function cronRefusal(error: unknown, cron: string): unknown {
  const details = (error as { cause?: { details?: string } }).cause?.details ?? '';
  if (!/cron/i.test(details)) return error;
  return new WrongCall(
    `The server does not take the cron ${JSON.stringify(cron)}: ${details.replace(/\.+$/, '')}.`,
    'Give five fields, for example "*/5 * * * *".',
    error,
  );
}
