import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SignIn } from '../../../demo/skyflow/sign-in.js';
import type { HttpAnswer, HttpClient, HttpRequest } from '../../../src/http/client.js';
import { Secret } from '../../../src/secret.js';
import { SkyflowClient } from '../../../src/sources/skyflow/client.js';
import { type ServiceAccount, serviceAccountOf } from '../../../src/sources/skyflow/credentials.js';
import { ServiceAccountTokens, tokensOf } from '../../../src/sources/skyflow/token.js';

const minute = 60_000;
const tokenURI = 'https://manage.example/v1/auth/sa/oauth/token';

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-01-01T00:00:00Z') });
});
afterEach(() => {
  vi.useRealTimers();
});

/** The demo's token endpoint and an audit endpoint without events, without a network. */
class Vendor {
  readonly signIn: SignIn;
  readonly credentials: Secret;
  readonly account: ServiceAccount;
  tokenRequests = 0;
  /** If set, replaces the answer to a request for a token. */
  instead: { status: number; body: string } | undefined;
  /** True if answers have a Date. */
  dated = true;
  readonly http: HttpClient;

  constructor(lifetimeMs = 60 * minute) {
    this.signIn = new SignIn(lifetimeMs);
    this.credentials = new Secret(JSON.stringify(this.signIn.credentials(tokenURI)));
    this.account = serviceAccountOf(this.credentials.reveal());
    this.http = { request: async (request: HttpRequest) => this.#answer(request) } as unknown as HttpClient;
  }

  tokens(): ServiceAccountTokens {
    return new ServiceAccountTokens(this.http, this.account);
  }

  #answer(request: HttpRequest): HttpAnswer {
    const { status, body } = request.url === tokenURI ? this.#token(request) : this.#events(request);
    const headers = this.dated ? { date: [new Date(this.signIn.nowMs()).toUTCString()] } : {};
    return { status, headers, body: Buffer.from(body) };
  }

  #token({ body }: HttpRequest): { status: number; body: string } {
    this.tokenRequests += 1;
    if (this.instead) return this.instead;
    const asked = JSON.parse(String(body)) as { grant_type: string; assertion: string };
    expect(asked.grant_type).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
    const result = this.signIn.exchange(asked.assertion, tokenURI);
    if ('refused' in result) return { status: 401, body: JSON.stringify({ error: { message: result.refused } }) };
    return { status: 200, body: JSON.stringify({ accessToken: result.token, tokenType: 'Bearer' }) };
  }

  #events({ headers }: HttpRequest): { status: number; body: string } {
    const right = this.signIn.accepts(headers.authorization!.slice('Bearer '.length));
    return right ? { status: 200, body: '{"event":null}' } : { status: 401, body: '{}' };
  }
}

const uncounted = () => undefined;
const revealed = async (tokens: ServiceAccountTokens) => (await tokens.get(uncounted)).reveal();

