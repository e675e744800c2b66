import { get } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { foreignHost, linkStyles } from '../../demo/asa/links.js';
import { firstNames, lastNames } from '../../demo/asa/names.js';
import { asciiOf } from '../../demo/asa/objects.js';
import { type DemoAsa, type DemoAsaOptions, startDemoAsa } from '../../demo/asa/server.js';
import { stopClock } from '../support/clock.js';
import { ask, askToken, auditsUrl, listText, range, readPage, tokenOf, walk } from './asa-client.js';

const running: DemoAsa[] = [];

async function start(options: DemoAsaOptions = {}): Promise<DemoAsa> {
  const demo = await startDemoAsa({ events: 250, ...options });
  running.push(demo);
  return demo;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((demo) => demo.close()));
});

async function codeOf(answer: Response): Promise<string> {
  const { code, message } = (await answer.json()) as { code: string; message: string };
  expect(message).not.toBe('');
  return `${answer.status} ${code}`;
}

describe('tokens', () => {
  it('are issued only for the right key of the right team', async () => {
    const demo = await start();
    const answer = await askToken(demo);
    expect(await answer.json()).toMatchObject({
      bearer_token: expect.stringMatching(/^ey.+\..+\..+$/),
      team_name: 'demo-team',
    });
    expect(await codeOf(await askToken(demo, { keySecret: 'wrong' }))).toBe('401 authentication_error');
    expect(await codeOf(await askToken(demo, { keyId: 'wrong' }))).toBe('401 authentication_error');
    expect(await codeOf(await askToken(demo, { team: 'another' }))).toBe('404 resource_does_not_exist');
    const url = `${demo.baseUrl}/teams/demo-team/service_token`;
    expect(await codeOf(await fetch(url, { method: 'POST', body: '{}' }))).toBe('415 unsupported_content_type');
    const headers = { 'content-type': 'application/json' };
    expect(await codeOf(await fetch(url, { method: 'POST', headers, body: '{"key_id":' }))).toBe('400 invalid_request');
  });

  it('are not issued for a revoked key, while those in use stay valid', async () => {
    const demo = await start();
    const token = await tokenOf(demo);
    demo.revokeKey();
    expect(await codeOf(await askToken(demo))).toBe('401 authentication_error');
    expect((await ask(auditsUrl(demo), token)).status).toBe(200);
    demo.restoreKey();
    expect((await askToken(demo)).status).toBe(200);
  });

  it('are required, and expire', async () => {
    const demo = await start();
    const token = await tokenOf(demo);
    expect(await codeOf(await fetch(auditsUrl(demo)))).toBe('401 authentication_error');
    expect(await codeOf(await ask(auditsUrl(demo), 'made-up'))).toBe('401 authentication_error');
    demo.expireTokens();
    expect(await codeOf(await ask(auditsUrl(demo), token))).toBe('401 authentication_error');
    expect((await ask(auditsUrl(demo), await tokenOf(demo))).status).toBe(200);
    const shortLived = await start({ tokenLifetimeMs: 0 });
    expect((await ask(auditsUrl(shortLived), await tokenOf(shortLived))).status).toBe(401);
  });
});

