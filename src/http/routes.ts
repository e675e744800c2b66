import { Agent, type Dispatcher, Pool, ProxyAgent } from 'undici';
import { type HttpProxy, type ProxyFor, readProxies, type Variables } from './proxies.js';

export interface RouteOptions {
  headersTimeout: number;
  bodyTimeout: number;
  connect: { timeout: number };
}

/** Connections that are kept: straight ones, and those of each proxy. */
export class Routes {
  readonly #options: RouteOptions;
  readonly #proxyFor: ProxyFor;
  readonly #straight: Agent;
  readonly #proxied = new Map<string, ProxyAgent>();

  /** @throws TrawlError SETTINGS_INVALID where the settings of a proxy cannot be read. */
  constructor(env: Variables, options: RouteOptions) {
    this.#proxyFor = readProxies(env);
    this.#options = options;
    this.#straight = new Agent({ ...options });
  }

  to(url: string): Dispatcher {
    const proxy = URL.canParse(url) ? this.#proxyFor(new URL(url)) : undefined;
    if (!proxy) return this.#straight;
    const key = `${proxy.url.href} ${proxy.authorization}`;
    const agent = this.#proxied.get(key) ?? this.#through(proxy);
    this.#proxied.set(key, agent);
    return agent;
  }

  async destroy(): Promise<void> {
    await Promise.all([this.#straight, ...this.#proxied.values()].map((agent) => agent.destroy()));
  }

  /** What is plain HTTP is forwarded, not tunnelled: proxies tunnel to the ports of TLS only, as a rule. */
  #through({ url, authorization }: HttpProxy): ProxyAgent {
    return new ProxyAgent({
      ...this.#options,
      uri: url.href,
      proxyTunnel: false,
      ...(authorization === undefined ? {} : { token: authorization }),
      // Those that forward do not get the options otherwise.
      factory: (origin, options) => new Pool(origin, { ...this.#options, ...options }),
    });
  }
}
