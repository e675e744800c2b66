import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { DescopeClient } from '../../../src/sources/descope/client.js';
import { FakeAudit } from './fake-audit.js';

const day = 86_400_000;
const start = Date.parse('2026-11-01T00:00:00Z');

beforeEach(() => void vi.useFakeTimers({ now: start, toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

/** Reads until there is no more now. */
async function walk(client: DescopeClient, offset: string, found: Set<string>): Promise<string> {
  for (let at = offset, requests = 0; requests < 20_000; requests += 1) {
    const page = await client.fetchPage(at);
    for (const { id } of page.content.events) found.add(id);
    at = page.nextOffset;
    if (!page.more) return at;
  }
  throw new Error('the walk has no end');
}

describe('an API that gives fewer events than it is asked for', () => {
  it.each([
    { pageMax: 10, events: 20_100, requests: 4_000 },
    { pageMax: 100, events: 4_000, requests: 100 },
    // Fewer than any API is known to give.
    { pageMax: 4, events: 100, requests: 120 },
  ])('%o: all of them, a page a request', async ({ pageMax, events, requests }) => {
    const audit = new FakeAudit();
    audit.pageMax = pageMax;
    audit.add(...Array.from({ length: events }, (_, nth) => start - 29 * day + Math.floor((nth * 28 * day) / events)));
    const found = new Set<string>();
    await walk(audit.client(), '', found);
    expect(found.size).toBe(events);
    expect(audit.asked.length).toBeLessThan(requests);
  });

  it('is found out whichever worker reads which page', async () => {
    const audit = new FakeAudit();
    audit.pageMax = 10;
    audit.add(...Array.from({ length: 300 }, (_, nth) => start - 1_000 * nth));
    const found = new Set<string>();
    let offset = '';
    for (let more = true; more; ) {
      // Each page is read by a worker that has seen none before.
      const page = await audit.client().fetchPage(offset);
      for (const { id } of page.content.events) found.add(id);
      ({ nextOffset: offset, more } = page);
      expect(audit.asked.length).toBeLessThan(120);
    }
    expect(found.size).toBe(300);
  });

  it('says so by its total, and then again after one that was wrong by chance', async () => {
    let lies = true;
    const audit = new FakeAudit({ total: (found) => found + (lies ? 1 : 0) });
    audit.pageMax = 50;
    const client = audit.client();
    const found = new Set<string>();
    audit.add(...Array.from({ length: 20 }, (_, nth) => start - 1_000 - nth));
    const offset = await walk(client, '', found);
    lies = false;
    audit.add(...Array.from({ length: 200 }, (_, nth) => start + nth));
    vi.setSystemTime(start + 60_000);
    await walk(client, offset, found);
    expect(found.size).toBe(220);
  });

  it('for a moment only: later windows are read in whole pages again', async () => {
    const audit = new FakeAudit();
    audit.pageMax = 3;
    const client = audit.client();
    const found = new Set<string>();
    audit.add(...Array.from({ length: 20 }, (_, nth) => start - nth * 1_000));
    const offset = await walk(client, '', found);
    audit.pageMax = 1_000;
    vi.setSystemTime(start + 60_000);
    const before = audit.asked.length;
    await walk(client, offset, found);
    expect(found.size).toBe(20);
    expect(audit.asked.length - before).toBe(1);
  });
});