describe('the token of a service account', () => {
  it('is requested once for simultaneous callers, and counted once', async () => {
    const vendor = new Vendor();
    const tokens = vendor.tokens();
    let counted = 0;
    const all = await Promise.all(Array.from({ length: 20 }, () => tokens.get(() => (counted += 1))));
    expect(new Set(all.map((token) => token.reveal())).size).toBe(1);
    expect([vendor.tokenRequests, counted]).toEqual([1, 1]);
  });

  it.each([-25, -5, 0, 5, 25])(
    'is issued despite a clock that differs by %i minutes, and used for nine tenths of its lifetime',
    async (minutes) => {
      const vendor = new Vendor(10 * minute);
      vendor.signIn.clockAheadMs = minutes * minute;
      const tokens = vendor.tokens();
      const first = await revealed(tokens);
      vi.advanceTimersByTime(8.9 * minute);
      expect(await revealed(tokens)).toBe(first);
      vi.advanceTimersByTime(0.2 * minute);
      const second = await revealed(tokens);
      expect(second).not.toBe(first);
      expect(vendor.signIn.accepts(second)).toBe(true);
      expect(vendor.tokenRequests).toBe(2);
    },
  );

  it.each([
    [45, 'behind'],
    [-45, 'ahead of'],
  ])('is refused for a clock that differs by %i minutes, and the error says so', async (minutes, word) => {
    const vendor = new Vendor();
    vendor.signIn.clockAheadMs = minutes * minute;
    await expect(revealed(vendor.tokens())).rejects.toMatchObject({
      code: 'CREDENTIALS_REFUSED',
      hint: expect.stringContaining(
        `The clock of this machine is 45 minutes ${word} that of manage.example: set it right.`,
      ),
    });
  });

  it('is used for ten minutes if its expiry is unknown, and for 55 at most', async () => {
    const opaque = new Vendor();
    opaque.signIn.opaqueTokens = true;
    const long = new Vendor(24 * 60 * minute);
    for (const [vendor, kept] of [
      [opaque, 10],
      [long, 55],
    ] as const) {
      const tokens = vendor.tokens();
      const first = await revealed(tokens);
      vi.advanceTimersByTime(kept * minute - 1_000);
      expect(await revealed(tokens)).toBe(first);
      vi.advanceTimersByTime(2_000);
      expect(await revealed(tokens)).not.toBe(first);
    }
  });

  it('that has expired on arrival is still used once', async () => {
    const vendor = new Vendor(0);
    const tokens = vendor.tokens();
    expect(await revealed(tokens)).not.toBe(await revealed(tokens));
    expect(vendor.tokenRequests).toBe(2);
  });

  it('that was refused is replaced, but its replacement is kept', async () => {
    const vendor = new Vendor();
    const tokens = vendor.tokens();
    const first = await tokens.get(uncounted);
    expect(await tokens.drop(first)).toBe(true);
    const second = await tokens.get(uncounted);
    expect(second.reveal()).not.toBe(first.reveal());
    await tokens.drop(first);
    expect(await tokens.get(uncounted)).toBe(second);
    expect(vendor.tokenRequests).toBe(2);
  });

  it('is requested again after a failure', async () => {
    const vendor = new Vendor();
    const tokens = vendor.tokens();
    vendor.instead = { status: 503, body: '' };
    await expect(revealed(tokens)).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
    vendor.instead = undefined;
    expect(vendor.signIn.accepts(await revealed(tokens))).toBe(true);
  });

  it('still reaches other callers when one gives up', async () => {
    const vendor = new Vendor();
    const tokens = vendor.tokens();
    const abort = new AbortController();
    const one = tokens.get(uncounted, abort.signal);
    const other = tokens.get(uncounted);
    abort.abort(new Error('given up'));
    await expect(one).rejects.toThrow('given up');
    expect(vendor.signIn.accepts((await other).reveal())).toBe(true);
    expect(vendor.tokenRequests).toBe(1);
  });

  it.each(['', '<html>', '{}', '{"accessToken":""}', '{"accessToken":"a\\nb"}', '{"token":"sensitive"}'])(
    'is not in %s, whose content is not shown',
    async (body) => {
      const vendor = new Vendor();
      vendor.instead = { status: 200, body };
      const error = (await revealed(vendor.tokens()).catch((thrown: unknown) => thrown)) as Error;
      expect(error).toMatchObject({ code: 'ANSWER_UNREADABLE' });
      expect(`${JSON.stringify(error)} ${error.stack}`).not.toContain('sensitive');
    },
  );

  it.each([
    [400, 'CREDENTIALS_REFUSED', 'Check the credentials file'],
    [401, 'CREDENTIALS_REFUSED', 'Check the credentials file'],
    [403, 'ACCESS_DENIED', 'check that it is active'],
    [404, 'NOT_FOUND', 'Check tokenURI in the credentials file'],
    [429, 'RATE_LIMITED', 'retried'],
  ])('is refused with %i, with advice', async (status, code, hint) => {
    const vendor = new Vendor();
    vendor.dated = false;
    vendor.instead = { status, body: '{}' };
    await expect(revealed(vendor.tokens())).rejects.toMatchObject({ code, hint: expect.stringContaining(hint) });
  });
});

describe('a page with a service account', () => {
  const clientOf = (vendor: Vendor, apiKey?: Secret) =>
    new SkyflowClient(vendor.http, {
      ...{ skyflowAccountId: 'a', skyflowVaultUrl: 'https://vault.example', skyflowKeepContent: false },
      ...{ skyflowOverlapMinutes: 0, searchCount: 1 },
      ...(apiKey ? { skyflowApiKey: apiKey } : { skyflowCredentials: vendor.credentials }),
    });

  it('costs one more request for a token, and two if it was refused', async () => {
    const vendor = new Vendor();
    const client = clientOf(vendor);
    expect((await client.fetchPage('')).requests).toBe(2);
    expect((await client.fetchPage('')).requests).toBe(1);
    vendor.signIn.expireTokens();
    expect((await client.fetchPage('')).requests).toBe(3);
    expect(vendor.tokenRequests).toBe(2);
  });

  it('fails if a new token is refused too, with the reason', async () => {
    const vendor = new Vendor();
    vi.spyOn(vendor.signIn, 'accepts').mockReturnValue(false);
    await expect(clientOf(vendor).fetchPage('')).rejects.toMatchObject({
      code: 'TOKEN_REFUSED',
      hint: expect.stringContaining('service account has a role'),
    });
    expect(vendor.tokenRequests).toBe(2);
  });

  it('says when a bearer token used as the API key has expired', async () => {
    const vendor = new Vendor();
    const exchanged = await revealed(vendor.tokens());
    vi.advanceTimersByTime(61 * minute);
    const client = clientOf(vendor, new Secret(exchanged));
    const error = (await client.fetchPage('').catch((thrown: unknown) => thrown)) as Error;
    expect(error).toMatchObject({
      code: 'CREDENTIALS_REFUSED',
      hint: 'The bearer token in SKYFLOW_API_KEY expired at 2026-01-01T01:00:00.000Z: use an API key or SKYFLOW_CREDENTIALS_FILE, which last.',
    });
    expect(JSON.stringify(error)).not.toContain(exchanged);
  });

  it('cannot replace an API key', async () => {
    const { http } = new Vendor();
    const tokens = tokensOf(http, { skyflowApiKey: new Secret('k') });
    expect(await tokens.drop(await tokens.get(uncounted))).toBe(false);
    expect(tokens.refusedHint).toContain('Check SKYFLOW_API_KEY');
  });
});
