import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type DemoAsa, startDemoAsa } from '../../demo/asa/server.js';
import { faultKinds } from '../../demo/faults.js';
import { stopClock } from '../support/clock.js';
import { ask, askToken, auditsUrl, readPage, tokenOf } from './asa-client.js';

let demo: DemoAsa;
let token: string;
let right: string;

beforeEach(async () => {
  demo = await startDemoAsa({ events: 250 });
  token = await tokenOf(demo);
  right = (await readPage(auditsUrl(demo), token)).text;
});

afterEach(() => demo.close());

const page = (signal?: AbortSignal): Promise<Response> => ask(auditsUrl(demo), token, signal ?? null);

/** The outcome of the request, or `silent` if there is none while the server has answered other requests. */
async function duringRequests(answer: Promise<unknown>): Promise<unknown> {
  let outcome: unknown = 'silent';
  answer.then(
    (value) => (outcome = value),
    (error) => (outcome = error),
  );
  for (let nth = 0; nth < 3; nth += 1) await tokenOf(demo);
  return outcome;
}

async function statuses(requests: number): Promise<number[]> {
  const seen: number[] = [];
  for (let nth = 0; nth < requests; nth += 1) {
    const answer = await page();
    await answer.arrayBuffer();
    seen.push(answer.status);
  }
  return seen;
}

describe('faults of the status', () => {
  it.each([
    [400, 'invalid_request'],
    [401, 'authentication_error'],
    [403, 'forbidden_error'],
    [404, 'resource_does_not_exist'],
    [409, 'resource_already_exists'],
    [415, 'unsupported_content_type'],
    [429, 'too_many_requests'],
    [499, 'client_closed_connection'],
    [500, 'unknown_error'],
    [503, 'service_offline'],
    [504, 'gateway_timeout'],
  ])('%i is sent as %s, once', async (status, code) => {
    demo.faults.add({ kind: 'status', status });
    const answer = await page();
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ code });
    expect(answer.headers.get('link')).toBeNull();
    expect(await (await page()).text()).toBe(right);
  });

  it('have another code, Retry-After, or no rate limit headers on request', async () => {
    demo.faults.add({ kind: 'status', status: 403, code: 'disabled_team' });
    expect(await (await page()).json()).toMatchObject({ code: 'disabled_team' });

    demo.faults.add({ kind: 'status', status: 429, retryAfter: 7, rateLimitHeaders: false });
    const bare = await page();
    expect(bare.headers.get('retry-after')).toBe('7');
    expect([...bare.headers.keys()].filter((name) => name.startsWith('x-ratelimit'))).toEqual([]);

    demo.faults.add({ kind: 'status', status: 429, resetInMs: 5000 });
    const { nowMs } = stopClock();
    const limited = await page();
    expect(limited.headers.get('x-ratelimit-remaining')).toBe('0');
    expect(limited.headers.get('x-ratelimit-reset')).toBe(String(Math.ceil((nowMs + 5000) / 1000)));
  });

  it('end the token in use if the code is token-expired', async () => {
    demo.faults.add({ kind: 'token-expired' });
    expect(await statuses(2)).toEqual([401, 401]);
    token = await tokenOf(demo);
    expect(await statuses(1)).toEqual([200]);
  });
});

