import { decodeJwt } from 'jose/jwt/decode';
import { SignJWT } from 'jose/jwt/sign';
import { z } from 'zod';
import { counted } from '../../counted.js';
import { TrawlError } from '../../errors.js';
import type { HttpAnswer, HttpClient } from '../../http/client.js';
import { hostOf } from '../../http/connection-hints.js';
import { statusError } from '../../http/status.js';
import { parseBody } from '../../json-weight.js';
import { Secret } from '../../secret.js';
import { requestToken } from '../token-request.js';
import { tokenText } from '../token-text.js';
import { type ServiceAccount, serviceAccountOf } from './credentials.js';
import type { SkyflowSettings } from './settings.js';

/** Provides the token for a request. */
export interface Tokens {
  /** Returns the current token, or a new one. Concurrent callers share one request, which `onRequest` counts. */
  get(onRequest: () => void, signal?: AbortSignal): Promise<Secret>;
  /** Drops a refused token. Returns false if there can be no other. */
  drop(refused: Secret): Promise<boolean>;
  /** Hint for a refused token. */
  readonly refusedHint: string;
}

/** Exactly one of them is set. */
type SignInSettings = Pick<SkyflowSettings, 'skyflowApiKey' | 'skyflowCredentials'>;

export function tokensOf(http: HttpClient, { skyflowApiKey, skyflowCredentials }: SignInSettings): Tokens {
  if (skyflowApiKey) return new FixedToken(skyflowApiKey);
  return new ServiceAccountTokens(http, serviceAccountOf(skyflowCredentials!.reveal()));
}

/** An API key or a bearer token, which cannot be replaced. */
class FixedToken implements Tokens {
  readonly #token: Secret;

  constructor(token: Secret) {
    this.#token = token;
  }

  async get(): Promise<Secret> {
    return this.#token;
  }

  async drop(): Promise<boolean> {
    return false;
  }

  get refusedHint(): string {
    const expiresMs = expiryMs(this.#token.reveal());
    if (expiresMs !== undefined && expiresMs < Date.now())
      return `The bearer token in SKYFLOW_API_KEY expired at ${new Date(expiresMs).toISOString()}: use an API key or SKYFLOW_CREDENTIALS_FILE, which last.`;
    return 'Check SKYFLOW_API_KEY: that it was not revoked or rotated, is for this vault and account, and, as a bearer token, has not expired.';
  }
}

/**
 * The assertion is valid for half of the hour that the vendor allows and has no time of issue, so the clocks may differ
 * by up to half an hour either way.
 */
const assertionMs = 30 * 60_000;

/** Lifetime of a token that does not say when it expires. */
const unknownLifetimeMs = 10 * 60_000;
const keptMaxMs = 55 * 60_000;
const clockDifferenceToTellMs = 2 * 60_000;

const tokenAnswer = z.object({ accessToken: tokenText });

interface Kept {
  token: Secret;
  /** In terms of `performance.now()`, so that changes of the clock do not matter. */
  untilMs: number;
}

/**
 * U00 Get AuthZ Header for a service account: signs in with a JWT, and keeps the token until shortly before it expires.
 */
export class ServiceAccountTokens implements Tokens {
  readonly refusedHint =
    'Check that the service account has a role that may read the audit log of this vault or account, and the clock of this machine.';
  readonly #http: HttpClient;
  readonly #account: ServiceAccount;
  #kept: Promise<Kept> | undefined;

  constructor(http: HttpClient, account: ServiceAccount) {
    this.#http = http;
    this.#account = account;
  }

