/** Counts requests in periods of a fixed length, the first of which begins with the server. */
export class RateLimit {
  readonly #limit: number;
  readonly #periodMs: number;
  readonly #startMs = Date.now();
  #period = 0;
  #used = 0;

  constructor(limit: number, periodMs: number) {
    this.#limit = limit;
    this.#periodMs = periodMs;
  }

  /** Counts one more request if it is allowed, and returns whether it is. */
  take(): boolean {
    this.#turn();
    if (this.#used >= this.#limit) return false;
    this.#used += 1;
    return true;
  }

  headers(): Record<string, string> {
    this.#turn();
    // Rounded up, so that a client that waits for this second does not come too early.
    const reset = Math.ceil((this.#startMs + (this.#period + 1) * this.#periodMs) / 1000);
    return rateLimitHeaders(this.#limit, this.#limit - this.#used, reset);
  }

  #turn(): void {
    const period = Math.floor((Date.now() - this.#startMs) / this.#periodMs);
    if (period <= this.#period) return;
    this.#period = period;
    this.#used = 0;
  }
}

export function rateLimitHeaders(limit: number, remaining: number, resetSeconds: number): Record<string, string> {
  return {
    'X-RateLimit-Limit': String(limit),
    'X-RateLimit-Remaining': String(remaining),
    'X-RateLimit-Reset': String(resetSeconds),
  };
}
