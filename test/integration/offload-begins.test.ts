import { describe, expect, it } from 'vitest';
import { type TestCollection, until } from '../support/collection.js';
import { folder, linesIn, offloading, truthOf, withoutSeq } from '../support/offloading.js';

const afterRun = { offloadWhen: 'after-run' };

const isSent = ({ store }: TestCollection) =>
  until('all has been sent', async () => (await store.offload.backlog('asa', ['archive'], 1)) === 0);

/**
 * Waits until the offloading that a run has begun ends: until then, no run begins another.
 * @returns the run id of the last one
 */
async function offloaded({ client }: TestCollection): Promise<string> {
  const offloading = client.workflow.getHandle('audit-offload-asa');
  await offloading.result();
  return (await offloading.describe()).runId;
}

describe('a run begins offloading', () => {
  it('even if the source fails: remaining events are sent, and retention is applied', async () => {
    const path = folder();
    const collection = await offloading({ archive: { kind: 'files', path } }, {}, { offloadWhen: 'own-schedule' });
    await collection.collect();
    await collection.store.setSettings('asa', afterRun, []);
    collection.demo.revokeKey();
    const handle = await collection.start();
    await expect(handle.result()).rejects.toThrow();
    await isSent(collection);
    expect(withoutSeq(linesIn(path))).toEqual(truthOf(collection));
  }, 120_000);

  it('while a long catch-up is still under way', async () => {
    const path = folder();
    const demo = { events: 6_000, latencyMs: 100 };
    const collection = await offloading({ archive: { kind: 'files', path } }, demo, {
      ...afterRun,
      searchCount: '50',
    });
    const handle = await collection.start({ input: { collector: 'asa', historyEventsMax: 40 } });
    await until('a batch has been sent', async () => (await collection.store.offload.cursors('asa')).length > 0);
    expect((await collection.store.checkpoint('asa')).lastSeq).toBeLessThan(6_000);
    await handle.result();
    await isSent(collection);
    expect(withoutSeq(linesIn(path))).toEqual(truthOf(collection));
  }, 120_000);

  it('with nothing new, if retention has not been applied for a while', async () => {
    const path = folder();
    const collection = await offloading({ archive: { kind: 'files', path } }, {}, afterRun);
    await collection.collect();
    const first = await offloaded(collection);
    expect(await collection.store.eventCount('asa')).toBe(3_000);
    await collection.store.setSettings('asa', { retainDays: '1' }, []);
    await collection.collect();
    const second = await offloaded(collection);
    expect(second).not.toBe(first);
    expect(await collection.store.eventCount('asa')).toBeLessThan(1_000);
    expect(await collection.store.offload.prunedAt('asa')).not.toBeNull();
    await collection.collect();
    expect(await offloaded(collection)).toBe(second);
  }, 120_000);

  it('without a sink, only for the log and the related objects', async () => {
    const collection = await offloading({}, { events: 10 }, { ...afterRun, logRetainDays: '30', offload: '' });
    await collection.store.setSettings('asa', {}, ['offload']);
    await collection.collect();
    await until('retention is applied', async () => (await collection.store.offload.prunedAt('asa')) !== null);
    expect(await collection.store.eventCount('asa')).toBe(10);
  }, 120_000);
});
