import { TrawlError } from '../errors.js';

/** Pages in a row that must arrive before a larger size is tried again. */
const firstPatience = 20;
const patienceMax = 1_280;
/** A page that takes too long is not asked for in smaller pieces than this. */
const slowLeast = 50;

/**
 * How many events to ask for at once. A page that is too large or takes too long is asked for in smaller pieces, and so
 * are the pages after it, since each would cost a whole time-out again. Larger ones are tried again after a while, more
 * rarely each time that they fail.
 */
export class PageSize {
  readonly #max: number;
  #current: number;
  #arrived = 0;
  #patience = firstPatience;
  /** True if a larger size is being tried again. */
  #grown = false;

  constructor(max: number) {
    this.#max = max;
    this.#current = max;
  }

  get current(): number {
    return this.#current;
  }

  /** True if a smaller page may succeed where this error came: the size is then lowered. */
  shrinkAfter(error: unknown): boolean {
    if (!(error instanceof TrawlError) || !error.tooMuch) return false;
    // What takes too long may do so whatever its size, as in an outage.
    const least = error.retry ? Math.min(slowLeast, this.#max) : 1;
    if (this.#current <= least) return false;
    if (this.#grown) this.#patience = Math.min(this.#patience * 2, patienceMax);
    this.#grown = false;
    this.#current = Math.max(Math.ceil(this.#current / 2), least);
    this.#arrived = 0;
    return true;
  }

  /** Call it for each page that has arrived. */
  arrived(): void {
    this.#arrived += 1;
    if (this.#arrived < this.#patience) return;
    this.#arrived = 0;
    if (this.#current === this.#max) {
      this.#grown = false;
      this.#patience = firstPatience;
      return;
    }
    this.#grown = true;
    this.#current = Math.min(this.#current * 2, this.#max);
  }
}
