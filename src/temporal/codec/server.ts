import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { z } from 'zod';
import { reasonOf, TrawlError } from '../../errors.js';
import { requestServer } from '../../http/incoming.js';

const bodyBytesMax = 32 * 1024 * 1024;
const base64 = z.string().regex(/^[A-Za-z0-9+/_-]*={0,2}$/, 'must be base64');

/** Body of Temporal's remote codec protocol: payloads as protobuf JSON. */
const bodySchema = z.object({
  payloads: z.array(z.object({ metadata: z.record(z.string(), base64).optional(), data: base64.optional() })),
});

interface CodecServerOptions {
  host: string;
  port: number;
  /** Origins whose pages may send requests: those of the Temporal UI, for example `http://127.0.0.1:8233`. */
  origins: readonly string[];
  /** Required as `Authorization: Bearer …`; if undefined, anyone who can reach the port may send requests. */
  token: string | undefined;
}

interface CodecServer {
  url: string;
  close(): Promise<void>;
}

/**
 * Serves POST /encode and /decode, so that the Temporal UI and the `temporal` command can show encrypted payloads.
 * @throws TrawlError PORT_TAKEN
 */
export async function serveCodec(codec: PayloadCodec, options: CodecServerOptions): Promise<CodecServer> {
  const server = requestServer(async (request, response, { pathname }) => {
    const headers = corsHeaders(request, options.origins);
    const { status, body } = await answer(codec, request, pathname, options.token);
    response.writeHead(status, { ...headers, ...(body ? { 'content-type': 'application/json' } : {}) });
    response.end(body && JSON.stringify(body));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new TrawlError(
          'PORT_TAKEN',
          `The codec cannot be served at ${options.host}:${options.port}: ${reasonOf(cause)}.`,
          {
            hint: 'Choose others with --host and --port.',
            cause,
          },
        ),
      ),
    );
    server.listen(options.port, options.host, resolve);
  });
  return {
    url: `http://${options.host}:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Answer {
  status: number;
  body?: object;
}

async function answer(
  codec: PayloadCodec,
  request: IncomingMessage,
  path: string,
  token: string | undefined,
): Promise<Answer> {
  if (request.method === 'OPTIONS') return { status: 204 };
  const direction = /\/(encode|decode)$/.exec(path)?.[1] as 'encode' | 'decode' | undefined;
  if (!direction) return refused(404, 'The paths are /encode and /decode.');
  if (request.method !== 'POST') return refused(405, 'Use POST.');
  if (token !== undefined && !isToken(request.headers.authorization, token))
    return refused(401, 'Send the token of this codec server as "Authorization: Bearer …".');
  try {
    const body = await bodyOf(request);
    if (body === null) return refused(413, `The body must not exceed ${bodyBytesMax} bytes.`);
    const parsed = bodySchema.safeParse(JSON.parse(body));
    if (!parsed.success) return refused(400, `The body is not a list of payloads: ${z.prettifyError(parsed.error)}`);
    const payloads = await codec[direction](parsed.data.payloads.map(fromJson));
    return { status: 200, body: { payloads: payloads.map(toJson) } };
  } catch (error) {
    return refused(400, error instanceof TrawlError ? error.message : 'The body is not valid JSON.');
  }
}

function refused(status: number, message: string): Answer {
  return { status, body: { code: status, message } };
}

async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += (part as Buffer).length;
    if (bytes > bodyBytesMax) return null;
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts).toString();
}

function isToken(header: string | undefined, token: string): boolean {
  const [given, wanted] = [Buffer.from(header ?? ''), Buffer.from(`Bearer ${token}`)];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function corsHeaders({ headers }: IncomingMessage, origins: readonly string[]): Record<string, string> {
  const { origin } = headers;
  if (origin === undefined || !origins.includes(origin)) return {};
  return {
    'access-control-allow-origin': origin,
    'access-control-allow-methods': 'POST, OPTIONS',
    'access-control-allow-headers': 'content-type, x-namespace, authorization, caller-type',
    'access-control-allow-credentials': 'true',
    vary: 'origin',
  };
}

function fromJson({ metadata, data }: z.infer<typeof bodySchema>['payloads'][number]): Payload {
  const entries = Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value, 'base64')]);
  return { metadata: Object.fromEntries(entries), data: Buffer.from(data ?? '', 'base64') };
}

function toJson({ metadata, data }: Payload): object {
  const entries = Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('base64')]);
  return { metadata: Object.fromEntries(entries), data: Buffer.from(data ?? []).toString('base64') };
}
