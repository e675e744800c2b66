import { TrawlError } from '../errors.js';
import { requireCron } from '../watch/ticks.js';
import { WrongCall } from './wrong-call.js';

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
