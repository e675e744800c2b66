import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TrawlError } from '../../../src/errors.js';
import { offsetOf } from '../../../src/sources/skyflow/overlap.js';
import { FakeVault, sqlTime } from './fake-vault.js';

const start = Date.parse('2026-01-01T00:00:00Z');
const old = start - 86_400_000;

beforeEach(() => {
  vi.useFakeTimers({ now: start });
});
afterEach(() => {
  vi.useRealTimers();
});

function vaultOf(count: number): FakeVault {
  const vault = new FakeVault({ limitMax: 3 });
  for (let n = 0; n < count; n += 1) vault.events.push({ id: `e${n}`, timeMs: old + n, visibleMs: 0 });
  return vault;
}

const at = (n: number) => offsetOf({ cursor: { timestamp: sqlTime(old + n), changeID: `e${n}` } });
const error = (status: number) => ({ status, body: '{"error":{"message":"no"}}' });

describe('a nextOps that leads back', () => {
  it.each([
    ['to the page itself', at(2), { timestamp: sqlTime(old + 2), changeID: 'e2' }],
    ['to the page before', at(5), { timestamp: sqlTime(old + 2), changeID: 'e2' }],
  ])('%s: the events are kept, the walk ends, and a warning is logged', async (_, end, nextOps) => {
    const vault = vaultOf(9);
    const client = vault.client();
    expect((await client.fetchPage('')).nextOffset).toBe(at(2));
    if (end === at(5)) await client.fetchPage(at(2));
    const event = [{ context: { changeID: 'x' }, request: { timestamp: '2025-12-31 00:00:00' } }];
    vault.instead = () => ({ status: 200, body: JSON.stringify({ event, nextOps }) });
    const page = await client.fetchPage(end);
    expect(page).toMatchObject({ more: false, nextOffset: end, content: { events: [{ id: 'x' }] } });
    expect(page.warning).toContain('STUCK: nextOps leads back to "2025-12-31 00:00:00.002", changeID "e2"');
    // Once the source works again, the walk continues.
    vault.instead = () => undefined;
    expect(await client.fetchPage(end)).toMatchObject({ more: true });
  });

  const same = JSON.stringify({ nextOps: JSON.parse(at(2)) });

  it.each(['{"event":[],"nextOps":null}', '{"event":null}', same, '{}'])(
    'is different from an empty page: %s',
    async (body) => {
      const vault = vaultOf(3);
      vault.instead = () => ({ status: 200, body });
      const page = await vault.client().fetchPage(at(2));
      expect(page).toMatchObject({ more: false, nextOffset: at(2), requests: 1 });
      expect(page.warning).toBeUndefined();
    },
  );
});

it('an empty page with another cursor has more behind it', async () => {
  const vault = vaultOf(9);
  const body = JSON.stringify({ event: [], nextOps: JSON.parse(at(5)) });
  vault.instead = (url) => (url.searchParams.get('afterOps.changeID') === 'e2' ? { status: 200, body } : undefined);
  const client = vault.client();
  const page = await client.fetchPage(at(2));
  expect(page).toMatchObject({ more: true, nextOffset: at(5), content: { events: [] } });
  expect((await client.fetchPage(page.nextOffset)).content.events.map(({ id }) => id)).toEqual(['e6', 'e7', 'e8']);
});

it('events behind 500 empty pages all arrive', async () => {
  const vault = vaultOf(6);
  const empty = (n: number) => ({
    event: [],
    nextOps: n < 500 ? { timestamp: 'empty', changeID: `${n + 1}` } : JSON.parse(at(2)),
  });
  vault.instead = (url) => {
    const { 'afterOps.timestamp': time, 'afterOps.changeID': id } = Object.fromEntries(url.searchParams);
    const nth = id === undefined ? 0 : time === 'empty' ? Number(id) : undefined;
    return nth === undefined ? undefined : { status: 200, body: JSON.stringify(empty(nth)) };
  };
  const client = vault.client();
  const found: string[] = [];
  for (let offset = '', more = true; more; ) {
    const page = await client.fetchPage(offset);
    found.push(...page.content.events.map(({ id }) => id));
    ({ nextOffset: offset, more } = page);
  }
  expect(found).toEqual(['e3', 'e4', 'e5']);
  expect(vault.requests).toBe(503);
});

