import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import type { HttpClient, HttpRequest } from '../../http/client.js';
import { ask, unreadable } from '../http-answer.js';

/** The part of the SDK's request that matters here. */
interface SdkRequest {
  protocol: string;
  hostname: string;
  port?: number;
  path: string;
  query?: Record<string, string | string[] | null>;
  headers: Record<string, string>;
  method: string;
  body?: unknown;
}

interface SdkHandler {
  handle(
    request: SdkRequest,
    options?: { abortSignal?: AbortSignal },
  ): Promise<{ response: { statusCode: number; body?: AsyncIterable<Uint8Array> } }>;
}

/** An answer is a few kilobytes of XML, unless it is an object. The SDK reads any length of it. */
const answerBytesMax = 256 * 1024;

/**
 * The SDK does not know proxies: sends what goes through one by Trawl's own client, and the rest as the SDK does. Reads the
 * whole answer, which must be short; only an object that comes directly is left to its reader.
 */
export function throughProxies(
  direct: unknown,
  http: HttpClient,
  place: string,
): NonNullable<S3ClientConfig['requestHandler']> {
  const sdk = direct as SdkHandler;
  const handler = Object.assign(Object.create(sdk as object), {
    async handle(request: SdkRequest, options: { abortSignal?: AbortSignal } = {}) {
      const url = urlOf(request);
      if (!http.usesProxy(url)) {
        const { response } = await sdk.handle(request, options);
        const isObject = request.method === 'GET' && response.statusCode < 300;
        if (response.body && !isObject) response.body = Readable.from([await shortBody(response.body, place)]);
        return { response };
      }
      // The client sends the body without waiting.
      const { expect: _, ...headers } = request.headers;
      const body = await bodyOf(request.body);
      const method = request.method as HttpRequest['method'];
      const bound = method === 'GET' ? {} : { bodyBytesMax: answerBytesMax };
      const answer = await ask(
        http,
        { method, url, headers, ...bound, signal: options.abortSignal, ...(body && { body }) },
        place,
      );
      const flat = Object.entries(answer.headers).map(([name, values]) => [name, values.join(', ')]);
      const response = {
        statusCode: answer.status,
        headers: Object.fromEntries(flat),
        body: Readable.from([answer.body]),
      };
      return { response };
    },
  });
  return handler as NonNullable<S3ClientConfig['requestHandler']>;
}

async function shortBody(stream: AsyncIterable<Uint8Array>, place: string): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of stream) {
    bytes += part.byteLength;
    if (bytes > answerBytesMax) throw unreadable(place, 'too long');
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function urlOf({ protocol, hostname, port, path, query = {} }: SdkRequest): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().map((one) => `${escaped(name)}=${one === null ? '' : escaped(one)}`),
  );
  return `${protocol}//${hostname}${port ? `:${port}` : ''}${path}${pairs.length > 0 ? `?${pairs.join('&')}` : ''}`;
}

/** As the signature has it (RFC 3986). */
function escaped(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}

async function bodyOf(body: unknown): Promise<string | Uint8Array | undefined> {
  if (body === undefined || body === null || typeof body === 'string' || body instanceof Uint8Array)
    return body ?? undefined;
  return buffer(body as Readable);
}
