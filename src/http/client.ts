import { type Dispatcher, request } from 'undici';
import { reasonOf, TrawlError } from '../errors.js';
import { clientSpan, traced } from '../tracing/spans.js';
import type { Variables } from './proxies.js';
import { Routes } from './routes.js';

export interface HttpRequest {
  method: 'GET' | 'POST';
  url: string;
  headers: Record<string, string>;
  body?: string | Uint8Array;
  signal?: AbortSignal | undefined;
}

export interface HttpAnswer {
  status: number;
  /** Names in lower case; several headers of one name in order. */
  headers: Readonly<Record<string, readonly string[]>>;
  body: Uint8Array;
}

export interface HttpClientOptions {
  /** An answer with a longer body is refused. Bytes; default 64 MiB. */
  bodyBytesMax?: number;
  /** Silence that ends a request: before the headers, or between two parts of the body. Default 30 s. */
  silenceMaxMs?: number;
  /** A request as a whole. Default 2 min. */
  requestMaxMs?: number;
}

/** A request that has ended. */
export interface Exchange {
  method: string;
  url: string;
  /** Undefined where no complete answer came. */
  status: number | undefined;
  headers: HttpAnswer['headers'];
  /** Of the answer's body. */
  bytes: number;
  /** Epoch ms. */
  startedMs: number;
  endedMs: number;
}

/** Is told of each request when it has ended; throws nothing. */
export type ExchangeObserver = (exchange: Exchange) => void;

/**
 * The one way out to a vendor: connections are kept, `HTTPS_PROXY` and `NO_PROXY` are heeded, redirects are not
 * followed, and size and time of an answer are bounded.
 */
export class HttpClient {
  readonly #routes: Routes;
  readonly #options: Required<HttpClientOptions>;
  readonly #observer: ExchangeObserver | undefined;

  /**
   * @param shared the client whose connections it uses, and which closes them.
   * @throws TrawlError SETTINGS_INVALID where the settings of a proxy cannot be read.
   */
  constructor(
    options: HttpClientOptions = {},
    env: Variables = process.env,
    shared?: HttpClient,
    observer?: ExchangeObserver,
  ) {
    this.#options = { bodyBytesMax: 64 * 1024 * 1024, silenceMaxMs: 30_000, requestMaxMs: 120_000, ...options };
    this.#observer = observer;
    const { silenceMaxMs } = this.#options;
    const bounds = { headersTimeout: silenceMaxMs, bodyTimeout: silenceMaxMs, connect: { timeout: 10_000 } };
    this.#routes = shared ? shared.#routes : new Routes(env, bounds);
  }

  /**
   * @throws TrawlError SOURCE_UNAVAILABLE where no complete answer came (retried), PAGE_TOO_LARGE where the body is
   *   over the bound (not retried); the signal's own reason where it was aborted.
   */
  request(wanted: HttpRequest): Promise<HttpAnswer> {
    return traced(
      `${wanted.method} ${hostOf(wanted.url)}`,
      spanAttributes(wanted),
      async (tell) => {
        const answer = await this.#told(wanted);
        tell({ 'http.response.status_code': answer.status, 'http.response.body.size': answer.body.byteLength });
        return answer;
      },
      clientSpan,
    );
  }

  async #told(wanted: HttpRequest): Promise<HttpAnswer> {
    if (!this.#observer) return this.#request(wanted);
    const startedMs = Date.now();
    let answer: HttpAnswer | undefined;
    try {
      answer = await this.#request(wanted);
      return answer;
    } finally {
      const { method, url } = wanted;
      const { status, headers = {}, body } = answer ?? { status: undefined };
      this.#observer({ method, url, status, headers, bytes: body?.byteLength ?? 0, startedMs, endedMs: Date.now() });
    }
  }

