import { describe, expect, it } from 'vitest';
import { DescopeCollection } from '../support/descope.js';

const minute = 60_000;

describe('collecting from Descope', () => {
  it.each([
    { order: 'as asked', bounds: 'both' },
    { order: 'newest first', bounds: 'both' },
    { order: 'as asked', bounds: 'none' },
    { order: 'newest first', bounds: 'from' },
    { order: 'mixed', bounds: 'to' },
  ] as const)('collects every event, in any order and with either reading of the bounds: %o', async (options) => {
    const collection = await DescopeCollection.start({ ...options, idlessShare: 0.3 }, { SEARCH_COUNT: '50' });
    await collection.collect();
    await collection.expectComplete();
    const event = (await collection.stored())[0]!;
    expect(event).toMatchObject({ collector: 'descope', project: collection.demo.projectId, gateway: '', extra: null });
    expect(JSON.parse(event.rawEvent).action).toBe(event.type);
  });

  it('a run with nothing new costs one request and writes nothing', async () => {
    const collection = await DescopeCollection.start();
    collection.demo.log.add(Date.now() - 10_000, { count: 3 });
    await collection.collect();
    await collection.expectComplete();
    // The first run after it reads the overlap as well.
    await collection.collect();
    const { pages } = await collection.store.checkpoint('descope');
    const before = collection.demo.searches.length;
    for (let run = 0; run < 3; run += 1) await collection.collect();
    expect(collection.demo.searches.length - before).toBe(3);
    expect((await collection.store.checkpoint('descope')).pages).toBe(pages);
    expect((await collection.notes()).at(-1)).toBe('No new events: 0');
  });

  it('finds events that appear late within the overlap, and doubles none', async () => {
    const collection = await DescopeCollection.start({ events: 100 }, { DESCOPE_OVERLAP_MINUTES: '10' });
    await collection.collect();
    for (const late of [1, 5, 9]) {
      collection.demo.log.add(Date.now() - late * minute, { count: 2, id: late !== 5 });
      collection.demo.log.add(Date.now());
      await collection.collect();
      await collection.expectComplete();
    }
  });

  it('keeps all equal events without an id, and a re-read doubles none', async () => {
    const collection = await DescopeCollection.start({ events: 0 }, { SEARCH_COUNT: '7' });
    for (let n = 0; n < 12; n += 1) collection.demo.log.add(Date.now() - n * 1_500, { id: false, copies: 1 + (n % 4) });
    await collection.collect();
    await collection.expectComplete();
    collection.demo.log.add(Date.now(), { id: false, copies: 2 });
    await collection.collect();
    await collection.expectComplete();
  });

  it('collects exactly one full page', async () => {
    const collection = await DescopeCollection.start({ events: 0 }, { SEARCH_COUNT: '20' });
    for (let n = 0; n < 20; n += 1) collection.demo.log.add(Date.now() - 2 * 86_400_000 + n * 1_000);
    await collection.collect();
    await collection.expectComplete();
    expect(collection.demo.searches.length).toBe(3);
    await collection.collect();
    expect(collection.demo.searches.length).toBe(4);
  });

  it.each(['as asked', 'newest first'] as const)('thousands of events in one millisecond, %s', async (order) => {
    const collection = await DescopeCollection.start({ events: 400, order });
    collection.demo.log.add(Date.now() - 3_600_000, { count: 4_000 });
    await collection.collect();
    await collection.expectComplete();
    expect(collection.demo.searches.length).toBeLessThan(25);
  });

  it.each(['as asked', 'newest first'] as const)(
    'copes with pages that shrink and shift during the walk, %s',
    async (order) => {
      const collection = await DescopeCollection.start({ events: 600, order }, { SEARCH_COUNT: '50' });
      const { demo } = collection;
      const gone = new Set<string>();
      const removable = demo.truth().filter((_, index) => index % 5 === 0);
      demo.onSearch((nth) => {
        // At both ends, so that numbered pages would shift under a walk in either direction.
        for (const event of [...removable.splice(0, 4), ...removable.splice(-4)]) gone.add(event.id);
        demo.log.remove(({ id }) => gone.has(id));
        demo.log.add(Date.now() - nth * 1_000, { count: 2 });
      });
      await collection.collect();
      demo.onSearch(() => undefined);
      await collection.collect();
      const stored = new Set((await collection.stored()).map(({ id }) => id));
      expect(demo.truth().filter(({ id }) => !stored.has(id))).toEqual([]);
      expect(gone.size).toBeGreaterThan(50);
    },
  );

  it('never exceeds the limit on requests', async () => {
    const collection = await DescopeCollection.start(
      { events: 900, rateLimit: { requests: 10, periodMs: 2_000 }, requestLimit: { requests: 10, periodMs: 2_100 } },
      { SEARCH_COUNT: '30' },
    );
    await collection.collect();
    await collection.expectComplete();
    expect(collection.demo.searches.length).toBeGreaterThan(25);
    expect(collection.demo.mostSearchesWithin(2_000)).toBeLessThanOrEqual(10);
    expect(collection.demo.searches.filter(({ status }) => status === 429)).toEqual([]);
  });

  it('waits for a limit that others use as well', async () => {
    const collection = await DescopeCollection.start(
      { events: 300, rateLimit: { requests: 4, periodMs: 1_000 } },
      { SEARCH_COUNT: '50' },
    );
    await collection.collect();
    await collection.expectComplete();
    expect(collection.demo.searches.some(({ status }) => status === 429)).toBe(true);
  });

  it('copes with a wrong total', async () => {
    const collection = await DescopeCollection.start(
      { total: (truth) => (truth % 2 ? 0 : 1e6) },
      { SEARCH_COUNT: '40' },
    );
    await collection.collect();
    await collection.expectComplete();
    collection.demo.log.add(Date.now() - 1_000, { count: 21 });
    await collection.collect();
    const before = collection.demo.searches.length;
    await collection.collect();
    expect(collection.demo.searches.length - before).toBe(1);
  });

  it('copes with an API that returns fewer events than requested', async () => {
    const collection = await DescopeCollection.start({ events: 700, pageMax: 60 });
    await collection.collect();
    await collection.expectComplete();
    for (let n = 0; n < 130; n += 1) collection.demo.log.add(Date.now() - n);
    await collection.collect();
    await collection.expectComplete();
  });

  it('keeps an event that does not fit as a reject, and stores the others', async () => {
    const collection = await DescopeCollection.start({ events: 20 });
    collection.demo.log.addRaw('{"ID":"bad","occurred":"soon","action":"x"}', Date.now() - 5_000);
    collection.demo.log.addRaw('null', Date.now() - 4_000);
    await collection.collect();
    expect(await collection.store.eventCount('descope')).toBe(20);
    expect(await collection.store.rejectedCount('descope')).toBe(2);
  });

  it('collects only events that match the filters', async () => {
    const collection = await DescopeCollection.start(
      { events: 400 },
      { DESCOPE_ACTIONS: 'LoginFailed,UserCreated', DESCOPE_GEOS: 'DE' },
    );
    await collection.collect();
    const stored = await collection.stored();
    expect(stored.length).toBeGreaterThan(0);
    expect(stored.map(({ id }) => id).sort()).toEqual(
      collection.demo.log
        .visible(Date.now(), { actions: ['LoginFailed', 'UserCreated'], geos: ['DE'] })
        .map(({ id }) => id)
        .sort(),
    );
  });

  it.each([-5 * minute, 5 * minute])('copes with clocks that differ by %i ms', async (clockAheadMs) => {
    const collection = await DescopeCollection.start({ clockAheadMs, historyDays: 29 });
    await collection.collect();
    await collection.expectComplete();
    collection.demo.log.add(Date.now() + clockAheadMs - 2 * minute, { count: 5 });
    await collection.collect();
    await collection.expectComplete();
  });
});

