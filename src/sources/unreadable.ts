import { TrawlError } from '../errors.js';

/** At most this much of an unreadable answer is kept. */
const keptCharactersMax = 65_536;

/** An answer that is no page, with the text that came so that it can be kept and looked at. */
export class UnreadableAnswer extends TrawlError {
  readonly #answer: string;

  constructor(message: string, answer: string, cause?: unknown) {
    super('ANSWER_UNREADABLE', message, {
      hint: 'The answer is kept in rejected_events and the same page is asked for again; if it stays so, check the base URL and any proxy between.',
      cause,
    });
    this.#answer = answer.slice(0, keptCharactersMax);
  }

  /** No property of its own, so that logging the error does not log it. */
  get answer(): string {
    return this.#answer;
  }
}
