import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { DemoAsaOptions } from '../../demo/asa/server.js';
import { EncryptionCodec } from '../../src/temporal/codec/codec.js';
import { recurringState, startNow, stopRecurring } from '../../src/temporal/collection.js';
import { recurringId } from '../../src/temporal/names.js';
import { commandsSentTo } from '../../src/temporal/waiting-commands.js';
import { startWorker } from '../../src/worker.js';
import { TestCollection, until } from '../support/collection.js';
import { makeNamespace } from '../support/namespace.js';

describe('a stop loses no command and repeats none', () => {
  /** A collection whose runs all take work from the task queue that all workers share. */
  async function recurring(cron: string, demo: DemoAsaOptions, settings: Record<string, string> = {}) {
    const namespace = await makeNamespace();
    const collection = await TestCollection.start(demo, settings, undefined, { namespace });
    await collection.stopWorker();
    await collection.startWorker('audit-collection');
    const start = () =>
      collection.client.workflow.start('recurringAuditCollection', {
        workflowId: recurringId('asa'),
        taskQueue: 'audit-collection',
        args: [{ collector: 'asa' }],
        cronSchedule: cron,
      });
    return { collection, start };
  }
  const count = async (collection: TestCollection, note: string) =>
    (await collection.notes()).filter((line) => line.startsWith(note)).length;

  it.each(['in the clear', 'encrypted'])('of a waiting run keeps its input, %s', async (form) => {
    const path = mkdtempSync(join(tmpdir(), 'trawl-stop-'));
    onTestFinished(() => rmSync(path, { recursive: true }));
    const keys = new Map([['one', createSecretKey(randomBytes(32))]]);
    const { collection, start } = await recurring('0 0 1 1 *', { events: 100 });
    const dataConverter =
      form === 'encrypted' ? { payloadCodecs: [new EncryptionCodec(keys, collection.temporal.namespace)] } : {};
    await collection.store.setSettings('sink:archive', { kind: 'files', path }, []);
    await collection.store.setSettings('asa', { offload: 'archive', offloadWhen: 'own-schedule' }, []);
    await collection.stopWorker();
    const worker = await startWorker({
      temporal: { ...collection.temporal, dataConverter },
      store: collection.store,
      env: collection.env,
    });
    onTestFinished(() => worker.stop());
    const { connection, options } = collection.client;
    const { namespace } = options;
    const client = new Client({ connection, namespace, dataConverter });
    await (await startNow(client, 'asa')).result();
    const { workflowId } = await start();
    const handle = client.workflow.getHandle(workflowId);
    const { runId } = await handle.describe();
    await handle.signal('resetCheckpoint');
    await handle.signal('clearEvents', { force: true });
    await handle.signal('clearEvents', { force: true });
    await handle.signal('clearEvents');
    expect(await commandsSentTo(client, workflowId, runId)).toEqual([
      { kind: 'resetCheckpoint', force: false, keys: [`${workflowId}/${runId}/1`] },
      { kind: 'clearEvents', force: true, keys: [`${workflowId}/${runId}/2`, `${workflowId}/${runId}/3`] },
      { kind: 'clearEvents', force: false, keys: [`${workflowId}/${runId}/4`] },
    ]);
    expect(await collection.store.eventCount('asa')).toBe(100);
    // Someone names a workflow after a command that is still to come, and one after a run that there is not.
    const apart = (run: string, nth: number) =>
      client.workflow.execute('resetCheckpoint', {
        workflowId: `${workflowId}-resetCheckpoint-${run}-${nth}`,
        taskQueue: 'audit-collection',
        args: [{ collector: 'asa' }],
        memo: { keys: [`${workflowId}/${run}/${nth}`] },
      });
    for (const run of [runId, 'none'])
      await expect(apart(run, 5)).rejects.toMatchObject({
        cause: { message: expect.stringContaining('key of another workflow') },
      });
    await apart(randomUUID(), 5);
    expect(await count(collection, 'Reset checkpoint')).toBe(1);
    expect(await stopRecurring(client, 'asa', 'test')).toBe('stopped');
    expect(await collection.store.eventCount('asa')).toBe(0);
    expect(await count(collection, 'Reset checkpoint')).toBe(2);
    expect(await count(collection, 'Cleared events table')).toBe(3);
  });

  it('of a run whose key is missing changes nothing', async () => {
    const { collection, start } = await recurring('0 0 1 1 *', { events: 1 });
    const { connection, options } = collection.client;
    const { namespace } = options;
    const codec = (key: string) => ({
      payloadCodecs: [new EncryptionCodec(new Map([[key, createSecretKey(randomBytes(32))]]), namespace)],
    });
    await start();
    const sender = new Client({ connection, namespace, dataConverter: codec('one') });
    await sender.workflow.getHandle(recurringId('asa')).signal('clearEvents', { force: true });
    const other = new Client({ connection, namespace, dataConverter: codec('two') });
    await expect(stopRecurring(other, 'asa', 'test')).rejects.toMatchObject({ code: 'PAYLOAD_UNREADABLE' });
    expect(await recurringState(other, 'asa')).toMatchObject({ recurrence: 'cron', state: 'waiting' });
    await sender.workflow.getHandle(recurringId('asa')).terminate();
  });

  it('works during a walk, with a client whose clock is behind', async () => {
    const { collection, start } = await recurring(
      '@every 2s',
      { events: 1_000, latencyMs: 200 },
      { SEARCH_COUNT: '50' },
    );
    await start();
    await collection.client.workflow.getHandle(recurringId('asa')).signal('clearEvents');
    await until('it has cleared, and walks', async () => (await count(collection, 'Full page')) > 2);
    const now = Date.now;
    Date.now = () => now() - 60_000;
    onTestFinished(() => {
      Date.now = now;
    });
    const before = await collection.store.eventCount('asa');
    expect(await stopRecurring(collection.client, 'asa', 'test')).toBe('stopped');
    expect(await count(collection, 'Cleared events table')).toBe(1);
    expect(await collection.store.eventCount('asa')).toBeGreaterThanOrEqual(before);
  });

  it('works for a run that begins during the stop', async () => {
    const { collection, start } = await recurring('0 0 1 1 *', { events: 10 });
    const { workflowId } = await start();
    const { workflow } = collection.client;
    const { runId } = await workflow.getHandle(workflowId).describe();
    await workflow.getHandle(workflowId).signal('clearEvents');
    // Its worker does this meanwhile, under the key of the signal.
    await collection.store.clearEvents('asa', [`${workflowId}/${runId}/1`]);
    expect(await stopRecurring(collection.client, 'asa', 'test')).toBe('stopped');
    expect(await count(collection, 'Cleared events table')).toBe(1);
  });
});
