import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Payload } from '@temporalio/common';
import { TrawlError } from '../../errors.js';
import { BodyRoom, withBody } from '../../http/body.js';
import { Refusal } from '../../http/refusal.js';
import { boundAddress, type Served, serveSite } from '../../http/serve.js';
import type { Answer, Route } from '../../http/site.js';
import { opened, sealed } from './codec.js';
import type { PayloadKeys } from './keys.js';
import { jsonOfPayloads, payloadsOf, valueCounter } from './payload-json.js';

const bodyBytesMax = 32 * 1024 * 1024;

interface CodecServerOptions {
  host: string;
  port: number;
  /** Origins whose pages may send requests: those of the Temporal UI, for example `http://127.0.0.1:8233`. */
  origins: readonly string[];
  /** Names that requests may use for this machine, besides localhost and addresses. */
  names?: readonly string[];
  /** Required as `Authorization: Bearer …`; undefined only on loopback, for whoever uses this machine. */
  token: string | undefined;
  /** What is encrypted belongs here, unless the request names another one. */
  namespace: string;
  warn?: (message: string) => void;
}

/**
 * Serves POST /encode and /decode, so that the Temporal UI and the `temporal` command can show encrypted payloads. It
 * decrypts payloads of every workflow and namespace. What it encrypts is bound to a namespace only, since the protocol
 * names no workflow.
 *
 * @throws TrawlError PORT_TAKEN, or SETTINGS_INVALID without a token where other machines can reach it
 */
export async function serveCodec(keys: PayloadKeys, options: CodecServerOptions): Promise<Served> {
  const { host, port, names = [], origins, token, warn } = options;
  const place = { host, port, names, what: 'The codec', hint: 'Choose others with --host and --port.' };
  const bound = await boundAddress(place);
  requireToken(token, bound.isLocal, host || bound.address);
  const room = new BodyRoom(2 * bodyBytesMax);
  const answering = (change: (payload: Payload, request: IncomingMessage) => Payload): Route => ({
    POST: async (request) => {
      if (token !== undefined && !isToken(request.headers.authorization, token))
        throw new Refusal(401, 'Send the token of this codec server as "Authorization: Bearer …".');
      return withBody(request, { bytesMax: bodyBytesMax, room, look: valueCounter() }, async (body) =>
        changed(payloadsOf(body), (payload) => change(payload, request)),
      );
    },
  });
  const encode = answering((payload, request) =>
    sealed(payload, keys, { namespace: namespaceOf(request) ?? options.namespace }),
  );
  const decode = answering((payload) => opened(payload, keys));
  const site = {
    route: (path: string) => (path.endsWith('/encode') ? encode : path.endsWith('/decode') ? decode : undefined),
    paths: 'The paths are /encode and /decode.',
    origins,
    refusal: (code: number, message: string) => ({ code, message }),
    ...(warn ? { warn } : {}),
  };
  return serveSite(site, place, bound);
}

function requireToken(token: string | undefined, isLocal: boolean, where: string): void {
  if (token === '')
    throw new TrawlError('SETTINGS_INVALID', 'The token of the codec server is empty.', {
      hint: 'Put a token into TRAWL_CODEC_TOKEN or its file: openssl rand -hex 32 makes one.',
    });
  if (token === undefined && !isLocal)
    throw new TrawlError(
      'SETTINGS_INVALID',
      `Other machines can reach ${where}, and without a token the codec server would decrypt Temporal's history for them.`,
      {
        hint: 'Set TRAWL_CODEC_TOKEN or TRAWL_CODEC_TOKEN_FILE (openssl rand -hex 32 makes a token), or leave --host at 127.0.0.1.',
      },
    );
}

function changed(payloads: readonly Payload[], change: (payload: Payload) => Payload): Answer {
  try {
    return { status: 200, body: jsonOfPayloads(payloads.map(change)) };
  } catch (error) {
    if (error instanceof TrawlError) throw new Refusal(400, error.message);
    throw error;
  }
}

/** The namespace that the UI and the `temporal` command work in. */
function namespaceOf({ headers }: IncomingMessage): string | undefined {
  const name = headers['x-namespace'];
  return typeof name === 'string' && name !== '' ? name : undefined;
}

/** Digests are compared, so that neither the time nor the length tells anything about the token. */
function isToken(header: string | undefined, token: string): boolean {
  const given = header === undefined ? '' : /^bearer +(.*)$/i.exec(header)?.[1];
  return timingSafeEqual(digestOf(given ?? ''), digestOf(token));
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
