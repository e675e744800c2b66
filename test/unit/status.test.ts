import type { Client } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { recurringOf } from '../../src/cli/verbs/status.js';
import { hasWorker } from '../../src/temporal/workers.js';

/** A client whose server has pollers that asked for work so many seconds ago. */
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

describe('the recurring collection', () => {
  const running = {
    recurrence: 'cron',
    state: 'running',
    cron: '* * * * *',
    nextRun: null,
    lastFailure: null,
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
