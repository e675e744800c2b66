import { type ErrorCode, TrawlError } from '../errors.js';

/** Error for an invalid option or argument. The command ends with exit code 2. */
export class WrongCall extends TrawlError {
  constructor(message: string, hint: string, cause?: unknown, code: ErrorCode = 'INPUT_INVALID') {
    super(code, message, { hint, cause });
  }
}