describe('faults of the body', () => {
  it.each([
    ['html', /^<!DOCTYPE html>/],
    ['empty', /^$/],
    ['empty-json', /^\{\}$/],
    ['null-list', /^\{"list":null,"related_objects":null\}$/],
  ] as const)('%s: 200 and a sound Link header, but not the page', async (kind, text) => {
    demo.faults.add({ kind });
    const answer = await page();
    expect(answer.status).toBe(200);
    expect(answer.headers.get('link')).toContain('rel="next"');
    expect(await answer.text()).toMatch(text);
    expect(answer.headers.get('content-type')).toContain(kind === 'html' ? 'text/html' : 'application/json');
  });

  it('truncated: cut in the middle, with the length of the rest', async () => {
    demo.faults.add({ kind: 'truncated' });
    const answer = await page();
    const body = Buffer.from(await answer.arrayBuffer());
    expect(answer.headers.get('link')).toContain('rel="next"');
    expect(Number(answer.headers.get('content-length'))).toBe(body.length);
    expect(body.equals(Buffer.from(right).subarray(0, body.length))).toBe(true);
    expect(body.length).toBeLessThan(right.length * 0.6);
  });

  it('wrong-content-type: the right body as HTML', async () => {
    demo.faults.add({ kind: 'wrong-content-type' });
    const answer = await page();
    expect(answer.headers.get('content-type')).toContain('text/html');
    expect(await answer.text()).toBe(right);
  });

  it('oversize: the right body and white space after it, longer than given', async () => {
    demo.faults.add({ kind: 'oversize', bytes: 300_000 });
    const answer = await page();
    const text = await answer.text();
    expect(Buffer.byteLength(text)).toBeGreaterThan(300_000);
    expect(text.trimEnd()).toBe(right);
  });

  it('garbage-utf8: JSON except for bytes that are not UTF-8', async () => {
    demo.faults.add({ kind: 'garbage-utf8' });
    const body = await (await page()).arrayBuffer();
    expect(() => new TextDecoder('utf-8', { fatal: true }).decode(body)).toThrow();
    const { list } = JSON.parse(new TextDecoder().decode(body)) as { list: unknown[] };
    expect(list).toHaveLength(100);
  });

  it('spoil tokens too if they are the target', async () => {
    demo.faults.add({ kind: 'html', target: 'token' });
    expect(await (await page()).text()).toBe(right);
    expect(await (await askToken(demo)).text()).toContain('<html>');
    demo.faults.add({ kind: 'garbage-utf8', target: 'any' });
    const body = await (await askToken(demo)).arrayBuffer();
    expect(() => new TextDecoder('utf-8', { fatal: true }).decode(body)).toThrow();
  });
});

describe('faults of the connection', () => {
  it('reset-before: no answer at all', async () => {
    demo.faults.add({ kind: 'reset-before' });
    await expect(page()).rejects.toThrow('fetch failed');
    expect(demo.requests.byStatus[0]).toBe(1);
    expect(await statuses(1)).toEqual([200]);
  });

  it('reset: headers, then the connection breaks in the middle of the body', async () => {
    demo.faults.add({ kind: 'reset' });
    const answer = await page();
    expect(answer.status).toBe(200);
    expect(answer.headers.get('link')).toContain('rel="next"');
    await expect(answer.text()).rejects.toThrow();
  });

  it('stall: silence in the middle of the body, until the client gives up or the time has passed', async () => {
    demo.faults.add({ kind: 'stall' });
    const giveUp = new AbortController();
    const answer = await page(giveUp.signal);
    expect(answer.status).toBe(200);
    const reader = answer.body!.getReader();
    let received = (await reader.read()).value!.length;
    const half = Buffer.byteLength(right) >> 1;
    while (received < half) received += (await reader.read()).value!.length;
    expect(received).toBe(half);
    const silence = reader.read();
    expect(await duringRequests(silence)).toBe('silent');
    giveUp.abort();
    await expect(silence).rejects.toThrow('aborted');

    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    demo.faults.add({ kind: 'stall', ms: 100 });
    const late = (await page()).text();
    vi.advanceTimersByTime(99);
    expect(await duringRequests(late)).toBe('silent');
    vi.advanceTimersByTime(1);
    expect(await late).toBe(right);
  });
});

