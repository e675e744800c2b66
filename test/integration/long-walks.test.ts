import { describe, expect, it } from 'vitest';
import type { Progress } from '../../workflows/messages.js';
import { TestCollection, until } from '../support/collection.js';
import { query } from '../support/store.js';

describe('a catch-up longer than one history', () => {
  it('continues in auditWalk, which continues as new, and the run ends with every event', async () => {
    const collection = await TestCollection.start({ events: 1_600 }, { SEARCH_COUNT: '10' });
    const handle = await collection.start({ input: { collector: 'asa', historyEventsMax: 30 } });
    const progress = (await handle.result()) as Progress;
    await collection.expectComplete();
    expect(progress).toMatchObject({ newEvents: 1_600, pages: 160 });
    // No page is read ahead in vain.
    expect(collection.demo.requests.audits).toBe(160);
    expect(await query(collection.place, 'SELECT key FROM staged_pages')).toEqual([]);
    const walked = `TaskQueue = '${collection.taskQueue}' AND WorkflowType = 'auditWalk'`;
    const walks: string[] = [];
    await until('visibility has the walks', async () => {
      walks.length = 0;
      for await (const { status } of collection.client.workflow.list({ query: walked })) walks.push(status.name);
      return walks.includes('COMPLETED');
    });
    expect(walks.filter((status) => status === 'CONTINUED_AS_NEW').length).toBeGreaterThan(0);
  });

  it('keeps the cron of the run that handed over', async () => {
    const collection = await TestCollection.start({ events: 800 }, { SEARCH_COUNT: '10' });
    await collection.start({
      input: { collector: 'asa', historyEventsMax: 30 },
      cron: '@every 2s',
      id: `${collection.taskQueue}-cron`,
    });
    await until('all is collected', async () => (await collection.store.eventCount('asa')) === 800);
    await until('the next tick has run', async () => (await collection.notes()).includes('No new events: 0'));
    collection.demo.addEvents(7);
    await until('and the one after', async () => (await collection.store.eventCount('asa')) === 807);
  });

  it('continues when its worker is replaced', async () => {
    const collection = await TestCollection.start({ events: 2_000, latencyMs: 10 }, { SEARCH_COUNT: '20' });
    const handle = await collection.start();
    for (const pages of [10, 40, 70]) {
      await until('some pages are stored', async () => (await collection.store.checkpoint('asa')).pages >= pages);
      await collection.stopWorker();
      await collection.startWorker();
    }
    await handle.result();
    await collection.expectComplete();
  });
});
