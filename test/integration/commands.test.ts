import type { WorkflowHandle } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { idleRun } from '../conformance/pages.js';
import { TestCollection, until } from '../support/collection.js';
import { folder, offload, offloading } from '../support/offloading.js';

const count = (notes: string[], note: string) => notes.filter((line) => line === note).length;

async function activityNames(handle: WorkflowHandle): Promise<string[]> {
  const { events } = await handle.fetchHistory();
  return events!.flatMap((event) => event.activityTaskScheduledEventAttributes?.activityType?.name ?? []);
}

describe('a worker that accepts nothing through Temporal', () => {
  it('refuses to clear by signal or workflow, with a line in the log, and the run goes on', async () => {
    const collection = await TestCollection.start({ events: 100 }, {}, undefined, { temporalSettings: 'off' });
    await collection.collect();
    const handle = await collection.client.workflow.signalWithStart('recurringAuditCollection', {
      workflowId: `${collection.taskQueue}-refused`,
      taskQueue: collection.taskQueue,
      args: [{ collector: 'asa' }],
      signal: 'clearEvents',
      signalArgs: [{ force: true }],
    });
    await handle.signal('resetCheckpoint');
    expect(await handle.result()).toMatchObject({ state: 'caught up', failedCommands: [] });
    const started = await collection.start({ type: 'clearEvents', input: { collector: 'asa', force: true } });
    await expect(started.result()).rejects.toMatchObject({ cause: { type: 'NOT_THROUGH_TEMPORAL' } });
    await collection.expectStored(100);
    const notes = await collection.notes();
    const refused = notes.filter((line) =>
      /^clearEvents refused: .*trawl clear asa \[NOT_THROUGH_TEMPORAL\]/.test(line),
    );
    expect(refused.length).toBe(2);
    expect(count(notes, 'Reset checkpoint: 0')).toBe(1);
  });
});

