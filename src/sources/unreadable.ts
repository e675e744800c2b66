import { TrawlError } from '../errors.js';

/** Longer unreadable answers are cut to this length before they are kept. */
const keptCharactersMax = 65_536;

/** Error for an answer that is not a page. Carries the received text, so that it can be kept and inspected. */
export class UnreadableAnswer extends TrawlError {
  readonly #answer: string;

  constructor(message: string, answer: string, cause?: unknown) {
    super('ANSWER_UNREADABLE', message, {
      hint: 'The answer is kept in rejected_events and the page is requested again; if this persists, check the base URL and any proxy.',
      cause,
    });
    this.#answer = answer.slice(0, keptCharactersMax);
  }

  /** A getter rather than a property, so that logging the error does not log the answer. */
  get answer(): string {
    return this.#answer;
  }
}