  /** The same connections and bounds, for requests that somebody wants to know of. */
  observed(observer: ExchangeObserver): HttpClient {
    return new HttpClient(this.#options, {}, this, observer);
  }

  async #request(wanted: HttpRequest): Promise<HttpAnswer> {
    const timeout = AbortSignal.timeout(this.#options.requestMaxMs);
    const signal = wanted.signal ? AbortSignal.any([wanted.signal, timeout]) : timeout;
    try {
      const answer = await request(wanted.url, {
        dispatcher: this.#routes.to(wanted.url),
        method: wanted.method,
        headers: wanted.headers,
        body: wanted.body ?? null,
        signal,
      });
      const body = await this.#body(answer.body, wanted.url);
      return { status: answer.statusCode, headers: lists(answer.headers), body };
    } catch (error) {
      wanted.signal?.throwIfAborted();
      if (error instanceof TrawlError) throw error;
      throw unavailable(
        wanted.url,
        timeout.aborted ? `no complete answer within ${this.#options.requestMaxMs} ms` : reasonOf(error),
        error,
      );
    }
  }

  async close(): Promise<void> {
    await this.#routes.destroy();
  }

  async #body(stream: Dispatcher.ResponseData['body'], url: string): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for await (const part of stream as AsyncIterable<Uint8Array>) {
      bytes += part.byteLength;
      if (bytes > this.#options.bodyBytesMax) {
        stream.destroy();
        throw new TrawlError(
          'PAGE_TOO_LARGE',
          `The answer of ${hostOf(url)} is over ${this.#options.bodyBytesMax} bytes.`,
          {
            hint: 'Ask for fewer events at once: lower searchCount for this collector.',
          },
        );
      }
      parts.push(part);
    }
    return Buffer.concat(parts, bytes);
  }
}

/** Codes of Node and TLS that a person can do something about. */
const connectionHints: readonly [RegExp, string][] = [
  [/ENOTFOUND|EAI_AGAIN/, 'Check the host in the base URL, and name resolution and network of this machine.'],
  [
    /ECONNREFUSED|UND_ERR_CONNECT_TIMEOUT|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/,
    'Check the base URL, the network, and any proxy (HTTPS_PROXY).',
  ],
  [
    /CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/,
    'Whoever runs it has to renew the certificate, or the clock of this machine is wrong.',
  ],
  [
    /ALTNAME_INVALID/,
    'The certificate is for another host: correct the base URL, or see what answers in its place (a proxy, a portal).',
  ],
  [/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG/, 'No TLS is spoken there: check scheme and port of the base URL.'],
  [
    /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS|SSL/,
    'The certificate is not trusted here: add its authority with NODE_EXTRA_CA_CERTS, or correct the base URL.',
  ],
];

/** What a person can do about a connection that did not come about; undefined where that is not known. */
export function connectionHint(reason: string, error: unknown): string | undefined {
  const codes = `${reason} ${String((error as NodeJS.ErrnoException)?.code ?? '')}`;
  return connectionHints.find(([pattern]) => pattern.test(codes))?.[1];
}

function unavailable(url: string, reason: string, cause: unknown): TrawlError {
  const hint = connectionHint(reason, cause) ?? 'It is tried again; if it stays so, check the network between.';
  return new TrawlError('SOURCE_UNAVAILABLE', `No complete answer from ${hostOf(url)}: ${reason}.`, { hint, cause });
}

/** Without the query: cursors and filters are nobody else's business. */
function spanAttributes({ method, url }: HttpRequest): Record<string, string | number> {
  const { hostname, port, protocol, origin, pathname } = new URL(url);
  return {
    'http.request.method': method,
    'server.address': hostname,
    'server.port': Number(port || (protocol === 'https:' ? 443 : 80)),
    'url.full': `${origin}${pathname}`,
  };
}

export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'the source';
}

function lists(headers: Record<string, string | string[] | undefined>): Record<string, readonly string[]> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value === undefined ? [] : [value].flat()]),
  );
}
