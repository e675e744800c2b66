import { expect, it } from 'vitest';
import { problemsOf } from '../../src/watch/health.js';
import { TestCollection } from '../support/collection.js';

it('events that did not fit are read again after the vendor has mended them, and are a problem until then', async () => {
  const collection = await TestCollection.start({ events: 20 }, { SEARCH_COUNT: '10' });
  const { demo, store } = collection;
  const broken = (id: string, timestamp: string) => `{"id":"${id}","timestamp":${timestamp},"details":{"type":"late"}}`;
  for (const id of ['x1', 'x2', 'x3']) demo.insertRaw(broken(id, '"1 May 2026"'));
  demo.addEvents(20);
  await collection.collect();
  expect(await store.eventCount('asa')).toBe(40);

  const codes = async () => {
    const [standing] = await store.standings('asa');
    return problemsOf(standing!, { lateAfterRuns: 3, retentionDays: undefined }, Date.now()).map(({ code }) => code);
  };
  expect(await codes()).toEqual(['EVENTS_REJECTED']);
  expect((await store.rejectedEvents('asa', 10)).map(({ id }) => id).sort()).toEqual(['x1', 'x2', 'x3']);

  demo.rewriteRaw((raw) => raw.replace('"1 May 2026"', '"2026-05-01T00:00:00Z"'));
  await collection.collect();
  expect(await codes()).toEqual(['EVENTS_REJECTED']);

  const before = demo.requests.audits;
  expect(await store.resetToRejected('asa', 'cli')).toBe(true);
  await collection.collect();
  expect(await store.eventCount('asa')).toBe(43);
  expect(await codes()).toEqual([]);
  // The pages before the first rejected event were not read again.
  expect(demo.requests.audits - before).toBeLessThan(5);
});
