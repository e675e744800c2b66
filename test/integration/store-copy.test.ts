import { expect, it, onTestFinished } from 'vitest';
import { type CopyableStore, copyStore } from '../../src/stores/copy.js';
import { inSteps } from '../../src/stores/in-steps.js';
import type { StorePlace } from '../../src/stores/place.js';
import { openStore } from '../../src/stores/registry.js';
import { startWorker } from '../../src/worker.js';
import { TestCollection } from '../support/collection.js';
import { makeStorePlace, query } from '../support/store.js';

async function place(kind: StorePlace['kind']): Promise<StorePlace> {
  const made = await makeStorePlace(undefined, kind);
  onTestFinished(made.remove);
  return made.place;
}

const opened = async (at: StorePlace): Promise<CopyableStore> => {
  const store = (await openStore(at)) as CopyableStore;
  onTestFinished(() => store.close());
  return store;
};

/** A store that has a bit of everything. */
async function collected(): Promise<TestCollection> {
  const collection = await TestCollection.start({ events: 2_350 });
  collection.demo.insertRaw('{"id":7,"timestamp":"2026-01-01T00:00:00Z","details":{}}');
  collection.demo.insertRaw(
    `{"id":"odd","timestamp":"0001-01-01T00:00:00Z","details":{"type":"\\u0000\\ud800","n":9007199254740993.10}}`,
  );
  await collection.collect();
  await collection.store.setSettings('asa', { searchCount: '500' }, []);
  await collection.store.clearEvents('asa', ['clear']);
  await inSteps(() => collection.store.removeCleared('asa', 1_000));
  await collection.store.resetCheckpoint('asa', ['reset']);
  await collection.collect();
  await collection.store.expectRuns('asa', { cron: '@hourly', tick: null });
  return collection;
}

it.each([
  ['sqlite', 'postgres'],
  ['sqlite', 'sqlite'],
] as const)('a store is copied from this kind via %s into %s, and continues to collect', async (by, to) => {
  const collection = await collected();
  const first = await place(by);
  const second = await place(to);
  const tables: string[] = [];
  const counts = await copyStore(collection.store as CopyableStore, await opened(first), (table) => tables.push(table));
  expect(counts.find(({ table }) => table === 'audit_events')).toMatchObject({ rows: 2_351 });
  expect(counts.find(({ table }) => table === 'rejected_events')).toMatchObject({ rows: 1 });
  expect(tables).toContain('audit_checkpoints');
  expect(await copyStore(await opened(first), await opened(second), () => undefined)).toEqual(counts);

  const store = await opened(second);
  expect(await store.checkpoint('asa')).toEqual(await collection.store.checkpoint('asa'));
  await collection.stopWorker();
  const worker = await startWorker({
    temporal: collection.temporal,
    store,
    env: collection.env,
    taskQueue: collection.taskQueue,
  });
  onTestFinished(() => worker.stop());
  collection.demo.addEvents(120);
  await collection.collect();
  const ids = (await store.events({ collector: 'asa', afterSeq: 0 }, 10_000)).map(({ id }) => id);
  expect(ids).toHaveLength(2_471);
  expect(new Set(ids).size).toBe(2_471);
  const log = await store.executionLog({ collector: 'asa', limit: 1 });
  expect(log[0]!.eventsWritten).toBe(120);
});

it('an interrupted copy is resumed, and a copy that does not match is refused', async () => {
  const collection = await collected();
  const from = collection.store as CopyableStore;
  const at = await place('postgres');
  const to = await opened(at);
  let batches = 0;
  await expect(
    copyStore(from, to, () => {
      batches += 1;
      if (batches === 2) throw new Error('broken off');
    }),
  ).rejects.toThrow('broken off');
  expect(await query(at, 'SELECT count(*)::int AS n FROM audit_events')).toEqual([{ n: 2_000 }]);
  expect(await query(at, 'SELECT 1 FROM audit_checkpoints')).toEqual([]);

  const other = await opened(await place('sqlite'));
  const refused = expect.objectContaining({ code: 'COPY_REFUSED' });
  await expect(copyStore(other, to, () => undefined)).rejects.toThrow(refused);
  await expect(copyStore(to, from, () => undefined)).rejects.toThrow(refused);
  const tables: string[] = [];
  await copyStore(from, to, (table, rows) => tables.push(`${table} ${rows}`));
  expect(tables).toContain('audit_events 351');
  await expect(copyStore(from, to, () => undefined)).rejects.toThrow(refused);
});

it('a copy that differs from its source is reported', async () => {
  const collection = await collected();
  const to = await opened(await place('sqlite'));
  const side = to.copySide();
  const { insert } = side;
  side.insert = (table, rows) =>
    insert.call(side, table, table.name === 'audit_events' ? rows.map((row) => ({ ...row, actor: 'x' })) : rows);
  const changed = { ...to, identity: () => to.identity(), copySide: () => side } as CopyableStore;
  await expect(copyStore(collection.store as CopyableStore, changed, () => undefined)).rejects.toThrow(
    expect.objectContaining({ code: 'COPY_DIFFERS', message: expect.stringContaining('audit_events') }),
  );
});