describe('pages', () => {
  it('hold 100 events, or as many as requested, from 1 to 1000', async () => {
    const demo = await start({ events: 1100 });
    const token = await tokenOf(demo);
    const page = async (query: string): Promise<string> => (await readPage(auditsUrl(demo, query), token)).text;
    expect((await page('')).startsWith(listText(demo, range(0, 100)))).toBe(true);
    expect((await page('?count=1')).startsWith(listText(demo, [0]))).toBe(true);
    expect((await page('?count=1000')).startsWith(listText(demo, range(0, 1000)))).toBe(true);
    for (const query of [
      'count=0',
      'count=1001',
      'count=-1',
      'count=x',
      'count=',
      'descending=maybe',
      'prev=2',
      'offset=AAAA',
      'offset=x',
    ]) {
      expect(await codeOf(await ask(auditsUrl(demo, `?${query}`), token)), query).toBe('400 invalid_request');
    }
    expect(await codeOf(await ask(`${demo.baseUrl}/teams/another/auditsV2`, token))).toBe(
      '404 resource_does_not_exist',
    );
    expect(await codeOf(await ask(`${demo.baseUrl}/teams/demo-team/audits`, token))).toBe(
      '404 resource_does_not_exist',
    );
  });

  it.each(linkStyles.filter((style) => style !== 'foreign-host'))(
    'can be walked with links written as "%s"',
    async (linkStyle) => {
      const demo = await start({ linkStyle, events: 430 });
      const pages = await walk(auditsUrl(demo, '?count=100'), await tokenOf(demo), 'next');
      expect(pages).toHaveLength(5);
      pages.forEach((page, nth) => {
        expect(page.text.startsWith(listText(demo, range(nth * 100, Math.min(430, nth * 100 + 100))))).toBe(true);
      });
      const events = pages.flatMap(
        (page) => (JSON.parse(page.text) as { list: { id: string; timestamp: string; details: unknown }[] }).list,
      );
      const truth = [...demo.truth()].map(({ id, timestamp, details }) => ({
        id,
        timestamp,
        details: JSON.parse(details) as unknown,
      }));
      expect(events).toEqual(truth);
      for (const { next } of pages.slice(0, -1)) expect(next).toMatch(/[?&]offset=[^&]*%2B[^&]*%2F[^&]*%3D/);
    },
  );

  it('have as many Link headers as the style has', async () => {
    for (const [linkStyle, lines] of [
      ['single', 1],
      ['multiple', 2],
    ] as const) {
      const demo = await start({ linkStyle });
      const token = await tokenOf(demo);
      const { next } = await readPage(auditsUrl(demo), token);
      const raw = await new Promise<string[]>((resolve, reject) => {
        get(next!, { headers: { authorization: `Bearer ${token}` } }, (answer) =>
          resolve(answer.resume().rawHeaders),
        ).on('error', reject);
      });
      expect(raw.filter((name) => name.toLowerCase() === 'link')).toHaveLength(lines);
    }
  });

  it('can have a next link that leads to another host, as a trap', async () => {
    const demo = await start({ linkStyle: 'foreign-host' });
    const { next } = await readPage(auditsUrl(demo), await tokenOf(demo));
    expect(new URL(next!).hostname).toBe(foreignHost);
  });

  it('link to the host that the client used', async () => {
    const demo = await start();
    const byName = auditsUrl(demo).replace('127.0.0.1', 'localhost');
    expect(new URL((await readPage(byName, await tokenOf(demo))).next!).hostname).toBe('localhost');
  });

  it('link back by prev, and are newest first if descending', async () => {
    const demo = await start();
    const token = await tokenOf(demo);
    const forth = await walk(auditsUrl(demo, '?count=100'), token, 'next');
    expect(forth[0]!.prev).toBeUndefined();
    const back = await walk(forth[2]!.prev!, token, 'prev');
    expect(back.map((page) => page.text)).toEqual([forth[1]!.text, forth[0]!.text]);
    expect((await readPage(back[1]!.next!, token)).text).toBe(forth[1]!.text);

    const down = await walk(auditsUrl(demo, '?count=100&descending=true'), token, 'next');
    const order = range(0, 250).reverse();
    expect(down.map((page) => page.text.startsWith(listText(demo, order.splice(0, 100))))).toEqual([true, true, true]);
    demo.addEvents(2);
    const newer = await readPage(down[1]!.prev!, token);
    expect(newer.text).toBe(down[0]!.text);
    expect((await readPage(newer.prev!, token)).text.startsWith(listText(demo, [251, 250]))).toBe(true);
  });

  it('fill up under the same offset; next appears once something follows a full one', async () => {
    const demo = await start({ events: 150 });
    const token = await tokenOf(demo);
    const last = (await readPage(auditsUrl(demo), token)).next!;
    for (const [added, events, hasNext] of [
      [0, 50, false],
      [10, 60, false],
      [40, 100, false],
      [1, 100, true],
    ] as const) {
      demo.addEvents(added);
      const page = await readPage(last, token);
      expect(page.text.startsWith(listText(demo, range(100, 100 + events)))).toBe(true);
      expect(page.next !== undefined).toBe(hasNext);
    }
    const next = (await readPage(last, token)).next!;
    expect((await readPage(next, token)).text.startsWith(listText(demo, [200]))).toBe(true);
  });

  it('have, with nextWhenFull, a next link as soon as they are full, which leads to an empty page', async () => {
    const demo = await start({ events: 200, nextWhenFull: true });
    const token = await tokenOf(demo);
    const pages = await walk(auditsUrl(demo), token, 'next');
    expect(pages).toHaveLength(3);
    expect(pages[2]!.text).toBe('{"list":[],"related_objects":{}}');
    demo.addEvents(3);
    expect((await readPage(pages[2]!.url, token)).text.startsWith(listText(demo, range(200, 203)))).toBe(true);
  });

  it('contain exactly the related objects of their events', async () => {
    const demo = await start({ events: 3000 });
    const pages = await walk(auditsUrl(demo, '?count=50'), await tokenOf(demo), 'next');
    const known = new Set<string>();
    const read = pages.map(
      ({ text }) =>
        JSON.parse(text) as {
          list: { details: unknown }[];
          related_objects: Record<string, { type: string; object: object }>;
        },
    );
    for (const { related_objects } of read) for (const key of Object.keys(related_objects)) known.add(key);
    let without = 0;
    for (const { list, related_objects } of read) {
      const referred = new Set(
        JSON.stringify(list.map(({ details }) => details)).match(/(?<=")[A-Za-z0-9+/]{43}=(?=")/g),
      );
      const withObject = [...referred].filter((key) => known.has(key));
      expect(Object.keys(related_objects).sort()).toEqual(withObject.sort());
      without += referred.size - withObject.length;
    }
    expect(without).toBeGreaterThan(0);
    const types = new Set(read.flatMap((page) => Object.values(page.related_objects).map(({ type }) => type)));
    expect([...types].sort()).toEqual(['client', 'gateway', 'group', 'project', 'security_policy', 'server', 'user']);
  });
});

