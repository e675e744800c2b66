import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { isLoopback } from '../loopback.js';

/**
 * Decides which hosts a request may name. A page of another site can lead its own name to this server (DNS rebinding),
 * but then its requests carry that name; so only names that are listed count, and addresses, which nobody can lead
 * elsewhere. A server on loopback takes loopback addresses only.
 *
 * @param address the address that the server is bound to
 * @param names further names
 */
export function hostList(address: string, names: readonly string[] = []): (host: string) => boolean {
  const isLocal = isLoopback(address);
  const listed = new Set(['localhost', ...(isLocal ? [] : [hostname()]), ...names].map((name) => name.toLowerCase()));
  return (host) => listed.has(host) || (isLocal ? isLoopback(host) : isIP(host) !== 0);
}

/**
 * The hosts that a request names, as they stand, without port and brackets: that of its Host header and that of an
 * absolute target. None for a request of HTTP/1.0 without either, which no browser sends.
 */
export function hostsOf({ url = '', headers: { host } }: IncomingMessage): string[] {
  const [, ofTarget] = /^https?:\/\/([^/?#]*)/i.exec(url) ?? [];
  return [host, ofTarget].filter((name) => name !== undefined).map(withoutPort);
}

/** True unless a browser sends the request for a page of another site. Behind a proxy with TLS, that has the other scheme. */
export function isOwnOrigin({ origin, host }: IncomingHttpHeaders): boolean {
  return origin === undefined || /^https?:\/\/(.*)$/i.exec(origin)?.[1]?.toLowerCase() === host?.toLowerCase();
}

function withoutPort(authority: string): string {
  return authority
    .toLowerCase()
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1');
}
