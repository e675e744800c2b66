import { type Dispatcher, request } from 'undici';
import { answerRoom, drawForParsing, NoRoom, uncountedBytes } from '../answer-room.js';
import { reasonOf, TrawlError } from '../errors.js';
import { answerLimits } from '../json-weight.js';
import { clientSpan, traced } from '../tracing/spans.js';
import { codeOf, connectionHint, hostOf } from './connection-hints.js';
import { decodedBody } from './decode.js';
import type { HttpProxy, Variables } from './proxies.js';
import { proxyRefusal, refusedStatus, unreachedProxyHint } from './proxy-failures.js';
import { Routes } from './routes.js';

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'HEAD' | 'DELETE';
  url: string;
  headers: Record<string, string>;
  /** True if the path may have a secret in it, which then is not in traces either. */
  secretUrl?: boolean;
  body?: string | Uint8Array;
  signal?: AbortSignal | undefined;
  /** If the answer must be far shorter than the client accepts; then it does not count among those that are held. Bytes. */
  bodyBytesMax?: number;
  /** Maximum duration of this whole request, in place of the client's bounds. */
  answerMaxMs?: number;
}

export interface HttpAnswer {
  status: number;
  /** Names are in lower case; headers with the same name keep their order. */
  headers: Readonly<Record<string, readonly string[]>>;
  body: Uint8Array;
  /** The proxy that has forwarded the request in clear: then the answer may be its own. */
  proxy?: string;
}

export interface HttpClientOptions {
  /** A longer body is refused. Bytes; default a sixteenth of the heap, up to 64 MiB. */
  bodyBytesMax?: number;
  /** Maximum wait for the headers, or between two chunks of the body. Default 30 s. */
  silenceMaxMs?: number;
  /** Maximum duration of a whole request. Default 2 min. */
  requestMaxMs?: number;
}

/** Bounds for a given time that an answer may take to begin, and then to go on. */
export function answerBounds(seconds: number): HttpClientOptions {
  return { silenceMaxMs: seconds * 1_000, requestMaxMs: seconds * 4_000 };
}

/** A completed or failed request. */
export interface Exchange {
  method: string;
  url: string;
  /** Undefined if no complete answer arrived. */
  status: number | undefined;
  headers: HttpAnswer['headers'];
  /** Size of the answer's body. */
  bytes: number;
  /** Epoch ms. */
  startedMs: number;
  endedMs: number;
}

/** Called after each request. Must not throw. */
type ExchangeObserver = (exchange: Exchange) => void;

/**
 * The only way out to a vendor. It keeps connections alive, respects `HTTPS_PROXY` and `NO_PROXY`, does not follow
 * redirects, and bounds the size and time of an answer.
 */
export class HttpClient {
  readonly #routes: Routes;
  readonly #options: Required<HttpClientOptions>;
  readonly #observer: ExchangeObserver | undefined;