describe('events', () => {
  const epochNs = (timestamp: string): bigint => {
    const [, seconds, fraction = ''] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{0,8}[1-9]))?Z$/.exec(timestamp)!;
    return BigInt(Date.parse(`${seconds}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
  };

  it('are ordered by time, written as in Go, over the 80 days before the anchor', async () => {
    const anchorMs = Date.now() - 1234;
    const demo = await start({ events: 5000, anchorMs });
    const timestamps = [...demo.truth()].map(({ timestamp }) => timestamp);
    const times = timestamps.map(epochNs);
    expect(times.every((time, nth) => nth === 0 || time >= times[nth - 1]!)).toBe(true);
    expect(new Set(times).size).toBeLessThan(times.length);
    expect(times[0]! >= BigInt(anchorMs - 80 * 86_400_000) * 1_000_000n).toBe(true);
    expect(times[4999]! < BigInt(anchorMs) * 1_000_000n).toBe(true);
    const lengths = new Set(timestamps.map((timestamp) => timestamp.length));
    expect([20, 22, 23, 30].filter((length) => lengths.has(length)).length).toBeGreaterThan(2);
    expect(times[0]! < BigInt(anchorMs - 79 * 86_400_000) * 1_000_000n).toBe(true);
  });

  it('are of many types, with ids of their own and texts that a parser would change', async () => {
    const demo = await start({ events: 6000 });
    const events = [...demo.truth()];
    expect(new Set(events.map(({ id }) => id)).size).toBe(6000);
    expect(events.every(({ id }) => Buffer.from(id, 'base64').length === 16)).toBe(true);
    const types = new Map<string, number>();
    for (const { details } of events) {
      const { type } = JSON.parse(details) as { type: string };
      types.set(type, (types.get(type) ?? 0) + 1);
    }
    expect(types.size).toBeGreaterThanOrEqual(40);
    const common = [...types].sort(([, a], [, b]) => b - a).map(([type]) => type);
    expect(common.slice(0, 3)).toEqual(['auth_token.issue', 'user_creds.issue', 'server.ssh_login']);
    const all = events.map(({ details }) => details).join('\n');
    expect(all).not.toMatch(/[<>&]/);
    for (const part of ['\\u003c', '\\u003e', '\\u0026', ':1.50', ':18446744073709551615', ':null', ':""', ':[]'])
      expect(all).toContain(part);
  });

  it('are the same after a restart, and offsets still lead to them', async () => {
    const anchorMs = Date.now() - 60_000;
    const options = { events: 300, anchorMs, seed: 7, arrivalIntervalMs: 10_000 };
    const first = await start(options);
    const firstPages = await walk(auditsUrl(first), await tokenOf(first), 'next');
    const second = await start(options);
    const token = await tokenOf(second);
    expect(second.eventText(305)).toEqual(first.eventText(305));
    for (const { url, text } of firstPages.slice(0, 3)) {
      expect((await readPage(url.replace(first.baseUrl, second.baseUrl), token)).text).toBe(text);
    }
    const other = await start({ ...options, seed: 8 });
    expect(other.eventText(0).id).not.toBe(first.eventText(0).id);
  });

  it('that a restart has removed do not hide scheduled ones', async () => {
    const options = { events: 100, anchorMs: Date.now() - 50_000, arrivalIntervalMs: 100_000 };
    const first = await start(options);
    first.addEvents(30);
    const { next } = await readPage(auditsUrl(first, '?count=120'), await tokenOf(first));
    const second = await start({ ...options, anchorMs: options.anchorMs - 100_000 });
    const page = await readPage(next!.replace(first.baseUrl, second.baseUrl), await tokenOf(second));
    expect(page.text.startsWith(listText(second, [100]))).toBe(true);
  });

  it('arrive on schedule, one each interval, between those that are added', async () => {
    const clock = stopClock();
    const anchorMs = clock.nowMs - 100_000;
    const demo = await start({ events: 10, anchorMs, arrivalIntervalMs: 1000 });
    expect(demo.total()).toBe(110);
    expect(Math.floor(Number(epochNs(demo.eventText(10).timestamp) / 1_000_000n) / 1000)).toBe(
      Math.floor((anchorMs + 1000) / 1000),
    );
    demo.addEvents(5);
    demo.addEvents(5);
    expect(demo.total()).toBe(120);
    clock.advance(1000);
    expect(demo.total()).toBe(121);
    const truth = [...demo.truth()];
    const times = truth.map(({ timestamp }) => epochNs(timestamp));
    expect(times.every((time, nth) => nth === 0 || time >= times[nth - 1]!)).toBe(true);
    expect(new Set(truth.map(({ id }) => id)).size).toBe(truth.length);
  });

  it('that are inserted are sent byte for byte', async () => {
    const demo = await start({ events: 1 });
    const known = (JSON.parse(demo.eventText(0).details) as { actor: string }).actor;
    const odd = `{ "id":"x", "timestamp":"2030-01-01T00:00:00Z",\n"details": {"actor":"${known}","n":1.0e+2,"s":"<\\u00e9>"} , "more":1}`;
    const hostile = [
      '{"id":7,"details":[]}',
      'null',
      '{"id":"y","timestamp":"2030-01-01T00:00:00Z","details":{"a":[{"b":NaN}]}}',
    ];
    for (const text of [odd, ...hostile]) demo.insertRaw(text);
    const page = await readPage(auditsUrl(demo), await tokenOf(demo));
    expect(page.text).toContain([demo.eventText(0).text, odd, ...hostile].join(','));
    expect(demo.total()).toBe(5);
    expect([...demo.truth()].slice(1)).toEqual([
      { id: 'x', timestamp: '2030-01-01T00:00:00Z', details: `{"actor":"${known}","n":1.0e+2,"s":"<\\u00e9>"}` },
    ]);
    expect(() => demo.eventText(5)).toThrow(RangeError);
  });
});

describe('offsets', () => {
  it('are refused if they are not percent-encoded, and once they are forgotten', async () => {
    const demo = await start();
    const token = await tokenOf(demo);
    const next = (await readPage(auditsUrl(demo), token)).next!;
    expect(await codeOf(await ask(decodeURIComponent(next), token))).toBe('400 invalid_request');
    expect((await ask(next, token)).status).toBe(200);
    demo.forgetOffsets();
    expect(await codeOf(await ask(next, token))).toBe('400 invalid_request');
    expect(await walk(auditsUrl(demo), token, 'next')).toHaveLength(3);
  });
});

describe('the rate limit', () => {
  it('is stated in every answer, refuses requests over it, and ends with the period', async () => {
    const clock = stopClock(Date.parse('2026-11-01T00:00:00Z'));
    const demo = await start({ rateLimit: { limit: 3, periodMs: 2500 } });
    const token = await tokenOf(demo);
    const remaining = async (answer: Response): Promise<string | null> => {
      await answer.arrayBuffer();
      expect(answer.headers.get('x-ratelimit-limit')).toBe('3');
      return answer.headers.get('x-ratelimit-remaining');
    };
    expect(await remaining(await ask(auditsUrl(demo), 'wrong'))).toBe('1');
    expect(await remaining(await ask(auditsUrl(demo), token))).toBe('0');
    const refused = await ask(auditsUrl(demo), token);
    expect(refused.headers.get('x-ratelimit-reset')).toBe(String(clock.nowMs / 1000 + 3));
    expect(await codeOf(refused)).toBe('429 too_many_requests');
    clock.advance(2499);
    expect((await ask(auditsUrl(demo), token)).status).toBe(429);
    clock.advance(1);
    expect((await ask(auditsUrl(demo), token)).status).toBe(200);
    expect(demo.requests.byStatus).toEqual({ 200: 3, 401: 1, 429: 2 });
  });
});

describe('the server', () => {
  it('keeps a record of the requests', async () => {
    const demo = await start();
    const token = await tokenOf(demo);
    await readPage(auditsUrl(demo, '?count=7'), token);
    await fetch(auditsUrl(demo));
    expect(demo.requests).toMatchObject({ total: 3, tokens: 1, audits: 2, byStatus: { 200: 2, 401: 1 } });
    expect(demo.requests.log).toEqual([
      { method: 'POST', path: '/v1/teams/demo-team/service_token', status: 200, authorization: false },
      { method: 'GET', path: '/v1/teams/demo-team/auditsV2?count=7', status: 200, authorization: true },
      { method: 'GET', path: '/v1/teams/demo-team/auditsV2', status: 401, authorization: false },
    ]);
  });

  it('delays its answers on request', async () => {
    const [slow, quick] = [await start({ latencyMs: 3_600_000 }), await start()];
    const answer = askToken(slow).then(
      () => 'answered',
      () => 'cut off',
    );
    for (let asked = 0; asked < 5; asked += 1) await tokenOf(quick);
    await slow.close();
    expect(await answer).toBe('cut off');
  });

  it('closes open connections too', async () => {
    const demo = await startDemoAsa({ events: 10 });
    await tokenOf(demo);
    demo.faults.add({ kind: 'stall' });
    const stalled = await ask(auditsUrl(demo), await tokenOf(demo));
    await demo.close();
    await expect(stalled.text()).rejects.toThrow();
    await expect(askToken(demo)).rejects.toThrow();
  });
});

it.each([
  ['Øystein', 'Oystein'],
  ['Yılmaz', 'Yilmaz'],
  ['Dvořák', 'Dvorak'],
  ["O'Hara", 'OHara'],
])('the login of %s is %s, with all of its letters', (name, login) => {
  expect(asciiOf(name)).toBe(login);
});

it('the login of every name has as many letters as the name', () => {
  for (const name of [...firstNames, ...lastNames])
    expect(asciiOf(name)).toHaveLength(name.replace(/[^\p{Letter}]/gu, '').length);
});
