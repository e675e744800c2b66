import { Agent, type Dispatcher, Pool, ProxyAgent } from 'undici';
import { authorizationOf, type HttpProxy, type ProxyFor, readProxies, type Variables } from './proxies.js';

interface RouteOptions {
  headersTimeout: number;
  bodyTimeout: number;
  connect: { timeout: number };
}

/** Keeps connections alive, direct ones and those through each proxy. */
export class Routes {
  readonly #options: RouteOptions;
  readonly #proxyFor: ProxyFor;
  readonly #straight: Agent;
  readonly #proxied = new Map<string, ProxyAgent>();

  /** @throws TrawlError SETTINGS_INVALID if the proxy settings cannot be read */
  constructor(env: Variables, options: RouteOptions) {
    this.#proxyFor = readProxies(env);
    this.#options = options;
    this.#straight = new Agent({ ...options });
  }

  /** The proxy for a URL; undefined for a direct connection. */
  proxyFor(url: string): HttpProxy | undefined {
    return URL.canParse(url) ? this.#proxyFor(new URL(url)) : undefined;
  }

  to(url: string): Dispatcher {
    const proxy = this.proxyFor(url);
    if (!proxy) return this.#straight;
    const key = `${proxy.url.href} ${authorizationOf(proxy)}`;
    const agent = this.#proxied.get(key) ?? this.#through(proxy);
    this.#proxied.set(key, agent);
    return agent;
  }

  async destroy(): Promise<void> {
    await Promise.all([this.#straight, ...this.#proxied.values()].map((agent) => agent.destroy()));
  }

  /** Plain HTTP is forwarded, not tunnelled: most proxies tunnel only to TLS ports. */
  #through(proxy: HttpProxy): ProxyAgent {
    const { url } = proxy;
    const authorization = authorizationOf(proxy);
    return new ProxyAgent({
      ...this.#options,
      uri: url.href,
      proxyTunnel: false,
      ...(authorization === undefined ? {} : { token: authorization }),
      // Otherwise forwarding connections do not get the options.
      factory: (origin, options) => new Pool(origin, { ...this.#options, ...options }),
    });
  }
}
