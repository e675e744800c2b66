import { type ErrorCode, errorCodes } from '../errors.js';

/** Codes of problems that are not errors. docs/errors.md explains each. */
export const problemCodes = [
  'LATE',
  'NO_NEXT_RUN',
  'RETENTION_NEAR',
  'NOT_CAUGHT_UP',
  'OFFLOAD_LATE',
  'RUN_STUCK',
  'PAUSED',
  'WORKER_LOST',
  'EVENTS_LOST',
  'EVENTS_REFUSED',
  'EVENTS_REJECTED',
  'REPETITION_OPEN',
  'PROOF_UNSIGNED',
  'FILTERED',
  'PROOF_FORKED',
  'PROOF_NOT_ANCHORED',
] as const;

type ProblemCode = (typeof problemCodes)[number] | ErrorCode | 'UNEXPECTED';

/** A problem of a collector. The message says what is wrong and how to repair it. */
export interface Problem {
  code: ProblemCode;
  message: string;
}

/** The code of a run's failure; RUN_FAILED if docs/errors.md does not explain it. */
export function failureCodeOf(type: string | null): ProblemCode {
  const explained: readonly string[] = [...Object.keys(errorCodes), ...problemCodes, 'UNEXPECTED'];
  return type !== null && explained.includes(type) ? (type as ProblemCode) : 'RUN_FAILED';
}

/** True if Trawl retries automatically, so that no one has to act yet. */
export function passesByItself(code: ProblemCode): boolean {
  return code in errorCodes && errorCodes[code as ErrorCode].retry;
}

/** Splits a text that ends with its code in brackets, which is how the store keeps errors. */
export function splitCode(text: string): Problem {
  const [, message = text, type = null] = /^(.*) \[([A-Z_]+)\]$/s.exec(text) ?? [];
  return { code: failureCodeOf(type), message };
}
