import { describe, expect, it } from 'vitest';
import { TestCollection } from '../support/collection.js';
import { startNumberedPages } from '../support/numbered-pages.js';

const event = (id: string, more: object = {}) => ({
  id,
  timestamp: '2026-01-01T00:00:00Z',
  details: { type: 'x', ...more },
});

describe('empty pages that have a next one', () => {
  it('hide nothing: events behind 500 of them arrive, 20 pages and one line a run', async () => {
    const { baseUrl } = await startNumberedPages(
      (page) => (page === 0 || page > 500 ? [event(`e${page}`)] : []),
      (page) => (page < 502 ? page + 1 : null),
    );
    const collection = await TestCollection.start({}, { ASA_BASE_URL: baseUrl });
    let runs = 0;
    for (let state = ''; state !== 'caught up'; runs += 1) {
      const progress = await collection.collect();
      ({ state } = progress);
      if (state === 'caught up') break;
      expect(progress).toMatchObject({ state: 'not caught up', note: 'Not caught up: 20 empty pages, more ahead' });
      expect((await collection.store.standings('asa'))[0]).toMatchObject({ caughtUpAt: null });
    }
    expect(await collection.notes()).toEqual([
      'Full page: 1',
      ...Array.from({ length: 25 }, () => 'Not caught up: 20 empty pages, more ahead: 0'),
      'Full page: 1',
      'First part page: 1',
    ]);
    expect(runs).toBe(25);
    expect((await collection.stored()).map(({ id }) => id)).toEqual(['e0', 'e501', 'e502']);
    // One row of the ledger a run, too; the last run has two pages of events.
    expect((await collection.store.checkpoint('asa')).pages).toBe(runs + 3);
    expect((await collection.store.standings('asa'))[0]!.endless).toBeNull();
  }, 240_000);

  it('that never end are told as such by a walk that was handed over, too, and a reset begins again', async () => {
    // A first page that fills a round, so that the history is long enough to hand over.
    const filling = event('e0', { text: 'x'.repeat(9 * 1024 * 1024) });
    const { baseUrl, requests } = await startNumberedPages((page) => (page === 0 ? [filling] : []));
    const collection = await TestCollection.start({}, { ASA_BASE_URL: baseUrl });
    const handle = await collection.start({ input: { collector: 'asa', historyEventsMax: 20 } });
    expect(await handle.result()).toMatchObject({ state: 'not caught up', newEvents: 1, pages: 2 });
    expect(await collection.notes()).toEqual(['Full page: 1', 'Not caught up: 20 empty pages, more ahead: 0']);
    const again = await collection.start();
    await again.signal('resetCheckpoint');
    expect(await again.result()).toMatchObject({ state: 'not caught up' });
    expect(requests.filter((page) => page === 0).length).toBe(2);
  });

  it('that lead back to where the run had been are a problem at once', async () => {
    const { baseUrl } = await startNumberedPages(
      () => [],
      (page) => (page < 2 ? page + 1 : 0),
    );
    const collection = await TestCollection.start({}, { ASA_BASE_URL: baseUrl });
    expect(await collection.collect()).toMatchObject({ state: 'not caught up' });
    expect((await collection.store.standings('asa'))[0]!.endless).toMatchObject({ leadsBack: true });
  });
});