describe('the plan', () => {
  it('decides when: after, every, times', async () => {
    demo.faults.add({ kind: 'status', status: 500, after: 2, every: 2, times: 2 });
    expect(await statuses(8)).toEqual([200, 200, 200, 500, 200, 500, 200, 200]);
    demo.faults.add({ kind: 'status', status: 503, every: 1 });
    expect(await statuses(3)).toEqual([503, 503, 503]);
    demo.faults.clear();
    expect(await statuses(1)).toEqual([200]);
  });

  it('makes the same random choices again', async () => {
    demo.faults.add({ kind: 'status', status: 500, probability: 0.5 });
    const seen = await statuses(30);
    const again = await startDemoAsa({ events: 250 });
    await demo.close();
    demo = again;
    token = await tokenOf(demo);
    demo.faults.add({ kind: 'status', status: 500, probability: 0.5 });
    expect(await statuses(30)).toEqual(seen);
    expect(new Set(seen)).toEqual(new Set([200, 500]));
  });

  it('spares requests that are refused anyway, and rejects invalid faults', async () => {
    demo.faults.add({ kind: 'status', status: 500 });
    expect((await ask(auditsUrl(demo), 'wrong')).status).toBe(401);
    expect(demo.faults.list()).toMatchObject([{ seen: 0, happened: 0 }]);
    expect(await statuses(2)).toEqual([500, 200]);
    expect(() => demo.faults.add({ kind: 'status' })).toThrow('status');
    expect(() => demo.faults.add({ kind: 'html', status: 500 })).toThrow('status');
  });
});

describe('the control over HTTP', () => {
  const control = (method: string, path: string, body?: string): Promise<Response> =>
    fetch(new URL(`/demo/${path}`, demo.baseUrl), {
      method,
      headers: { authorization: `Bearer ${demo.keySecret}` },
      ...(body === undefined ? {} : { body }),
    });

  it('changes nothing without the key of the team', async () => {
    for (const authorization of [undefined, 'Bearer other', demo.keySecret]) {
      const headers = authorization === undefined ? {} : { authorization };
      const answer = await fetch(new URL('/demo/revoke-key', demo.baseUrl), { method: 'POST', headers });
      expect(answer.status).toBe(401);
    }
    expect((await askToken(demo)).status).toBe(200);
  });

  it('plans and clears faults', async () => {
    expect((await control('POST', 'faults', '{"kind":"status","status":503,"every":1}')).status).toBe(200);
    expect(await statuses(2)).toEqual([503, 503]);
    expect((await control('DELETE', 'faults')).status).toBe(200);
    expect(await statuses(1)).toEqual([200]);
  });

  it('adds events, ends tokens and offsets, revokes and restores the key', async () => {
    const next = (await readPage(auditsUrl(demo), token)).next!;
    expect((await control('POST', 'events', '{"n": 10}')).status).toBe(200);
    expect(demo.total()).toBe(260);
    await control('POST', 'forget-offsets');
    expect((await ask(next, token)).status).toBe(400);
    await control('POST', 'expire-tokens');
    expect(await statuses(1)).toEqual([401]);
    await control('POST', 'revoke-key');
    expect((await askToken(demo)).status).toBe(401);
    await control('POST', 'restore-key');
    expect((await askToken(demo)).status).toBe(200);
  });

  it('shows the state, and does not count against the limit', async () => {
    demo.faults.add({ kind: 'empty', after: 3 });
    const state = await (await control('GET', 'state')).json();
    expect(state).toMatchObject({
      team: 'demo-team',
      events: 250,
      key_revoked: false,
      faults: [{ fault: { kind: 'empty', after: 3 }, seen: 0, happened: 0 }],
      requests: { total: 2, tokens: 1, audits: 1 },
    });
  });

  it.each([
    ['faults', '{"kind":"flood"}'],
    ['faults', '{"kind":"status"}'],
    ['faults', '{"kind":"html","often":true}'],
    ['faults', 'kind=html'],
    ['events', '{"n":0}'],
    ['events', '{"n":"10"}'],
    ['events', '{}'],
  ])('refuses %s %s and says what it expects', async (path, body) => {
    const answer = await control('POST', path, body);
    expect(answer.status).toBe(400);
    const refusal = (await answer.json()) as {
      message: string;
      expected: { properties: Record<string, { enum?: string[] }> };
    };
    expect(refusal.message).not.toBe('');
    if (path === 'faults') expect(refusal.expected.properties.kind?.enum).toEqual([...faultKinds]);
    else expect(refusal.expected.properties).toHaveProperty('n');
    expect(demo.faults.list()).toEqual([]);
    expect(demo.total()).toBe(250);
  });

  it('lists the existing endpoints if an unknown one is requested', async () => {
    const answer = await control('GET', 'fautls');
    expect(answer.status).toBe(404);
    expect(await answer.text()).toContain('POST /demo/faults');
  });
});