  /** @throws TrawlError CREDENTIALS_REFUSED, or others by status (http/status.ts) */
  async get(onRequest: () => void, signal?: AbortSignal): Promise<Secret> {
    const current = this.#kept;
    if (current && performance.now() >= (await withSignal(current, signal)).untilMs && this.#kept === current)
      this.#kept = undefined;
    if (!this.#kept) {
      onRequest();
      const fetching = this.#fetch();
      this.#kept = fetching;
      fetching.catch(() => {
        if (this.#kept === fetching) this.#kept = undefined;
      });
    }
    return (await withSignal(this.#kept, signal)).token;
  }

  /** Keeps a token that has already replaced the refused one. */
  async drop(refused: Secret): Promise<boolean> {
    const current = this.#kept;
    const kept = await current?.catch(() => undefined);
    if (kept?.token === refused && this.#kept === current) this.#kept = undefined;
    return true;
  }

  /** Takes no signal: one caller must not cancel it for the others, and the client bounds its duration. */
  async #fetch(): Promise<Kept> {
    const { tokenUri } = this.#account;
    const request = {
      method: 'POST',
      url: tokenUri,
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion: await this.#assertion(),
      }),
    } as const;
    const answer = await requestToken(this.#http, request, 'tokenURI in the credentials file');
    if (answer.status !== 200) throw refusal(answer, tokenUri);
    const token = tokenOf(answer);
    return { token: new Secret(token), untilMs: performance.now() + lifetimeMs(token, answer) };
  }

  #assertion(): Promise<string> {
    const { clientId, keyId, tokenUri, privateKey } = this.#account;
    return new SignJWT({ key: keyId })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
      .setIssuer(clientId)
      .setSubject(clientId)
      .setAudience(tokenUri)
      .setExpirationTime(Math.floor((Date.now() + assertionMs) / 1000))
      .sign(privateKey);
  }
}

function refusal(answer: HttpAnswer, tokenUri: string): TrawlError {
  const clock = clockHint(answer, tokenUri);
  const check = `Check the credentials file: that the service account and its key still exist, and that it is unchanged. ${clock}`;
  const error = statusError(answer, tokenUri, 'the request for a token', {
    400: check,
    401: check,
    403: `The service account may not sign in: check that it is active. ${clock}`,
    404: 'Check tokenURI in the credentials file, and that the service account still exists.',
  });
  if (answer.status !== 400 && answer.status !== 401) return error;
  return new TrawlError('CREDENTIALS_REFUSED', error.message, { hint: error.hint });
}

/** A hint on this machine's clock, by the answer's Date. */
function clockHint(answer: HttpAnswer, url: string): string {
  const date = Date.parse(answer.headers.date?.[0] ?? '');
  const difference = Date.now() - date;
  if (!(Math.abs(difference) > clockDifferenceToTellMs)) return 'Check the clock of this machine too.';
  const minutes = Math.round(Math.abs(difference) / 60_000);
  return `The clock of this machine is ${counted(minutes, 'minute')} ${difference > 0 ? 'ahead of' : 'behind'} that of ${hostOf(url)}: set it right.`;
}

/** The answer contains a token, so none of it is kept or shown. */
function tokenOf(answer: HttpAnswer): string {
  try {
    return tokenAnswer.parse(parseBody(answer.body)).accessToken;
  } catch {
    throw new TrawlError('ANSWER_UNREADABLE', 'The answer to the request for a token has no accessToken.', {
      hint: 'The request is retried; if this persists, check tokenURI in the credentials file, and any proxy in between.',
    });
  }
}

/** The time for which a token is used: nine tenths of its lifetime, by the clock of the server that issued it. */
function lifetimeMs(token: string, answer: HttpAnswer): number {
  const expiresMs = expiryMs(token);
  if (expiresMs === undefined) return unknownLifetimeMs;
  const date = Date.parse(answer.headers.date?.[0] ?? '');
  const ms = (expiresMs - (Number.isFinite(date) ? date : Date.now())) * 0.9;
  return Math.min(Math.max(ms, 0), keptMaxMs);
}

/** The expiry of a JWT, epoch milliseconds; undefined if the token is not a JWT or does not say. */
function expiryMs(token: string): number | undefined {
  try {
    const { exp } = decodeJwt(token);
    return typeof exp === 'number' && Math.abs(exp) < 1e11 ? exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}

/** Settles with the promise, or rejects with the signal's reason if that comes first. */
function withSignal<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