describe('temporary faults of Descope', () => {
  it.each([
    { kind: 'status', status: 401 },
    { kind: 'status', status: 429, retryAfter: '1' },
    { kind: 'status', status: 503 },
    { kind: 'html' },
    { kind: 'truncated' },
    { kind: 'empty' },
    { kind: 'empty-json' },
    { kind: 'null-list' },
    { kind: 'reset' },
    { kind: 'reset-before' },
    { kind: 'oversize', bytes: 65 * 1024 * 1024 },
  ] as const)('%o: nothing is lost or doubled', async (fault) => {
    const collection = await DescopeCollection.start({ events: 200 }, { SEARCH_COUNT: '50' });
    collection.demo.faults.add({ ...fault, after: 1 });
    await collection.collect();
    await collection.expectComplete();
  });
});

describe('failures of Descope that need a person', () => {
  it('a wrong key: the run fails and says what to do', async () => {
    const collection = await DescopeCollection.start({ events: 5 }, { DESCOPE_MANAGEMENT_KEY: 'wrong' });
    await expect(collection.collect()).rejects.toMatchObject({
      cause: {
        type: 'CREDENTIALS_REFUSED',
        message: expect.stringContaining('Check DESCOPE_PROJECT_ID and DESCOPE_MANAGEMENT_KEY'),
      },
    });
  });

  it('a gap left by the retention is reported once, and kept', async () => {
    const collection = await DescopeCollection.start({ events: 50 });
    const from = new Date(Date.now() - 40 * 86_400_000).toISOString();
    await collection.store.writePage({
      key: 'before',
      collector: 'descope',
      offset: '',
      generation: 0,
      nextOffset: `v1 from=${from}`,
      more: false,
      events: [],
      rejected: [],
      relatedObjects: [],
      digest: '',
    });
    for (let run = 0; run < 3; run += 1) await collection.collect();
    await collection.expectComplete();
    const lost = (await collection.notes()).filter((note) => note.startsWith('LOST'));
    expect(lost).toEqual([expect.stringContaining(`from ${from} to `)]);
    expect(await collection.store.retentionGaps('descope')).toEqual([{ from, to: expect.stringMatching(/Z$/) }]);
  });

  it('an offset of another version: everything is read again', async () => {
    const collection = await DescopeCollection.start({ events: 50 });
    await collection.collect();
    const { lastOffset, generation } = await collection.store.checkpoint('descope');
    await collection.store.writePage({
      key: 'other',
      collector: 'descope',
      offset: lastOffset,
      generation,
      nextOffset: 'v9 somewhere',
      more: false,
      events: [],
      rejected: [],
      relatedObjects: [],
      digest: '',
    });
    await collection.collect();
    await collection.expectComplete();
    expect((await collection.notes()).join()).toContain('Offset no longer known');
  });
});
