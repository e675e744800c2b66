import { TrawlError } from '../errors.js';
import type { HttpProxy } from './proxies.js';

/** The hint for a proxy's refusal. */
function refusalHint(status: number, host: string, { variable }: HttpProxy): string {
  const direct = `or list ${host.replace(/:\d+$/, '')} in NO_PROXY if it can be reached directly`;
  if (status === 407)
    return `Correct the user and password of the proxy in ${variable} (http://USER:PASSWORD@HOST:PORT, special characters as %XX).`;
  if (status === 403 || status === 401) return `Have the operator of the proxy allow ${host}, ${direct}.`;
  return `The proxy opens no tunnel (CONNECT) to ${host}: name another one in ${variable}, ${direct}.`;
}

/** Says whether the proxy itself may do better next time, as it may if it cannot reach the host. */
function passes(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501 && status !== 505 && status !== 511);
}

/** The error for a proxy that answers a request with this status instead of passing it on. */
export function proxyRefusal(status: number, host: string, proxy: HttpProxy, cause?: unknown): TrawlError {
  const name = proxy.url.host;
  if (passes(status))
    return new TrawlError('SOURCE_UNAVAILABLE', `The proxy ${name} does not reach ${host}: it answered ${status}.`, {
      hint: `The request is retried; if this persists, look at the proxy in ${proxy.variable}.`,
      cause,
    });
  return new TrawlError('PROXY_REFUSED', `The proxy ${name} refuses a connection to ${host}: it answered ${status}.`, {
    hint: refusalHint(status, host, proxy),
    cause,
  });
}

/** The status in undici's error for a proxy that refuses; undefined for any other error. */
export function refusedStatus(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const [, tunnel, forwarded] =
    /^Proxy response \((\d{3})\)|Proxy Authentication Required \((407)\)/.exec(error.message) ?? [];
  const status = tunnel ?? forwarded;
  return status === undefined ? refusedStatus(error.cause) : Number(status);
}

/** Errors of a connection that was not made. Through a proxy, it is the proxy that was not reached. */
const unreached = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|UND_ERR_CONNECT_TIMEOUT|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/;

/** A hint for a proxy that cannot be reached; undefined if the reason is another one. */
export function unreachedProxyHint(codes: string, proxy: HttpProxy): string | undefined {
  if (unreached.test(codes)) return `Check the proxy ${proxy.url.host} in ${proxy.variable}, and the network to it.`;
  if (proxy.url.protocol === 'https:' && /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG/.test(codes))
    return `The proxy may not speak TLS itself: write http:// in ${proxy.variable}.`;
  return undefined;
}

/** A sentence for the hint of an answer that may be the proxy's own. */
export function proxyHint({ proxy }: { proxy?: string | undefined }): string {
  return proxy === undefined ? '' : ` The answer came through the proxy ${proxy}, which may have refused it itself.`;
}
