import { z } from 'zod';
import { wholeNumberSetting, yesNoSetting } from '../settings/kinds.js';

/** Shared by the kinds of sinks that push. */
export const gzipSetting = yesNoSetting({ env: 'GZIP', meaning: 'Compress requests with gzip' }, 'yes');

/** Bounded so that a request that is begun in time ends before its activity does. Seconds. */
export const timeoutRange: [number, number] = [1, 300];

export function timeoutSetting(otherwise: number) {
  return wholeNumberSetting(
    { env: 'TIMEOUT_SECONDS', meaning: 'How long the receiver may take to answer a request; seconds' },
    timeoutRange,
    otherwise,
  );
}

/** Text allowed in a header: printable ASCII. */
export const headerText = z
  .string()
  .min(1)
  .max(4096)
  .regex(/^[\u0020-\u007e]+$/);

/** A word of printable ASCII without spaces. */
export function word(max: number) {
  return z
    .string()
    .min(1)
    .max(max)
    .regex(/^[\u0021-\u007e]+$/);
}
