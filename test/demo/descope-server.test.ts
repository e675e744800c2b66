import DescopeSdk from '@descope/node-sdk';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type DemoDescopeOptions, startDemoDescope } from '../../demo/descope/server.js';

async function start(options: DemoDescopeOptions = {}) {
  const demo = await startDemoDescope({ events: 500, ...options });
  onTestFinished(() => demo.close());
  const { projectId, baseUrl, managementKey } = demo;
  const search = async (body: object, key = managementKey) =>
    fetch(`${baseUrl}/v1/mgmt/audit/search`, {
      method: 'POST',
      headers: { authorization: `Bearer ${projectId}:${key}` },
      body: JSON.stringify(body),
    });
  return { demo, search, sdk: (key = managementKey) => DescopeSdk({ projectId, baseUrl, managementKey: key }) };
}

const days = (count: number) => Date.now() - count * 86_400_000;

describe("the vendor's own client", () => {
  it('reads the demo project', async () => {
    const { demo, sdk } = await start({ idlessShare: 0.2 });
    const { ok, data } = await sdk().management.audit.search({ from: days(29), to: Date.now() });
    expect(ok).toBe(true);
    const truth = demo.truth().toReversed().slice(0, 100);
    expect(data!.map(({ occurred, action }) => [occurred, action])).toEqual(
      truth.map(({ occurred, members }) => [occurred, members.action]),
    );
    expect(data![0]).toMatchObject({ loginIds: truth[0]!.members.externalIds, data: { risk: 0.1 } });
  });

  it('filters as the contract says', async () => {
    const { demo, sdk } = await start();
    const from = days(29);
    const found = async (options: object) =>
      (await sdk().management.audit.searchAll({ from, to: Date.now(), ...options })).data!.total;
    const count = (which: (members: Record<string, unknown>) => boolean) =>
      demo.truth().filter(({ members }) => which(members)).length;
    expect(await found({})).toBe(500);
    expect(await found({ actions: ['LoginFailed'] })).toBe(count(({ action }) => action === 'LoginFailed'));
    expect(await found({ excludedActions: ['LoginFailed'] })).toBe(count(({ action }) => action !== 'LoginFailed'));
    expect(await found({ loginIds: ['ada@example.com'] })).toBe(
      count((m) => String(m.externalIds) === 'ada@example.com'),
    );
    expect(await found({ noTenants: true })).toBe(500);
    expect(await found({ tenants: ['T2globex'], noTenants: true })).toBe(
      count((m) => ['', 'T2globex'].includes(String(m.tenants))),
    );
    expect(await found({ text: '203.0.113.7"' })).toBe(count((m) => m.remoteAddress === '203.0.113.7'));
  });

  it('gets an error for a wrong key and for a used-up limit', async () => {
    const { sdk } = await start({ rateLimit: { requests: 2, periodMs: 60_000 } });
    const from = days(1);
    expect(await sdk('wrong').management.audit.search({ from })).toMatchObject({ ok: false, code: 401 });
    expect(await sdk().management.audit.search({ from })).toMatchObject({ ok: true });
    const refused = await sdk().management.audit.search({ from });
    expect(refused).toMatchObject({ ok: false, code: 429, error: { retryAfter: expect.any(Number) } });
  });
});

describe('the demo project', () => {
  it('pages by number, newest first unless asked otherwise', async () => {
    const { demo, search } = await start({ rateLimit: { requests: 100, periodMs: 1_000 } });
    const times = async (body: object) => {
      const answer = (await (await search({ from: String(days(29)), ...body })).json()) as {
        audits: { occurred: string }[];
      };
      return answer.audits.map(({ occurred }) => Number(occurred));
    };
    const truth = demo.truth().map(({ occurred }) => occurred);
    expect(await times({ batchSize: 200, page: 1 })).toEqual(truth.toReversed().slice(200, 400));
    expect(await times({ size: 200, page: 2, oldestFirst: true })).toEqual(truth.slice(400));
    expect(await times({ page: 9, batchSize: 200 })).toEqual([]);
  });

  it('refuses requests that the contract forbids', async () => {
    const { search } = await start();
    expect((await search({ from: String(days(31)) })).status).toBe(400);
    expect((await search({ from: 'yesterday' })).status).toBe(400);
    expect((await search({ devices: ['Phone'] })).status).toBe(400);
  });

  it('is the same each time, and new events may appear late', async () => {
    const options = { anchorMs: Date.now() - 60_000, arrivalIntervalMs: 500, latenessMaxMs: 120_000 };
    const [one, two] = [await start(options), await start(options)];
    const now = Date.now();
    const texts = [one, two].map(({ demo }) => demo.log.visible(now).map(({ text }) => text));
    expect(texts[0]).toEqual(texts[1]);
    expect(texts[0]!.length).toBeGreaterThan(560);
    expect(texts[0]!.length).toBeLessThan(620);
    expect(one.demo.log.visible(now + 120_000).length).toBeGreaterThan(texts[0]!.length + 200);
  });
});
