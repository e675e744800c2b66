import { expect, inject, it, onTestFinished } from 'vitest';
import { inSteps } from '../../src/stores/in-steps.js';
import { PostgresStore } from '../../src/stores/postgres/store.js';
import type { Store } from '../../src/stores/store.js';
import { fixed } from '../conformance/offload-suite.js';
import { event, idleRun, page } from '../conformance/pages.js';
import { createDatabase, startPostgres } from '../support/postgres.js';

async function write(store: Store, ids: string[], followed: boolean): Promise<void> {
  const { lastOffset: offset, generation } = await store.checkpoint('asa');
  const events = ids.map((id) => event(id));
  await store.writePage(page(events, { offset, generation, nextOffset: `${offset}x`, more: true, followed }));
}

/** Each event that a follower or an export gets now, with its number. */
async function leaving(store: Store): Promise<string[]> {
  const all = { collector: 'asa', afterSeq: 0 };
  const followed = (await store.events(all, 100)).map(({ seq, id }) => `${seq} ${id}`);
  const { bytes } = await store.eventLines(all, 100);
  const lines = Buffer.from(bytes).toString().split('\n').filter(Boolean);
  const exported = lines.map((line) => JSON.parse(line) as { seq: number; id: string });
  expect(exported.map(({ seq, id }) => `${seq} ${id}`)).toEqual(followed);
  return followed;
}

it('a crash of the server takes back nothing that has left the store, nor gives its number to another event', async () => {
  // Nothing but a commit that waits flushes the log.
  const server = await startPostgres({ fsync: 'on', wal_writer_delay: '10s', wal_writer_flush_after: '100MB' });
  onTestFinished(() => server.remove());
  const { url } = await createDatabase(server.url);
  const open = async () => PostgresStore.open({ url, name: 'the test database', pool: 2 });
  let store = await open();
  onTestFinished(() => store.close().catch(() => undefined));

  await write(store, ['e1'], false);
  await write(store, ['e2', 'e3'], true);
  const left = await leaving(store);
  await write(store, ['e4'], true);
  expect(await leaving(store)).toEqual(left);
  await server.crash();
  await server.start();
  await store.close();
  store = await open();
  // Otherwise this would show nothing.
  expect((await store.checkpoint('asa')).lastSeq).toBeLessThan(4);

  // A late event has come before those that are read again.
  await write(store, ['e9', 'e2', 'e3'], true);
  await write(store, ['e4'], false);
  const after = await leaving(store);
  expect(after.slice(0, left.length)).toEqual(left);
  expect(after.map((line) => line.split(' ')[1]).sort()).toEqual(['e1', 'e2', 'e3', 'e4', 'e9']);
}, 60_000);

it.each(['a reset', 'a failed run', 'a run that finds nothing new', 'the time of the next run', 'a batch'])(
  'what a walk that died has left without waiting leaves the store after %s',
  async (what) => {
    const { url, remove } = await createDatabase(inject('postgresUrl'));
    onTestFinished(remove);
    const store = await PostgresStore.open({ url, name: 'the test database', pool: 2 });
    onTestFinished(() => store.close().catch(() => undefined));
    await write(store, ['e1'], true);
    expect(await leaving(store)).toEqual([]);
    if (what === 'a reset') await store.resetCheckpoint('asa', ['k']);
    else if (what === 'a failed run') await store.logFailedRun('asa', 'its source is away', 'k');
    else if (what === 'a run that finds nothing new') await idleRun(store, 'asa', 'k');
    else if (what === 'the time of the next run') await store.expectRuns('asa', { cron: '@hourly', tick: null });
    else expect(await fixed(store)).toMatchObject({ firstSeq: 1, lastSeq: 1 });
    expect(await leaving(store)).toEqual(['1 e1']);
  },
  60_000,
);

it('a clearing that a crash of the server interrupts goes on where it was', async () => {
  const server = await startPostgres({ fsync: 'on', wal_writer_delay: '10s' });
  onTestFinished(() => server.remove());
  const { url } = await createDatabase(server.url);
  const open = async () => PostgresStore.open({ url, name: 'the test database', pool: 2 });
  let store = await open();
  onTestFinished(() => store.close().catch(() => undefined));
  await write(store, ['e1', 'e2', 'e3', 'e4', 'e5'], false);
  expect(await store.clearEvents('asa', ['k'])).toBeNull();
  expect(await store.removeCleared('asa', 2)).toBe(true);
  await server.crash();
  await server.start();
  await store.close();
  store = await open();
  expect(await store.eventCount('asa')).toBe(0);
  await write(store, ['e6', 'e1'], false);
  expect(await store.clearEvents('asa', ['k'])).toBeNull();
  await inSteps(() => store.removeCleared('asa', 2));
  expect((await store.events({ collector: 'asa', afterSeq: 0 }, 10)).map(({ id }) => id)).toEqual(['e6', 'e1']);
}, 60_000);
