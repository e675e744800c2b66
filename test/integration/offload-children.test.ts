import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import type { OffloadProgress } from '../../workflows/messages.js';
import { type TestCollection, until } from '../support/collection.js';
import { folder, linesIn, offloading, truthOf, withoutSeq } from '../support/offloading.js';

/** A webhook receiver that answers only once it is opened. */
async function gate(): Promise<{ url: string; waiting(): number; open(): void }> {
  const waiting: ServerResponse[] = [];
  let isOpen = false;
  const server = createServer((request, response) => {
    request.resume();
    if (isOpen) response.end();
    else waiting.push(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    waiting: () => waiting.length,
    open() {
      isOpen = true;
      for (const response of waiting.splice(0)) response.end();
    },
  };
}

const sent = async ({ store }: TestCollection, sink: string) =>
  (await store.offload.cursors('asa')).find((cursor) => cursor.sink === sink)?.lastSeq;

it('a slow sink delays neither the others nor retention, even if the run continues as new', async () => {
  const path = folder();
  const siem = await gate();
  const collection = await offloading(
    { archive: { kind: 'files', path }, siem: { kind: 'webhook', url: siem.url } },
    { events: 300 },
    { logRetainDays: '30' },
  );
  await collection.collect();
  const handle = await collection.start({ type: 'offloadEvents', input: { collector: 'asa', historyEventsMax: 20 } });
  await until('the archive has everything', () => linesIn(path).length === 300);
  await until('the slow sink is being sent to', () => siem.waiting() > 0);
  await until('retention is applied', async () => (await collection.store.offload.prunedAt('asa')) !== null);
  await until('the run knows that the archive is done', async () => {
    const { sinks } = await handle.query<OffloadProgress, []>('progress');
    return sinks.archive?.state === 'done' && sinks.archive.events === 300;
  });

  const newest = collection.client.workflow.getHandle(handle.workflowId);
  const first = (await newest.describe()).runId;
  await until('the run has continued as new', async () => (await newest.describe()).runId !== first, 60_000);
  collection.demo.addEvents(5);
  await collection.collect();
  await until('the archive has what is new', () => linesIn(path).length === 305, 60_000);
  expect((await sent(collection, 'siem')) ?? 0).toBe(0);

  siem.open();
  const { sinks } = (await newest.result()) as OffloadProgress;
  expect(sinks).toMatchObject({ archive: { state: 'done', events: 305 }, siem: { state: 'done' } });
  expect(await sent(collection, 'siem')).toBe(305);
  expect(withoutSeq(linesIn(path))).toEqual(truthOf(collection));
}, 180_000);

it.each(['done', 'failed'])(
  'a run that continued as new with one sink %s sends to it what it lacks',
  async (state) => {
    const path = folder();
    const siem = await gate();
    const collection = await offloading(
      { archive: { kind: 'files', path }, siem: { kind: 'webhook', url: siem.url } },
      { events: 10 },
    );
    await collection.collect();
    const none = { batches: 0, events: 0, bytes: 0, unmapped: 0, refused: 0 };
    const carried = {
      collector: 'asa',
      cleared: 0,
      sinks: { archive: { state, ...none }, gone: { state, ...none }, siem: { state: 'sending', ...none } },
    };
    const handle = await collection.client.workflow.start('offloadEvents', {
      workflowId: `${collection.taskQueue}-carried`,
      taskQueue: collection.taskQueue,
      args: [{ collector: 'asa' }, carried],
    });
    await until('the archive has everything', () => linesIn(path).length === 10);
    siem.open();
    expect(((await handle.result()) as OffloadProgress).sinks).toMatchObject({
      archive: { state: 'done', events: 10 },
      siem: { state: 'done', events: 10 },
    });
  },
  120_000,
);

it('a sink that fails makes the run fail after the others are done', async () => {
  const path = folder();
  const collection = await offloading(
    { absent: { kind: 'files', path: '/dev/null/absent' }, archive: { kind: 'files', path } },
    { events: 10 },
  );
  await collection.collect();
  const handle = await collection.start({ type: 'offloadEvents', input: { collector: 'asa' } });
  await expect(handle.result()).rejects.toMatchObject({
    cause: { message: expect.stringContaining('/dev/null/absent') },
  });
  expect(await handle.query<OffloadProgress, []>('progress')).toMatchObject({
    sinks: { absent: { state: 'failed' }, archive: { state: 'done', events: 10 } },
  });
}, 120_000);
