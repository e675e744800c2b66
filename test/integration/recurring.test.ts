import { describe, expect, it, onTestFinished } from 'vitest';
import {
  endAll,
  type RecurringWishes,
  recurringState,
  startRecurring,
  stopRecurring,
} from '../../src/temporal/collection.js';
import { offloadId, recurringId } from '../../src/temporal/names.js';
import { TestCollection, until } from '../support/collection.js';
import { makeNamespace } from '../support/namespace.js';

it('a recurring collection can be started, changed and stopped at any moment of its cron', async () => {
  // No worker takes work from the shared task queue here, so each run stays at its beginning once it is due.
  const { client } = await TestCollection.start({ events: 1 });
  const name = `unit-${process.pid}`;
  expect(await startRecurring(client, name, { cron: '0 0 1 1 *' })).toBe('started');
  expect(await startRecurring(client, name, { cron: '0 0 1 1 *' })).toBe('running already');
  expect(await startRecurring(client, name, { cron: '0 0 2 1 *' })).toBe('changed');
  expect(await recurringState(client, name)).toMatchObject({ recurrence: 'cron', state: 'waiting', cron: '0 0 2 1 *' });
  await expect(startRecurring(client, name, { cron: 'nonsense' })).rejects.toThrow();
  expect(await recurringState(client, name)).toMatchObject({ recurrence: 'cron', state: 'waiting', cron: '0 0 2 1 *' });
  expect(await stopRecurring(client, name, 'test')).toBe('stopped');
  expect(await recurringState(client, name)).toBeNull();
  expect(await stopRecurring(client, name, 'test')).toBe('stopped');
});

it('all that runs for a collector ends, whatever began it, and its Schedules are gone', async () => {
  const { client } = await TestCollection.start({ events: 1 });
  const name = `ended-${process.pid}`;
  await startRecurring(client, name, { recurrence: 'schedule', cron: '0 0 1 1 *' });
  const offload = await client.schedule.create({
    scheduleId: offloadId(name),
    spec: { cronExpressions: ['0 0 1 1 *'] },
    action: { type: 'startWorkflow', workflowType: 'offloadEvents', taskQueue: 'audit-collection' },
  });
  expect(await endAll(client, name, 'test')).toBe('stopped');
  expect(await recurringState(client, name)).toBeNull();
  await expect(offload.describe()).rejects.toThrow();
  expect(await endAll(client, name, 'test')).toBe('stopped');
});

it('nothing is touched for a cron that is refused, here or by the server, and a Schedule made elsewhere is left alone', async () => {
  const { client } = await TestCollection.start({ events: 1 });
  const name = `refused-${process.pid}`;
  const handle = client.workflow.getHandle(recurringId(name));
  // Only the server knows the names of its time zones exactly.
  const refused = ['0 0 31 2 *', '61 * * * *', '*/5 * * * * *', '', 'TZ=europe/vienna 0 4 * * *'];
  const input = { code: 'INPUT_INVALID', message: expect.stringContaining('is refused') };

  await startRecurring(client, name, { cron: '0 0 1 1 *' });
  const { runId } = await handle.describe();
  for (const recurrence of ['cron', 'schedule'] as const)
    for (const cron of refused)
      await expect(startRecurring(client, name, { recurrence, cron })).rejects.toMatchObject(input);
  expect(await handle.describe()).toMatchObject({ runId, status: { name: 'RUNNING' } });
  expect(await recurringState(client, name)).toMatchObject({ recurrence: 'cron', cron: '0 0 1 1 *' });
  await stopRecurring(client, name, 'test');

  const schedule = await client.schedule.create({
    scheduleId: recurringId(name),
    spec: { cronExpressions: ['0 0 31 2 *'] },
    action: { type: 'startWorkflow', workflowType: 'recurringAuditCollection', taskQueue: 'audit-collection' },
  });
  onTestFinished(() => schedule.delete());
  const spec = async () => (await schedule.describe()).spec;
  const before = await spec();
  for (const cron of refused) await expect(startRecurring(client, name, { cron })).rejects.toMatchObject(input);
  await expect(startRecurring(client, name, { recurrence: 'cron' })).rejects.toMatchObject({
    code: 'INPUT_INVALID',
    message: expect.stringContaining('made elsewhere'),
  });
  expect(await startRecurring(client, name)).toBe('running already');
  expect(await spec()).toEqual(before);
  expect(await recurringState(client, name)).toMatchObject({ state: 'waiting', cron: '', nextRun: null });
});

