import { TrawlError } from '../errors.js';
import { requireCron } from '../watch/ticks.js';

/** Error for an invalid option or argument. The command ends with exit code 2. */
export class WrongCall extends TrawlError {
  constructor(message: string, hint: string, cause?: unknown) {
    super('INPUT_INVALID', message, { hint, cause });
  }
}

/** Refuses a cron before anything is started for it. @throws WrongCall */
export function checkCron(cron: string | undefined): void {
  try {
    if (cron !== undefined) requireCron(cron);
  } catch (error) {
    throw wrongCallOf(error);
  }
}

/** Returns a WrongCall for an input that was refused only when it was carried out, and any other error unchanged. */
export function wrongCallOf(error: unknown): unknown {
  if (!(error instanceof TrawlError) || error.code !== 'INPUT_INVALID') return error;
  return new WrongCall(error.message, error.hint, error);
}
