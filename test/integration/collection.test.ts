import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { TestCollection } from '../support/collection.js';
import { query } from '../support/store.js';

describe('M10 Recurring Audit Collection', () => {
  it('stores every event once, in order, in the bytes that the source sent', async () => {
    const collection = await TestCollection.start({ events: 3_210 });
    const progress = await collection.collect();
    await collection.expectComplete();
    expect(progress).toMatchObject({ state: 'caught up', newEvents: 3_210, pages: 4, rejected: 0 });
    expect((await collection.stored()).map((event) => event.seq)).toEqual(
      Array.from({ length: 3_210 }, (_, index) => index + 1),
    );
  });

  it("writes the article's notes: full pages, a first part page, a subsequent one, nothing new", async () => {
    const collection = await TestCollection.start({ events: 250 }, { SEARCH_COUNT: '100' });
    await collection.collect();
    await collection.collect();
    collection.demo.addEvents(10);
    await collection.collect();
    expect(await collection.notes()).toEqual([
      'Full page: 100',
      'Full page: 100',
      'First part page: 50',
      'No new events: 0',
      'Subsequent part page: 10',
    ]);
    await collection.expectComplete();
  });

  it('continues when a part page has filled up exactly, and when the next page has as many events', async () => {
    const collection = await TestCollection.start({ events: 100 }, { SEARCH_COUNT: '100' });
    await collection.collect();
    collection.demo.addEvents(100);
    await collection.collect();
    collection.demo.addEvents(100);
    await collection.collect();
    await collection.expectComplete();
  });

  it('survives a next link that leads to an empty page', async () => {
    const collection = await TestCollection.start({ events: 200, nextWhenFull: true }, { SEARCH_COUNT: '100' });
    await collection.collect();
    expect(await collection.notes()).toEqual(['Full page: 100', 'Full page: 100', 'No new events: 0']);
    collection.demo.addEvents(1);
    await collection.collect();
    await collection.expectComplete();
  });

  it('makes one request in a run with nothing new, and stages and writes no page', async () => {
    const collection = await TestCollection.start({ events: 999 });
    await collection.collect();
    const before = collection.demo.requests.audits;
    const { pages, lastSeq } = await collection.store.checkpoint('asa');
    const handle = await collection.start();
    await handle.result();
    expect(collection.demo.requests.audits - before).toBe(1);
    expect(await collection.store.checkpoint('asa')).toMatchObject({ pages, lastSeq });
    const { events } = await handle.fetchHistory();
    const activities = events!.flatMap((event) => event.activityTaskScheduledEventAttributes?.activityType?.name ?? []);
    expect(activities).toEqual(['getLastCheckpoint', 'fetchPages']);
  });

  it('keeps an event that does not fit, and continues', async () => {
    const collection = await TestCollection.start({ events: 10 });
    collection.demo.insertRaw('{"id":7,"timestamp":"2026-01-01T00:00:00Z","details":{}}');
    collection.demo.insertRaw('"no event at all"');
    collection.demo.addEvents(1);
    const progress = await collection.collect();
    expect(progress).toMatchObject({ newEvents: 11, rejected: 2 });
    expect(await collection.store.rejectedCount('asa')).toBe(2);
    expect(await collection.notes()).toEqual(['First part page: 11', '2 events rejected: see rejected_events: 0']);
  });

  it('fills the columns from related objects of the page, and from earlier pages', async () => {
    const collection = await TestCollection.start({ events: 2_000 }, { SEARCH_COUNT: '100' });
    await collection.collect();
    const stored = await collection.stored();
    expect(stored.some((event) => /^\S.* \(status: ACTIVE , usertype: \w+\)$/.test(event.actor))).toBe(true);
    expect(stored.some((event) => / \(hostname: .*, OS: .*, state: .*\)$/.test(event.client))).toBe(true);
    expect(stored.some((event) => / \(access_address: .*, default_address: .*\)$/.test(event.gateway))).toBe(true);
    expect(stored.some((event) => /canonical name: .*, access address: .*, OS: .*, OS type: /.test(event.server))).toBe(
      true,
    );
  });

  it('rereads everything when the source has forgotten the offset, and stores nothing twice', async () => {
    const collection = await TestCollection.start({ events: 250 }, { SEARCH_COUNT: '100' });
    await collection.collect();
    collection.demo.forgetOffsets();
    collection.demo.addEvents(5);
    await collection.collect();
    await collection.expectComplete();
    expect(await collection.notes()).toContain(
      'Offset no longer known to the source: reading again from the start of what it holds: 0',
    );
  });

  it('keeps events that the source alters later, whole and each on its own', async () => {
    const event = (n: number, day: string) =>
      `{"id":"e${n}","timestamp":"2026-01-${day}T00:00:00Z","region":"eu", "details":{"type":"x"}}`;
    let list = Array.from({ length: 40 }, (_, n) => event(n, '01'));
    const server = createServer((request, response) => {
      const answer = request.method === 'POST' ? '{"bearer_token":"t"}' : `{"list":[${list}],"related_objects":{}}`;
      response.setHeader('content-type', 'application/json').end(answer);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const collection = await TestCollection.start({ events: 0 }, { ASA_BASE_URL: `http://127.0.0.1:${port}` });
    await collection.collect();
    list = list.map((_, n) => event(n, '02'));
    await collection.collect();
    expect(await collection.store.eventCount('asa')).toBe(40);
    const rows = await query<{ reason: string; raw: string }>(
      collection.place,
      'SELECT reason, raw FROM rejected_events',
    );
    expect(rows.map(({ raw }) => raw).sort()).toEqual(list.sort());
    expect(rows[0]).toMatchObject({ reason: expect.stringMatching(/^the event e\d+ is stored already/) });
  });

  it('is not doubled by a second walk of the same collector', async () => {
    const collection = await TestCollection.start({ events: 4_000 }, { SEARCH_COUNT: '100' });
    const runs = [await collection.start(), await collection.start()];
    await Promise.all(runs.map((run) => run.result()));
    await collection.expectComplete();
  });
});
