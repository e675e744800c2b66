import type { ConnectionOptions } from '@temporalio/client';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { TrawlError } from '../errors.js';
import { readProxies, type Variables } from '../http/proxies.js';

type Proxy = NonNullable<NativeConnectionOptions['proxy']>;

/**
 * Adds the proxy that HTTPS_PROXY and NO_PROXY name for the server, for the worker and the clients alike. A connection
 * without TLS is direct, since proxies forward HTTP/1 in clear but tunnel only to TLS; so is one to this machine.
 * @throws TrawlError SETTINGS_INVALID if the proxy cannot be used for gRPC
 */
export function withProxy(options: NativeConnectionOptions, env: Variables): NativeConnectionOptions {
  const { tls, apiKey } = options;
  const address = options.address && withPort(options.address);
  const isSecured = tls === undefined || tls === null ? apiKey !== undefined : tls !== false;
  const url = `https://${address}`;
  if (!address || !isSecured || !URL.canParse(url) || isHere(new URL(url).hostname)) return options;
  const found = readProxies(env)(new URL(url));
  if (!found) return options;
  if (found.url.protocol !== 'http:')
    throw new TrawlError(
      'SETTINGS_INVALID',
      `Temporal cannot be reached through an https:// proxy (${found.variable}).`,
      {
        hint: 'Name a proxy with http://, or list the server in NO_PROXY if it can be reached directly.',
      },
    );
  const targetHost = `${found.url.hostname}:${found.url.port || 80}`;
  const proxy: Proxy = { type: 'http-connect', targetHost, ...(found.credentials && { basicAuth: found.credentials }) };
  return { ...options, address, proxy };
}

/** The SDK would add its port to the address of the proxy. */
function withPort(address: string): string {
  return /:\d+$/.test(address) ? address : `${address}:7233`;
}

function isHere(host: string): boolean {
  return /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(host);
}

/**
 * The options of a client for those of a worker. The gRPC library would read proxies by a rule of its own, and only from
 * the environment of the process; so it is given the proxy, or none.
 */
export function clientOptions({ proxy, ...options }: NativeConnectionOptions): ConnectionOptions {
  const direct = { 'grpc.enable_http_proxy': 0 };
  if (!proxy) return { ...options, channelArgs: direct } as ConnectionOptions;
  const { username, password } = proxy.basicAuth ?? {};
  return {
    ...options,
    address: proxy.targetHost,
    channelArgs: {
      ...direct,
      'grpc.http_connect_target': `dns:${options.address}`,
      'grpc.default_authority': options.address,
      ...(username === undefined ? {} : { 'grpc.http_connect_creds': `${username}:${password}` }),
    },
  } as ConnectionOptions;
}