  /**
   * @param shared a client whose connections this one uses; that client closes them
   * @throws TrawlError SETTINGS_INVALID if the proxy settings cannot be read
   */
  constructor(
    options: HttpClientOptions = {},
    env: Variables = process.env,
    shared?: HttpClient,
    observer?: ExchangeObserver,
  ) {
    this.#options = {
      bodyBytesMax: answerLimits().bodyBytesMax,
      silenceMaxMs: 30_000,
      requestMaxMs: 120_000,
      ...options,
    };
    this.#observer = observer;
    const { silenceMaxMs } = this.#options;
    const bounds = { headersTimeout: silenceMaxMs, bodyTimeout: silenceMaxMs, connect: { timeout: 10_000 } };
    this.#routes = shared ? shared.#routes : new Routes(env, bounds);
  }

  /**
   * The answer counts in the room of the process for as long as the caller holds answers (see `AnswerRoom`).
   *
   * @throws TrawlError SOURCE_UNAVAILABLE if no complete answer arrived (retried), PAGE_TOO_LARGE if the body exceeds
   *   the limit, PROXY_REFUSED (neither is retried); the signal's own reason if it was aborted
   */
  request(wanted: HttpRequest): Promise<HttpAnswer> {
    return traced(
      `${wanted.method} ${hostOf(wanted.url)}`,
      spanAttributes(wanted),
      async (addAttributes) => {
        const answer = await answerRoom.holding(() => this.#observedRequest(wanted));
        addAttributes({
          'http.response.status_code': answer.status,
          'http.response.body.size': answer.body.byteLength,
        });
        return answer;
      },
      clientSpan,
    );
  }

  async #observedRequest(wanted: HttpRequest): Promise<HttpAnswer> {
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

  /** A client with the same connections and limits that reports its requests to `observer`. */
  observed(observer: ExchangeObserver): HttpClient {
    return new HttpClient(this.#options, {}, this, observer);
  }

  async #request(wanted: HttpRequest): Promise<HttpAnswer> {
    const { answerMaxMs } = wanted;
    const requestMaxMs = answerMaxMs ?? this.#options.requestMaxMs;
    const timeout = AbortSignal.timeout(requestMaxMs);
    const signal = wanted.signal ? AbortSignal.any([wanted.signal, timeout]) : timeout;
    const route = this.#routes.proxyFor(wanted.url);
    try {
      const answer = await request(wanted.url, {
        dispatcher: this.#routes.to(wanted.url),
        method: wanted.method,
        headers: wanted.headers,
        body: wanted.body ?? null,
        signal,
        // 0 is none: the whole is bounded.
        ...(answerMaxMs === undefined ? {} : { headersTimeout: 0, bodyTimeout: 0 }),
      });
      const headers = lists(answer.headers);
      const codings = (headers['content-encoding'] ?? []).join(',');
      const counts = wanted.bodyBytesMax === undefined;
      const bytesMax = Math.min(wanted.bodyBytesMax ?? Number.POSITIVE_INFINITY, this.#options.bodyBytesMax);
      const raw = await this.#body(answer.body, { bytesMax, counts, url: wanted.url, signal });
      // Nobody asked for a coding. What it decodes to is unknown, up to the limit.
      if (counts && codings !== '' && raw.byteLength > 0) await answerRoom.draw(bytesMax, wanted.signal);
      const body = await this.#decoded(raw, { codings, bytesMax, status: answer.statusCode, url: wanted.url });
      // The answer is complete: its time no longer runs.
      if (counts) await drawForParsing(body, wanted.signal, raw.byteLength > uncountedBytes ? raw.byteLength : 0);
      const proxy = isForwarded(wanted.url, route) ? { proxy: route!.url.host } : {};
      return { status: answer.statusCode, headers, body, ...proxy };
    } catch (error) {
      wanted.signal?.throwIfAborted();
      if (error instanceof TrawlError || error instanceof NoRoom) throw error;
      const refused = route && refusedStatus(error);
      if (refused !== undefined) throw proxyRefusal(refused, hostOf(wanted.url), route!, error);
      if (timeout.aborted) throw tooSlow(wanted.url, requestMaxMs, error);
      if (silences.has(codeOf(error))) throw tooSlow(wanted.url, this.#options.silenceMaxMs, error);
      throw unavailable(wanted.url, route, reasonOf(error), error);
    }
  }

  /** True if requests to this URL go through a proxy. */
  usesProxy(url: string): boolean {
    return this.#routes.proxyFor(url) !== undefined;
  }

  async close(): Promise<void> {
    await this.#routes.destroy();
  }

  async #body(
    stream: Dispatcher.ResponseData['body'],
    { bytesMax, counts, url, signal }: { bytesMax: number; counts: boolean; url: string; signal: AbortSignal },
  ): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let bytes = 0;
    let drawn = 0;
    for await (const part of stream as AsyncIterable<Uint8Array>) {
      bytes += part.byteLength;
      if (bytes > bytesMax) {
        stream.destroy();
        throw tooLarge(url, bytesMax);
      }
      parts.push(part);
      if (!counts || bytes <= uncountedBytes) continue;
      await answerRoom.draw(bytes - drawn, signal).catch((error: unknown) => {
        throw error instanceof NoRoom ? error : crowded(url, error);
      });
      drawn = bytes;
    }
    return Buffer.concat(parts, bytes);
  }

  /** The status of an answer that is a refusal counts, even if its body cannot be decoded. */
  async #decoded(
    body: Uint8Array,
    { codings, bytesMax, status, url }: { codings: string; bytesMax: number; status: number; url: string },
  ) {
    if (codings === '' || body.byteLength === 0) return body;
    try {
      return await decodedBody(body, { codings, bytesMax, url });
    } catch (error) {
      if (status < 200 || status > 299) return new Uint8Array();
      throw error instanceof RangeError ? tooLarge(url, bytesMax, error) : error;
    }
  }
}

/** Codes of undici for an answer that did not begin, or did not go on, in time. */
const silences = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

function tooLarge(url: string, bytesMax: number, cause?: unknown): TrawlError {
  return new TrawlError('PAGE_TOO_LARGE', `The answer from ${hostOf(url)} exceeds ${bytesMax} bytes.`, {
    hint: 'Request fewer events at once: lower searchCount for this collector.',
    cause,
  });
}

function tooSlow(url: string, ms: number, cause: unknown): TrawlError {
  return new TrawlError('SOURCE_UNAVAILABLE', `No complete answer from ${hostOf(url)} within ${ms / 1000} s.`, {
    hint: 'The request is retried; if this persists, check the network in between, or raise TRAWL_ANSWER_SECONDS.',
    tooMuch: true,
    cause,
  });
}

function crowded(url: string, cause: unknown): TrawlError {
  return new TrawlError(
    'SOURCE_UNAVAILABLE',
    `The answer from ${hostOf(url)} found no room: large answers to other requests take the memory of this process.`,
    {
      hint: 'The request is retried; if this persists, raise --max-old-space-size in NODE_OPTIONS, or lower TRAWL_WORKER_ACTIVITIES.',
      cause,
    },
  );
}

function unavailable(url: string, proxy: HttpProxy | undefined, reason: string, cause: unknown): TrawlError {
  const through = proxy ? ` through the proxy ${proxy.url.host}` : '';
  const ofProxy = proxy && unreachedProxyHint(`${reason} ${codeOf(cause)}`, proxy);
  const between = proxy ? `the proxy in ${proxy.variable}` : 'the network in between';
  const hint =
    ofProxy ?? connectionHint(reason, cause) ?? `The request is retried; if this persists, check ${between}.`;
  const message = `No complete answer from ${hostOf(url)}${through}: ${reason}.`;
  return new TrawlError('SOURCE_UNAVAILABLE', message, { hint, cause });
}

/** A proxy only passes on what is encrypted. */
function isForwarded(url: string, proxy: HttpProxy | undefined): boolean {
  return proxy?.url.protocol === 'http:' && url.startsWith('http:');
}

/** The query is left out, since its cursors and filters do not belong in a trace. */
function spanAttributes({ method, url, secretUrl }: HttpRequest): Record<string, string | number> {
  const { hostname, port, protocol, origin, pathname } = new URL(url);
  return {
    'http.request.method': method,
    'server.address': hostname,
    'server.port': Number(port || (protocol === 'https:' ? 443 : 80)),
    'url.full': secretUrl ? origin : `${origin}${pathname}`,
  };
}

function lists(headers: Record<string, string | string[] | undefined>): Record<string, readonly string[]> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value === undefined ? [] : [value].flat()]),
  );
}
