import { describe, expect, it } from 'vitest';
import { DatabaseSync } from '../../src/sqlite-driver.js';
import { TestCollection, until } from '../support/collection.js';
import { query } from '../support/store.js';

describe('temporary faults of the source', () => {
  it.each([
    { kind: 'status', status: 401 },
    { kind: 'status', status: 408 },
    { kind: 'status', status: 429 },
    { kind: 'status', status: 429, rateLimitHeaders: false, retryAfter: '1' },
    { kind: 'status', status: 499 },
    { kind: 'status', status: 500 },
    { kind: 'status', status: 503 },
    { kind: 'status', status: 504 },
    { kind: 'html' },
    { kind: 'truncated' },
    { kind: 'empty' },
    { kind: 'empty-json' },
    { kind: 'null-list' },
    { kind: 'reset' },
    { kind: 'reset-before' },
    { kind: 'wrong-content-type' },
    { kind: 'token-expired' },
  ] as const)('%o: nothing is lost or doubled', async (fault) => {
    const collection = await TestCollection.start({ events: 300 }, { SEARCH_COUNT: '100' });
    collection.demo.faults.add({ ...fault, after: 1 } as never);
    await collection.collect();
    await collection.expectComplete();
  });

  it('include those of the token request', async () => {
    const collection = await TestCollection.start({ events: 30 });
    collection.demo.faults.add({ kind: 'status', status: 503, target: 'token' });
    collection.demo.faults.add({ kind: 'html', target: 'token' });
    await collection.collect();
    await collection.expectComplete();
  });

  it('an answer that is not a page is kept and reported', async () => {
    const collection = await TestCollection.start({ events: 30 });
    collection.demo.faults.add({ kind: 'html' });
    await collection.collect();
    await collection.expectComplete();
    const rows = await query(collection.place, 'SELECT kind, reason, raw FROM rejected_events');
    expect(rows).toEqual([
      { kind: 'answer', reason: 'An answer with status 200 is HTML or XML.', raw: expect.stringContaining('<html') },
    ]);
  });

  it('Temporal waits for a rate limit, and a reserve of it is kept', async () => {
    const rateLimit = { limit: 40, periodMs: 2_000 };
    const collection = await TestCollection.start({ events: 1_200, rateLimit }, { SEARCH_COUNT: '20' });
    await collection.collect();
    await collection.expectComplete();
    expect(collection.demo.requests.byStatus[429] ?? 0).toBe(0);
  });
});

describe('failures that need a person', () => {
  it('a revoked key: the run fails and says so, and the next tick of the cron still runs', async () => {
    const collection = await TestCollection.start({ events: 30 });
    collection.demo.revokeKey();
    const handle = await collection.start({ cron: '@every 2s', id: `${collection.taskQueue}-cron` });
    const failure = async () => {
      const { events } = await handle.fetchHistory();
      return events![0]!.workflowExecutionStartedEventAttributes?.continuedFailure?.message ?? '';
    };
    await until('a run has failed and another is due', async () => (await failure()) !== '');
    expect(await failure()).toContain(
      'Check ASA_KEY_ID and ASA_KEY_SECRET; if the key was revoked or rotated, create a new one',
    );
    collection.demo.restoreKey();
    await until('the next tick has collected', async () => (await collection.store.eventCount('asa')) === 30);
  });

  it.each([
    ['a wrong team', { ASA_TEAM: 'nobody' }, 'NOT_FOUND', 'Check ASA_TEAM'],
    ['a base URL at which nothing listens', { ASA_BASE_URL: 'http://127.0.0.1:9' }, undefined, 'Check the base URL'],
    ['a missing setting', { ASA_TEAM: '' }, 'SETTINGS_INVALID', 'ASA_TEAM is missing'],
    [
      'a wrong count',
      { SEARCH_COUNT: '1001' },
      'SETTINGS_INVALID',
      'SEARCH_COUNT must be a whole number from 1 to 1000, not "1001"',
    ],
  ])('%s', async (_, settings, type, message) => {
    const collection = await TestCollection.start({ events: 30 }, settings);
    const handle = await collection.start();
    if (type === undefined) {
      await until('the failure of an attempt shows', async () => {
        const { raw } = await handle.describe();
        return raw.pendingActivities?.[0]?.lastFailure?.message?.includes(message) ?? false;
      });
      return;
    }
    await expect(handle.result()).rejects.toMatchObject({ cause: { type, message: expect.stringContaining(message) } });
  });

  it('a link that leads to another host is not followed', async () => {
    const collection = await TestCollection.start({ events: 300, linkStyle: 'foreign-host' }, { SEARCH_COUNT: '100' });
    await expect(collection.collect()).rejects.toMatchObject({ cause: { type: 'LINK_REFUSED' } });
    expect(await collection.store.eventCount('asa')).toBe(0);
  });

  it.each([
    [{ collector: 'nobody' }, 'COLLECTOR_UNKNOWN'],
    [{}, 'INPUT_INVALID'],
    [{ collector: 'asa', colector: 1 }, 'INPUT_INVALID'],
    ['asa', 'INPUT_INVALID'],
  ])('the input %o', async (input, type) => {
    const collection = await TestCollection.start({ events: 1 });
    const handle = await collection.start({ input });
    await expect(handle.result()).rejects.toMatchObject({ cause: { type } });
  });

  it('a page over the bound is read in smaller pages', async () => {
    const collection = await TestCollection.start({ events: 10 });
    collection.demo.faults.add({ kind: 'oversize', bytes: 65 * 1024 * 1024 });
    await collection.collect();
    await collection.expectComplete();
    expect(collection.demo.requests.log.map((request) => request.path).join()).toContain('count=500');
  });
});

describe('the store', () => {
  it('is waited for while another process has locked it', async () => {
    const collection = await TestCollection.start({ events: 500 }, { SEARCH_COUNT: '100' });
    const other = new DatabaseSync((collection.place as { path: string }).path);
    other.exec('BEGIN IMMEDIATE');
    const handle = await collection.start();
    await until('a step has failed for it', async () => {
      const { raw } = await handle.describe();
      return (
        raw.pendingActivities?.some((activity) =>
          activity.lastFailure?.message?.includes('locked by another process'),
        ) ?? false
      );
    });
    other.exec('ROLLBACK');
    other.close();
    await handle.result();
    await collection.expectComplete();
  });
});