describe('a cursor that is refused', () => {
  const refuse = (which: (url: URL) => boolean, status: number) => {
    const vault = vaultOf(3);
    vault.instead = (url) => (which(url) ? error(status) : undefined);
    return vault;
  };

  it.each([400, 404, 410])('with %i is unknown if the same request without it succeeds', async (status) => {
    const vault = refuse((url) => url.searchParams.has('afterOps.timestamp'), status);
    const client = vault.client();
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      await expect(client.fetchPage(at(1))).rejects.toMatchObject({ code: 'OFFSET_UNKNOWN' });
      expect(vault.requests).toBe(2 * attempt);
    }
  });

  it('is still unknown if it is requested again before everything is read: a retry, or a deferred error', async () => {
    const vault = refuse((url) => url.searchParams.has('afterOps.timestamp'), 400);
    const client = vault.client();
    for (let time = 0; time < 3; time += 1)
      await expect(client.fetchPage(at(1))).rejects.toMatchObject({ code: 'OFFSET_UNKNOWN' });
  });

  it('and refused again after everything was read is reported, and not read again for ever', async () => {
    const vault = refuse((url) => url.searchParams.get('afterOps.changeID') === 'e2', 400);
    const client = vault.client();
    // Recent events, so that the offset differs each time.
    for (const [index, event] of vault.events.entries()) event.timeMs = start - 1_000 + index;
    const walk = async () => {
      const { nextOffset } = await client.fetchPage('');
      vi.advanceTimersByTime(10);
      return client.fetchPage(nextOffset);
    };
    await expect(walk()).rejects.toMatchObject({ code: 'OFFSET_UNKNOWN' });
    for (let run = 0; run < 3; run += 1) await expect(walk()).rejects.toMatchObject({ code: 'OFFSET_REFUSED_AGAIN' });
    vault.instead = () => undefined;
    await walk();
    vault.instead = (url) => (url.searchParams.has('afterOps.timestamp') ? error(400) : undefined);
    await expect(walk()).rejects.toMatchObject({ code: 'OFFSET_UNKNOWN' });
  });

  it('is not blamed for a wrong limit or filter', async () => {
    const vault = refuse((url) => Number(url.searchParams.get('limit')) > 500, 400);
    await expect(vault.client().fetchPage(at(1))).rejects.toMatchObject({
      code: 'REQUEST_REFUSED',
      hint: expect.stringContaining('SEARCH_COUNT'),
    });
    const gone = refuse(() => true, 404);
    await expect(gone.client().fetchPage(at(1))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('that is not a cursor at all causes no request', async () => {
    const vault = vaultOf(1);
    await expect(vault.client().fetchPage('v1 from=x')).rejects.toMatchObject({ code: 'OFFSET_UNKNOWN' });
    expect(vault.requests).toBe(0);
  });
});

describe('a page that is too large', () => {
  it('is read in smaller pages, and so are later ones', async () => {
    const vault = vaultOf(9);
    vault.instead = (url) => {
      if (Number(url.searchParams.get('limit')) > 2)
        throw new TrawlError('PAGE_TOO_LARGE', 'too large', { hint: 'ask for less' });
      return undefined;
    };
    const client = vault.client({ searchCount: 8 });
    const first = await client.fetchPage('');
    expect(first.content.events).toHaveLength(2);
    expect(first.requests).toBe(3);
    expect((await client.fetchPage(first.nextOffset)).requests).toBe(1);
    vault.instead = () => {
      throw new TrawlError('PAGE_TOO_LARGE', 'too large', { hint: 'ask for less' });
    };
    await expect(client.fetchPage('')).rejects.toMatchObject({ code: 'PAGE_TOO_LARGE' });
  });
});

describe('messages for a person', () => {
  it.each([
    [401, 'CREDENTIALS_REFUSED', 'Check SKYFLOW_API_KEY'],
    [403, 'ACCESS_DENIED', 'role that may read the audit log'],
    [404, 'NOT_FOUND', 'SKYFLOW_ACCOUNT_ID and SKYFLOW_VAULT_URL'],
    [500, 'SOURCE_UNAVAILABLE', 'retried'],
  ])('of %i', async (status, code, hint) => {
    const vault = vaultOf(1);
    vault.instead = () => ({ status, body: '{"error":{"message":"sensitive 123-45-6789"}}' });
    const refusal = await vault
      .client()
      .fetchPage('')
      .catch((thrown: unknown) => thrown);
    expect(refusal).toMatchObject({ code, hint: expect.stringContaining(hint) });
    expect(JSON.stringify(refusal) + String(refusal)).not.toMatch(/sensitive|Bearer/);
  });
});