describe('commands by signal', () => {
  it('are carried out before the walk if they arrive with the start', async () => {
    const collection = await TestCollection.start({ events: 300 });
    await collection.collect();
    const handle = await collection.client.workflow.signalWithStart('recurringAuditCollection', {
      workflowId: `${collection.taskQueue}-with-signal`,
      taskQueue: collection.taskQueue,
      args: [{ collector: 'asa' }],
      signal: 'clearEvents',
    });
    await handle.signal('resetCheckpoint');
    await handle.result();
    await collection.expectStored(300);
    const notes = await collection.notes();
    expect(count(notes, 'Cleared events table: 0')).toBe(1);
    expect(count(notes, 'Reset checkpoint: 0')).toBe(1);
    const names = await activityNames(handle);
    expect(names.indexOf('clearEvents')).toBeLessThan(names.indexOf('fetchPages'));
  });

  it('reset and clear in the middle of a walk: everything is read again and stored once', async () => {
    const collection = await TestCollection.start({ events: 1_800, latencyMs: 20 }, { SEARCH_COUNT: '20' });
    const handle = await collection.start();
    await until('a few pages are stored', async () => (await collection.store.checkpoint('asa')).pages > 5);
    await handle.signal('clearEvents');
    await handle.signal('resetCheckpoint');
    await handle.result();
    await collection.expectStored(1_800);
    const notes = await collection.notes();
    expect(count(notes, 'Cleared events table: 0')).toBe(1);
    expect(count(notes, 'Reset checkpoint: 0')).toBe(1);
  });

  it('that fail for good do not delay others, and the run fails with their message', async () => {
    const collection = await TestCollection.start({ events: 100 });
    await collection.collect();
    // U04 needs to know the sinks. Only a clearing asks for them here.
    await collection.store.setSettings('asa', { offload: 'archive,archive' }, []);
    const handle = await collection.client.workflow.signalWithStart('recurringAuditCollection', {
      workflowId: `${collection.taskQueue}-failing`,
      taskQueue: collection.taskQueue,
      args: [{ collector: 'asa' }],
      signal: 'clearEvents',
    });
    await handle.signal('resetCheckpoint');
    const outcome = await handle.result().catch((error: unknown) => (error as Error).cause);
    const failures = (await collection.notes()).filter((line) => line.startsWith('clearEvents failed: '));
    expect(failures).toEqual([expect.stringMatching(/offload.*trawl env set.*\[SETTINGS_INVALID\]: 0$/)]);
    expect(count(await collection.notes(), 'Reset checkpoint: 0')).toBe(1);
    expect(outcome).toMatchObject({ type: 'SETTINGS_INVALID', message: expect.stringContaining('offload') });
  });

  it('take effect while the source is down and the walk cannot go on', async () => {
    const collection = await TestCollection.start({ events: 500 }, { SEARCH_COUNT: '100' });
    await collection.collect();
    collection.demo.addEvents(1);
    collection.demo.faults.add({ kind: 'status', status: 503, every: 1 });
    const handle = await collection.start();
    await until('the fetch is being tried again', async () => {
      const { raw } = await handle.describe();
      return (raw.pendingActivities ?? []).some((activity) => (activity.attempt ?? 0) > 1);
    });
    await handle.signal('resetCheckpoint');
    await until('the checkpoint is reset', async () => (await collection.store.checkpoint('asa')).lastOffset === '');
    collection.demo.faults.clear();
    await handle.result();
    await collection.expectComplete();
  });

  it('work in the walk that a run has handed over to, whichever of the two gets the signal', async () => {
    const collection = await TestCollection.start({ events: 2_400, latencyMs: 30 }, { SEARCH_COUNT: '20' });
    const handle = await collection.start({ input: { collector: 'asa', historyEventsMax: 30 } });
    let walk = '';
    await until('the run has handed over', async () => {
      walk = ((await handle.query('progress')) as { walk: string | null }).walk ?? '';
      return walk !== '';
    });
    await handle.signal('resetCheckpoint');
    await collection.client.workflow.getHandle(walk).signal('clearEvents');
    await collection.client.workflow.getHandle(walk).signal('resetCheckpoint');
    await handle.result();
    await collection.expectStored(2_400);
    const notes = await collection.notes();
    expect(count(notes, 'Reset checkpoint: 0')).toBe(2);
    expect(count(notes, 'Cleared events table: 0')).toBe(1);
  });

  it('none is forgotten when many arrive at any moment of short runs', async () => {
    const collection = await TestCollection.start({ events: 400 }, { SEARCH_COUNT: '100' });
    let sent = 0;
    for (let round = 0; round < 4; round += 1) {
      const handle = await collection.start({ input: { collector: 'asa', historyEventsMax: 25 } });
      const result = handle.result();
      let over = false;
      void result.then(() => {
        over = true;
      });
      while (!over) {
        const accepted = await handle.signal('resetCheckpoint').then(
          () => true,
          () => false,
        );
        if (accepted) sent += 1;
        if (sent % 10 === 0) break;
      }
      await result;
    }
    expect(count(await collection.notes(), 'Reset checkpoint: 0')).toBe(sent);
    await collection.expectComplete();
  });

  it('between the runs of a cron are carried out by the next one', async () => {
    const collection = await TestCollection.start({ events: 50 });
    const handle = await collection.start({ cron: '@every 3s', id: `${collection.taskQueue}-cron` });
    await until('a run has ended', async () => (await collection.notes()).length > 0);
    await handle.signal('clearEvents');
    await handle.signal('resetCheckpoint');
    await until('both are carried out', async () => {
      const notes = await collection.notes();
      return notes.includes('Cleared events table: 0') && notes.includes('Reset checkpoint: 0');
    });
    await until('everything is there again', async () => (await collection.store.eventCount('asa')) === 50);
  });

  it('clearing alone does not bring back the events of the current part page', async () => {
    const collection = await TestCollection.start({ events: 130 }, { SEARCH_COUNT: '100' });
    await collection.collect();
    const handle = await collection.client.workflow.signalWithStart('recurringAuditCollection', {
      workflowId: `${collection.taskQueue}-clear`,
      taskQueue: collection.taskQueue,
      args: [{ collector: 'asa' }],
      signal: 'clearEvents',
    });
    await handle.result();
    collection.demo.addEvents(3);
    await collection.collect();
    const ids = (await collection.stored()).map((event) => event.id);
    expect(ids).toEqual([...collection.demo.truth()].slice(130).map((event) => event.id));
  });
});

