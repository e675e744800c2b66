import { parseCookie } from 'undici';
import type { HttpAnswer } from './client.js';

const cookiesMax = 50;

/**
 * The cookies of requests that belong together, all to one host: a load balancer knows by them where it sent the first
 * one. Path and domain of a cookie are not looked at.
 */
export class Cookies {
  readonly #values = new Map<string, string>();

  /** Takes over what an answer sets, changes and takes away. */
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

/** Max-Age goes before Expires (RFC 6265, section 5.3). */
function isOver({ maxAge, expires }: NonNullable<ReturnType<typeof parseCookie>>): boolean {
  if (maxAge !== undefined) return maxAge <= 0;
  return expires !== undefined && Number(expires) <= Date.now();
}
