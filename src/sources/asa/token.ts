import { z } from 'zod';
import { TrawlError } from '../../errors.js';
import type { HttpClient } from '../../http/client.js';
import { statusError } from '../../http/status.js';
import { parseBody } from '../../json-weight.js';
import { Secret } from '../../secret.js';
import { requestToken } from '../token-request.js';
import { tokenText } from '../token-text.js';
import type { AsaSettings } from './settings.js';

const tokenAnswer = z.object({ bearer_token: tokenText });

const hints = {
  400: 'Check ASA_KEY_ID and ASA_KEY_SECRET: the key id is a UUID, the secret is base64.',
  401: 'Check ASA_KEY_ID and ASA_KEY_SECRET; if the key was revoked or rotated, create a new one for the service user.',
  403: 'The service user may not sign in: check that it and its team are active.',
  404: 'Check ASA_TEAM and ASA_BASE_URL.',
};

/** U00 Get AuthZ Header: keeps one bearer token, and fetches another after `drop`. */
export class TokenSource {
  readonly #http: HttpClient;
  readonly #settings: AsaSettings;
  #token: Promise<Secret> | undefined;

  constructor(http: HttpClient, settings: AsaSettings) {
    this.#http = http;
    this.#settings = settings;
  }

  /**
   * Returns the current token, or a new one. Concurrent callers share one request.
   * @throws TrawlError CREDENTIALS_REFUSED, or others by status (http/status.ts)
   */
  async get(signal?: AbortSignal): Promise<Secret> {
    this.#token ??= this.#fetch(signal).catch((error: unknown) => {
      this.#token = undefined;
      throw error;
    });
    return this.#token;
  }

  /** Drops a refused token, unless it has already been replaced. */
  async drop(refused: Secret): Promise<void> {
    const current = this.#token;
    if (current !== undefined && (await current.catch(() => undefined)) === refused && this.#token === current) {
      this.#token = undefined;
    }
  }

  async #fetch(signal?: AbortSignal): Promise<Secret> {
    const { asaBaseUrl, asaTeam, asaKeyId, asaKeySecret } = this.#settings;
    const url = `${asaBaseUrl}/teams/${encodeURIComponent(asaTeam)}/service_token`;
    const request = {
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ key_id: asaKeyId, key_secret: asaKeySecret.reveal() }),
      signal,
    } as const;
    const answer = await requestToken(this.#http, request, 'ASA_BASE_URL');
    if (answer.status !== 200) {
      const error = statusError(answer, url, 'the request for a token', hints);
      if (answer.status !== 401) throw error;
      throw new TrawlError('CREDENTIALS_REFUSED', error.message, { hint: error.hint });
    }
    return this.#tokenOf(answer.body);
  }

  /** The answer contains a token, so none of it is kept or shown. */
  #tokenOf(body: Uint8Array): Secret {
    try {
      return new Secret(tokenAnswer.parse(parseBody(body)).bearer_token);
    } catch {
      throw new TrawlError('ANSWER_UNREADABLE', 'The answer to the request for a token has no bearer_token.', {
        hint: 'The request is retried; if this persists, check ASA_BASE_URL and any proxy in between.',
      });
    }
  }
}
