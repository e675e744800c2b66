import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sdk from 'skyflow-node';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type DemoSkyflow, type DemoSkyflowOptions, startDemoSkyflow } from '../../demo/skyflow/server.js';

interface Page {
  event?: { context: { changeID: string }; request: { apiName: string; timestamp: string } }[] | null;
  nextOps: { timestamp: string; changeID: string } | null;
}

async function start(options: DemoSkyflowOptions = {}): Promise<DemoSkyflow> {
  const demo = await startDemoSkyflow({ events: 500, ...options });
  onTestFinished(() => demo.close());
  return demo;
}

async function get(demo: DemoSkyflow, query: Record<string, string> = {}, token = demo.signIn.apiKey) {
  const search = new URLSearchParams({ 'filterOps.accountID': demo.accountId, ...query });
  const answer = await fetch(`${demo.vaultUrl}/v1/audit/events?${search}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return { status: answer.status, page: (await answer.json()) as Page };
}

const afterOps = ({ timestamp, changeID }: { timestamp: string; changeID: string }) => ({
  'afterOps.timestamp': timestamp,
  'afterOps.changeID': changeID,
});

async function walk(demo: DemoSkyflow, query: Record<string, string> = {}): Promise<string[]> {
  const ids: string[] = [];
  for (let after = {}; ; ) {
    const { event, nextOps } = (await get(demo, { limit: '1000', ...query, ...after })).page;
    if (!event?.length) return ids;
    ids.push(...event.map(({ context }) => context.changeID));
    if (!nextOps) return ids;
    after = afterOps(nextOps);
  }
}

// Version 1.x has no audit call, and its call of any URL (invokeConnection) requires https, so only its token is used.
describe("the vendor's own client", () => {
  sdk.setLogLevel(sdk.LogLevel.OFF);

  it('signs in with the credentials file, and its token reads the audit log', async () => {
    const demo = await start();
    const folder = mkdtempSync(join(tmpdir(), 'trawl-test-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, 'credentials.json');
    writeFileSync(file, JSON.stringify(demo.credentials()));
    const { accessToken, tokenType } = await sdk.generateBearerToken(file);
    expect(tokenType).toBe('Bearer');
    expect(sdk.isExpired(accessToken)).toBe(false);
    expect((await get(demo, {}, accessToken)).status).toBe(200);
    const fromText = await sdk.generateBearerTokenFromCreds(JSON.stringify(demo.credentials()));
    expect(fromText.accessToken).not.toBe(accessToken);
  });

  it('shows the reason of a refusal', async () => {
    const demo = await start();
    const signIn = (change: object) =>
      sdk.generateBearerTokenFromCreds(JSON.stringify({ ...demo.credentials(), ...change }));
    const refusal = (description: string) => ({
      error: { code: 401, description: expect.stringContaining(description) },
    });
    await expect(signIn({ keyID: 'another' })).rejects.toMatchObject(refusal('no such account'));
    const another = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const privateKey = another.export({ type: 'pkcs8', format: 'pem' }).toString();
    await expect(signIn({ privateKey })).rejects.toMatchObject(refusal('the signature does not fit'));
    demo.signIn.accountRevoked = true;
    await expect(signIn({})).rejects.toMatchObject(refusal('no such account'));
  });
});

describe('the demo vault', () => {
  it('is read to its end by cursor, each event once, although the server silently lowers the limit', async () => {
    const demo = await start({ limitMax: 70 });
    const ids = demo.truth().map(({ changeID }) => changeID);
    expect(await walk(demo)).toEqual(ids);
    expect(demo.requests.audits).toBe(9);
    expect(new Set(ids).size).toBe(500);
  });

  it.each([{ lastNextOps: 'missing' }, { emptyEvent: 'list' }, { emptyEvent: 'absent' }] as const)(
    'ends as the contract says: %o',
    async (options) => {
      const demo = await start(options);
      expect(await walk(demo)).toHaveLength(500);
    },
  );

  it('has events over its days, in order, of many kinds, some sharing one time', async () => {
    const anchorMs = Date.parse('2026-11-01T00:00:00Z');
    const demo = await start({ events: 2_000, anchorMs });
    const times = demo.truth().map(({ timestamp }) => timestamp);
    expect(times).toEqual(times.toSorted());
    expect(times[0]!.slice(0, 10)).toBe('2026-10-02');
    expect(times.at(-1)!.slice(0, 10)).toBe('2026-10-31');
    for (const time of times) expect(time).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,9})?$/);
    expect(times.filter((time) => time === times[100])).toHaveLength(40);
    const names = new Set(demo.truth().map(({ filterable }) => filterable.apiName));
    expect(names.size).toBeGreaterThanOrEqual(20);
    const services = new Set([...names].map((name) => name!.split('Service.')[0]));
    for (const one of ['Record', 'Token', 'Query', 'Vault', 'Role', 'Policy', 'User', 'ServiceAccount'])
      expect(services).toContain(one);
    for (const { text } of demo.truth()) expect(() => JSON.parse(text())).not.toThrow();
  });

  it('is the same each time, and continues by the clock', async () => {
    const options = { anchorMs: Date.now() - 60_000, arrivalIntervalMs: 500 };
    const [one, two] = [await start(options), await start(options)];
    const texts = [one, two].map((demo) => demo.truth().map(({ text }) => text()));
    expect(texts[0]!.slice(0, 620)).toEqual(texts[1]!.slice(0, 620));
    expect(texts[0]!.length).toBeGreaterThanOrEqual(620);
    one.signIn.clockAheadMs = 60_000;
    expect(one.truth().length).toBeGreaterThanOrEqual(740);
  });

  it('puts late events at the place of their time', async () => {
    const demo = await start();
    const { nextOps } = (await get(demo, { limit: '100' })).page;
    const before = Date.parse(`${nextOps!.timestamp.slice(0, 10)}T00:00:00Z`) - 60_000;
    const late = demo.addLate(3, before).map(({ changeID }) => changeID);
    const all = await walk(demo);
    expect(all).toHaveLength(503);
    const rest = await walk(demo, { 'afterOps.timestamp': nextOps!.timestamp, 'afterOps.changeID': nextOps!.changeID });
    expect(rest.filter((id) => late.includes(id))).toEqual([]);
    expect(all.slice(all.indexOf(late[0]!)).slice(0, 3)).toEqual(late);
  });

  it('filters', async () => {
    const demo = await start();
    const count = (name: string, value: string) =>
      demo.truth().filter(({ filterable }) => filterable[name] === value).length;
    for (const [name, value] of [
      ['apiName', 'TokenService.Detokenize'],
      ['context.actorType', 'USER'],
      ['context.accessType', 'SQL'],
      ['responseCode', '403'],
    ] as const) {
      expect(count(name, value)).toBeGreaterThan(0);
      expect(await walk(demo, { [`filterOps.${name}`]: value })).toHaveLength(count(name, value));
    }
    const { timestamp } = demo.truth()[250]!;
    const later = demo.truth().filter((event) => event.timestamp >= timestamp).length;
    expect(await walk(demo, { 'filterOps.startTime': timestamp })).toHaveLength(later);
  });

  it.each([
    ['a wrong token', {}, 'wrong', 401],
    ['half a cursor', { 'afterOps.timestamp': 't' }, undefined, 400],
    ['a cursor that no event has', afterOps({ timestamp: 't', changeID: 'c' }), undefined, 400],
    [
      'a cursor with an order',
      { ...afterOps({ timestamp: 't', changeID: 'c' }), 'sortOps.sortBy': 'x' },
      undefined,
      400,
    ],
    ['a limit of 0', { limit: '0' }, undefined, 400],
    ['no account', { 'filterOps.accountID': '' }, undefined, 400],
    ['another account', { 'filterOps.accountID': 'other' }, undefined, 404],
  ])('refuses %s', async (_, query, token, status) => {
    const demo = await start();
    expect((await get(demo, query as unknown as Record<string, string>, token)).status).toBe(status);
  });
});