describe('maintenance flows as workflow types', () => {
  it('resetCheckpoint and clearEvents', async () => {
    const collection = await TestCollection.start({ events: 120 });
    await collection.collect();
    await (await collection.start({ type: 'clearEvents' })).result();
    await (await collection.start({ type: 'resetCheckpoint' })).result();
    expect(await collection.store.eventCount('asa')).toBe(0);
    expect((await collection.notes()).slice(-2)).toEqual(['Cleared events table: 0', 'Reset checkpoint: 0']);
    await collection.collect();
    await collection.expectStored(120);
  });

  it.each(['resetCheckpoint', 'clearEvents'])(
    '%s of a collector that does not exist fails, and leaves nothing',
    async (type) => {
      const collection = await TestCollection.start({ events: 1 });
      await expect((await collection.start({ type, input: { collector: 'aas' } })).result()).rejects.toMatchObject({
        cause: { type: 'COLLECTOR_UNKNOWN', message: expect.stringContaining('"aas" (did you mean asa?)') },
      });
      expect(await collection.store.collectors()).toEqual([]);
      expect(await collection.store.executionLog({ limit: 10 })).toEqual([]);
    },
  );

  it('resetCheckpoint and clearEvents work for a stored collector that is no longer set up', async () => {
    const collection = await TestCollection.start({ events: 1 });
    await idleRun(collection.store, 'former', 'key');
    for (const type of ['resetCheckpoint', 'clearEvents'])
      await (await collection.start({ type, input: { collector: 'former' } })).result();
    const notes = await collection.store.executionLog({ collector: 'former', limit: 2 });
    expect(notes.map((line) => line.notes)).toEqual(['Cleared events table', 'Reset checkpoint']);
  });

  it('clearEvents refuses to clear what a sink lacks, unless forced, and says so', async () => {
    const path = folder();
    const collection = await offloading({ archive: { kind: 'files', path } });
    const { store } = collection;
    await collection.collect();
    const clear = async (input: object) => (await collection.start({ type: 'clearEvents', input })).result();
    await expect(clear({ collector: 'asa' })).rejects.toMatchObject({
      cause: { type: 'INPUT_INVALID', message: expect.stringContaining('3,000 events have not reached every sink') },
    });
    const refused = async (with_: unknown[]) => {
      const handle = await collection.client.workflow.signalWithStart('recurringAuditCollection', {
        workflowId: `${collection.taskQueue}-signal`,
        taskQueue: collection.taskQueue,
        args: [{ collector: 'asa' }],
        signal: 'clearEvents',
        signalArgs: with_,
      });
      await handle.result();
      return (await store.eventCount('asa')) > 0;
    };
    for (const args of [[], [{}], [{ force: 'yes' }], ['force']]) expect(await refused(args)).toBe(true);
    const notes = (await collection.notes()).filter((note) => note.startsWith('Not cleared: 3,000 events'));
    expect(notes).toHaveLength(5);

    await offload(collection);
    await clear({ collector: 'asa' });
    expect(await store.eventCount('asa')).toBe(0);

    collection.demo.addEvents(10);
    await collection.collect();
    expect(await store.eventCount('asa')).toBe(10);
    expect(await refused([{ force: true }])).toBe(false);
    collection.demo.addEvents(10);
    await collection.collect();
    await clear({ collector: 'asa', force: true });
    expect(await store.eventCount('asa')).toBe(0);
  }, 120_000);

  it('setEnvironmentVariables changes the next request, and refuses secrets', async () => {
    const collection = await TestCollection.start({ events: 100 });
    const set = async (variables: Record<string, string>) =>
      (await collection.start({ type: 'setEnvironmentVariables', input: { collector: 'asa', variables } })).result();
    await set({ searchCount: '40' });
    await collection.collect();
    const [change, ...pages] = await collection.notes();
    expect(change).toMatch(
      /^Setting searchCount changed from not set to "40": through Temporal, by the workflow "test-/,
    );
    expect(pages).toEqual(['Full page: 40', 'Full page: 40', 'First part page: 20']);
    for (const variables of [
      { asaKeySecret: 'c2VjcmV0' },
      { asaKeySecretFile: '/etc/passwd' },
      { asaBaseUrl: 'https://elsewhere.invalid' },
    ]) {
      await expect(set(variables)).rejects.toMatchObject({ cause: { type: 'SECRET_REFUSED' } });
    }
    await expect(set({ searchCount: '0' })).rejects.toMatchObject({
      cause: {
        type: 'SETTINGS_INVALID',
        message: expect.stringContaining('searchCount must be a whole number from 1 to 1000'),
      },
    });
  });
});
