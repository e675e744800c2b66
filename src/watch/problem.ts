import { type ErrorCode, errorCodes } from '../errors.js';

/** What can be told of a collector beside the errors; docs/errors.md explains each. */
export const problemCodes = [
  'LATE',
  'RETENTION_NEAR',
  'OFFLOAD_LATE',
  'RUN_STUCK',
  'PAUSED',
  'WORKER_LOST',
  'EVENTS_LOST',
  'EVENTS_REFUSED',
] as const;

export type ProblemCode = (typeof problemCodes)[number] | ErrorCode | 'UNEXPECTED';

/** What is wrong with a collector, in words that lead to the repair. */
export interface Problem {
  code: ProblemCode;
  message: string;
}

/** The code of a run's failure; RUN_FAILED where it has none that is explained. */
export function failureCodeOf(type: string | null): ProblemCode {
  const explained: readonly string[] = [...Object.keys(errorCodes), ...problemCodes, 'UNEXPECTED'];
  return type !== null && explained.includes(type) ? (type as ProblemCode) : 'RUN_FAILED';
}

/** Whether Trawl tries again by itself, so that nobody has to do anything yet. */
export function passesByItself(code: ProblemCode): boolean {
  return code in errorCodes && errorCodes[code as ErrorCode].retry;
}

/** A text that ends with its code in brackets, as errors are kept in the store. */
export function splitCode(text: string): Problem {
  const [, message = text, type = null] = /^(.*) \[([A-Z_]+)\]$/s.exec(text) ?? [];
  return { code: failureCodeOf(type), message };
}