it('a recurring collection changes from cron to a Schedule and back, and keeps everything else', async () => {
  const { client } = await TestCollection.start({ events: 1 });
  const name = `scheduled-${process.pid}`;
  const schedule = (wishes: RecurringWishes = {}) =>
    startRecurring(client, name, { recurrence: 'schedule', ...wishes });
  expect(await startRecurring(client, name, { cron: '0 0 1 1 *' })).toBe('started');
  await expect(schedule({ cron: 'nonsense' })).rejects.toThrow();
  expect(await recurringState(client, name)).toMatchObject({ recurrence: 'cron' });
  // Its cron is kept.
  expect(await schedule()).toBe('changed');
  expect(await schedule()).toBe('running already');
  expect(await startRecurring(client, name)).toBe('running already');
  expect(await schedule({ cron: '0 0 1 1 *' })).toBe('running already');
  const handle = client.schedule.getHandle(`audit-collection-${name}`);
  expect(await handle.describe()).toMatchObject({
    policies: { overlap: 'SKIP', catchupWindow: 600_000 },
    spec: { jitter: 30_000 },
  });
  const year = new Date().getUTCFullYear() + 1;
  expect(await recurringState(client, name)).toEqual({
    recurrence: 'schedule',
    state: 'waiting',
    cron: '0 0 1 1 *',
    nextRun: expect.stringMatching(new RegExp(`^${year}-01-01T00:00:[0-3]`)),
    failure: null,
    run: null,
    pausedBecause: null,
  });

  // A person has set options that Trawl does not know.
  await handle.update((before) => ({ ...before, spec: { ...before.spec, endAt: new Date('2099-01-01') } }));
  expect(await schedule({ jitterMs: 5_000 })).toBe('changed');
  expect(await schedule({ catchupWindowMs: 3_600_000 })).toBe('changed');
  expect(await handle.describe()).toMatchObject({
    policies: { overlap: 'SKIP', catchupWindow: 3_600_000 },
    spec: { jitter: 5_000, endAt: new Date('2099-01-01'), calendars: [{ month: [{ start: 'JANUARY' }] }] },
    action: { memo: { cron: '0 0 1 1 *' }, args: [{ collector: name }] },
  });

  expect(await stopRecurring(client, name, 'test')).toBe('stopped');
  expect(await recurringState(client, name)).toMatchObject({ state: 'paused', cron: '0 0 1 1 *', nextRun: null });
  await expect(schedule({ cron: 'nonsense' })).rejects.toThrow();
  expect(await recurringState(client, name)).toMatchObject({ state: 'paused', cron: '0 0 1 1 *' });
  expect(await startRecurring(client, name, { cron: '0 0 2 1 *' })).toBe('changed');
  expect(await recurringState(client, name)).toMatchObject({ state: 'waiting', cron: '0 0 2 1 *' });
  expect(await handle.describe()).toMatchObject({ policies: { catchupWindow: 3_600_000 }, spec: { jitter: 5_000 } });

  expect(await startRecurring(client, name, { recurrence: 'cron' })).toBe('changed');
  expect(await recurringState(client, name)).toMatchObject({ recurrence: 'cron', cron: '0 0 2 1 *' });
  expect(await startRecurring(client, name, { cron: '0 0 3 1 *' })).toBe('changed');
  expect(await schedule({ cron: '0 0 4 1 *' })).toBe('changed');
  expect(await stopRecurring(client, name, 'test')).toBe('stopped');
  await handle.delete();
  expect(await recurringState(client, name)).toBeNull();
});

