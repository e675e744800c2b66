import { hostname } from 'node:os';
import type { Client } from '@temporalio/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { recurringOf } from '../../../src/cli/status/recurring.js';
import type { Store } from '../../../src/stores/store.js';
import { hasWorker, releasesBeside, requireSameStore } from '../../../src/temporal/workers.js';

// Fake timers do not replace these.
vi.mock('node:timers/promises', () => ({
  setTimeout: (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)),
}));

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A client whose server has pollers that asked for work this many seconds ago. */
function clientWithPollers(...secondsAgo: number[]): Client {
  const pollers = secondsAgo.map((seconds) => ({
    lastAccessTime: { seconds: Math.floor(Date.now() / 1000) - seconds },
  }));
  const workflowService = { describeTaskQueue: async () => ({ pollers }) };
  return { options: { namespace: 'default' }, workflowService } as unknown as Client;
}

describe('a worker', () => {
  it.each([
    [[], false],
    [[0], true],
    [[61], true],
    [[120], false],
    [[290, 30], true],
  ])('that asked for work %j seconds ago: %s', async (secondsAgo, is) => {
    expect(await hasWorker(clientWithPollers(...secondsAgo))).toBe(is);
  });

  it('of a task queue that nobody has asked', async () => {
    const workflowService = { describeTaskQueue: async () => ({}) };
    expect(await hasWorker({ options: {}, workflowService } as unknown as Client)).toBe(false);
  });
});

it('the releases beside one are those that poll now; one that does not tell its release is another', async () => {
  const poller = (secondsAgo: number, buildId?: string) => ({
    lastAccessTime: { seconds: Math.floor(Date.now() / 1000) - secondsAgo },
    ...(buildId ? { deploymentOptions: { buildId } } : {}),
  });
  const beside = (...pollers: object[]) =>
    releasesBeside('1.0.0', { describeTaskQueue: async () => ({ pollers }) } as unknown as Client['workflowService'], {
      namespace: 'default',
      queue: 'q',
    });
  expect(await beside(poller(0, '1.0.0'), poller(30, '1.0.0'))).toEqual([]);
  expect(await beside(poller(0, '1.0.0'), poller(30, '1.1.0'), poller(120, '1.2.0'))).toEqual(['1.1.0']);
  expect(await beside(poller(0))).toEqual(['unknown']);
});

describe('a worker that starts beside another', () => {
  const own = '0123456789abcdef';
  const beside = async (shared: boolean, identity: string, ...asked: number[]) => {
    let looks = 0;
    const workflowService = {
      describeTaskQueue: async () => {
        const seconds = Date.now() / 1000 - asked[Math.min(looks, asked.length - 1)]!;
        looks += 1;
        return {
          pollers: [{ identity, lastAccessTime: { seconds: Math.floor(seconds), nanos: (seconds % 1) * 1e9 } }],
        };
      },
    };
    const client = { options: { namespace: 'default' }, workflowService } as unknown as Client;
    const store = { shared, identity: async () => own } as unknown as Store;
    const lines: string[] = [];
    let ended = false;
    const required = requireSameStore(client, store, (line) => lines.push(line)).finally(() => {
      ended = true;
    });
    required.catch(() => undefined);
    while (!ended) await vi.advanceTimersByTimeAsync(1_000);
    await required;
    return lines;
  };

  it.each([
    ['PostgreSQL, the same on another host', true, `7@other/${own}`],
    ['a worker of another kind', false, '7@other'],
  ])('shares %s', async (_, shared, identity) => {
    expect(await beside(shared, identity, 0)).toEqual([]);
  });

  it.each([
    ['another PostgreSQL', true, '7@other/fedcba9876543210', 'same TRAWL_STORE'],
    ['the same SQLite file on another host', false, `7@other/${own}`, 'same PostgreSQL'],
  ])('does not share %s', async (_, shared, identity, hint) => {
    // It asks for work again while it is watched.
    await expect(beside(shared, identity, 5, -1)).rejects.toMatchObject({
      code: 'STORES_DIFFER',
      hint: expect.stringContaining(hint),
    });
  });

  it('waits for one that has been silent for a while', async () => {
    expect(await beside(false, `7@other/${own}`, 65, 71)).toEqual([expect.stringContaining('has ended')]);
    expect(await beside(false, `${process.pid}@${hostname()}/fedcba9876543210`, 1)).toEqual([]);
  });
});

describe('the recurring collection', () => {
  const running = {
    recurrence: 'cron',
    state: 'running',
    cron: '* * * * *',
    nextRun: null,
    failure: null,
  } as const;
  const waiting = { ...running, state: 'waiting' } as const;

  it.each([
    ['running', running, 'running'],
    ['running', waiting, 'waiting'],
    ['running', null, 'stopped'],
    ['none', running, 'no worker'],
    ['none', waiting, 'waiting'],
    ['none', null, 'stopped'],
    ['unknown', running, 'running'],
    ['none', undefined, 'unknown'],
    ['running', undefined, 'unknown'],
  ] as const)('with the worker %s, and known as %o: %s', (worker, state, shown) => {
    expect(recurringOf(state, worker)).toBe(shown);
  });
});
