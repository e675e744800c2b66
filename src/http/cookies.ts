import { parseCookie } from 'undici';
import type { HttpAnswer } from './client.js';

const cookiesMax = 50;

/**
 * Cookies shared by a group of requests to one host: they let a load balancer route later requests to the same backend
 * as the first. The path and domain of a cookie are ignored.
 */
export class Cookies {
  readonly #values = new Map<string, string>();

  /** Applies the cookies that an answer sets, changes or removes. */
  keep({ headers }: HttpAnswer): void {
    for (const header of headers['set-cookie'] ?? []) {
      const cookie = parseCookie(header);
      if (!cookie || cookie.name === '') continue;
      this.#values.delete(cookie.name);
      if (!isOver(cookie) && this.#values.size < cookiesMax) this.#values.set(cookie.name, cookie.value);
    }
  }

  /** The header for the next request; empty before the first cookie. */
  header(): { cookie?: string } {
    if (this.#values.size === 0) return {};
    return { cookie: [...this.#values].map(([name, value]) => `${name}=${value}`).join('; ') };
  }
}

/** Max-Age takes precedence over Expires (RFC 6265, section 5.3). */
function isOver({ maxAge, expires }: NonNullable<ReturnType<typeof parseCookie>>): boolean {
  if (maxAge !== undefined) return maxAge <= 0;
  return expires !== undefined && Number(expires) <= Date.now();
}