it('a collection that is moved in the middle of a walk continues from where it was', async () => {
  const more = { namespace: await makeNamespace() };
  const demoOptions = { events: 4_000, latencyMs: 100 };
  const collection = await TestCollection.start(demoOptions, { SEARCH_COUNT: '100' }, undefined, more);
  const { client, demo } = collection;
  // The recurring collection is on the one task queue that all workers share.
  await collection.stopWorker();
  await collection.startWorker('audit-collection');
  onTestFinished(async () => {
    await client.schedule.getHandle(recurringId('asa')).delete();
  });
  await startRecurring(client, 'asa', { cron: '@every 1s' });
  await until('it walks', () => demo.requests.audits >= 10);
  expect(await startRecurring(client, 'asa', { recurrence: 'schedule', cron: '0 0 1 1 *' })).toBe('changed');
  await until('everything is there', async () => (await collection.store.eventCount('asa')) === 4_000);
  await collection.expectComplete();
  // Only the round in progress was read a second time.
  expect(demo.requests.audits).toBeLessThan(40 + 30);
  await stopRecurring(client, 'asa', 'test');
}, 90_000);

it('without a worker, another cron is refused and nothing is cancelled, and a waiting command survives the stop', async () => {
  const { client } = await TestCollection.start({ events: 1 });
  const walking = `walking-${process.pid}`;
  await startRecurring(client, walking, { cron: '@every 1s' });
  await until('its tick has come', async () => (await recurringState(client, walking))?.state === 'running');
  await expect(startRecurring(client, walking, { cron: '0 0 1 1 *' })).rejects.toMatchObject({ code: 'NO_WORKER' });
  const run = client.workflow.getHandle(recurringId(walking));
  expect(
    (await run.fetchHistory()).events?.filter((event) => event.workflowExecutionCancelRequestedEventAttributes),
  ).toEqual([]);
  await run.terminate();

  const waiting = `waiting-${process.pid}`;
  await startRecurring(client, waiting, { cron: '0 0 1 1 *' });
  const handle = client.workflow.getHandle(recurringId(waiting));
  const { runId } = await handle.describe();
  await handle.signal('resetCheckpoint');
  expect(await stopRecurring(client, waiting, 'test')).toBe('stopped');
  const command = client.workflow.getHandle(`${recurringId(waiting)}-resetCheckpoint-${runId}-1`);
  expect(await command.describe()).toMatchObject({ type: 'resetCheckpoint', status: { name: 'RUNNING' } });
  await command.terminate();
}, 90_000);

describe('the times of the next runs are kept in the store', () => {
  const due = async ({ store }: TestCollection) => (await store.standings('asa'))[0]?.due ?? null;

  it('for a cron, but not for a run by hand or an unknown name', async () => {
    const collection = await TestCollection.start({ events: 1 });
    await collection.collect();
    expect(await due(collection)).toBeNull();
    await collection.start({ cron: '@every 1s' });
    await until('it is known', async () => (await due(collection))?.cron === '@every 1s');
    const handle = await collection.start({ cron: '@every 1s', input: { collector: 'typo' } });
    await until('its run has failed', async () => {
      const { history } = await collection.client.workflowService.getWorkflowExecutionHistory({
        namespace: 'default',
        execution: { workflowId: handle.workflowId },
        maximumPageSize: 1,
      });
      return !!history?.events?.[0]?.workflowExecutionStartedEventAttributes?.continuedFailure;
    });
    expect((await collection.store.standings()).map(({ collector }) => collector)).toEqual(['asa']);
  });

  it.each([
    ['its own cron, if Trawl made it', { cron: '*/2 * * * * * *' }],
    ['the time between two runs, if it was made elsewhere', undefined],
  ])('for a Schedule: %s', async (_, memo) => {
    const collection = await TestCollection.start({ events: 1 });
    const handle = await collection.client.schedule.create({
      scheduleId: `${collection.taskQueue}-schedule`,
      spec: { intervals: [{ every: '2s' }] },
      action: {
        type: 'startWorkflow',
        workflowType: 'recurringAuditCollection',
        taskQueue: collection.taskQueue,
        args: [{ collector: 'asa' }],
        ...(memo ? { memo } : {}),
      },
    });
    onTestFinished(() => handle.delete());
    await until('it is known', async () => (await due(collection))?.cron === (memo?.cron ?? '@every 2s'));
    await handle.pause();
  });
});
