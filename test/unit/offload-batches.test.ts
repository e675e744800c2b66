import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Context } from '../../activities/context.js';
import { offloadBatches } from '../../activities/offload.js';
import type { OffloadedBatches } from '../../activities/types.js';
import { TrawlError } from '../../src/errors.js';
import { records, unmappedOf } from '../../src/sinks/records.js';
import type { OnConfirmed, OutgoingBatch, SendResult, SinkClient } from '../../src/sinks/sink.js';
import { DatabaseSync } from '../../src/sqlite-driver.js';
import { storePlace } from '../../src/stores/place.js';
import { openStore } from '../../src/stores/registry.js';
import { SqliteDatabase } from '../../src/stores/sqlite/database.js';
import type { Store } from '../../src/stores/store.js';
import { event, page } from '../conformance/pages.js';
import { until } from '../support/collection.js';

/** Short, so that a lease ends soon. */
const leaseMs = 2_000;
const nothing: SendResult = { objects: [], bytes: 0, unmapped: 0, refused: [] };
type Send = (batch: OutgoingBatch, signal: AbortSignal, confirmed: OnConfirmed) => Promise<SendResult>;

/** Ten events, and attempts to send them with the given client. */
async function bed(schema = 'native', batchBytes = 16_777_216) {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-offload-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'trawl.db');
  const store = await openStore(storePlace(`sqlite:${path}`, '/', 1)!, 'write');
  onTestFinished(() => store.close());
  const events = Array.from({ length: 10 }, (_, at) => event(`e${at + 1}`));
  await store.writePage(page(events, { nextOffset: 'next' }));
  const collectors = { source: async () => ({ kind: 'asa' }), requireSinks: async () => undefined };
  const input = {
    ...{ collector: 'asa', sink: 'siem', series: '', since: null, until: null, now: false, durationMaxMs: 60_000 },
  };
  const warnings: string[] = [];
  const signals: unknown[][] = [];
  const client = {
    withDeadline: (_: number, body: () => Promise<void>) => body(),
    withAbortSignal: (_: AbortSignal, body: () => Promise<void>) => body(),
    workflow: { getHandle: () => ({ signal: async (...told: unknown[]) => void signals.push(told) }) },
  } as unknown as Client;
  const attempt = (
    to: Send | Pick<SinkClient, 'place' | 'send'>,
    timeMs = 60_000,
    info: object = {},
  ): Promise<OffloadedBatches> => {
    const settings = {
      sink: 'siem',
      kind: 'webhook',
      values: { batchEvents: 100, batchBytes, waitMinutes: 0, schema },
    };
    const sinks = {
      open: async () => ({ settings, client: typeof to === 'function' ? { place: 'it', send: to } : to }),
    };
    const context = { store, collectors, sinks } as unknown as Context;
    const logger = new DefaultLogger('WARN', ({ message, meta }) =>
      warnings.push(`${message} ${JSON.stringify(meta)}`),
    );
    const environment = new MockActivityEnvironment({ activityId: 'one', ...info }, { logger, client });
    return environment.run(() => offloadBatches(context, input, { timeMs, leaseMs }));
  };
  /** As a person does with another program. */
  const execute = (sql: string) => {
    const db = new DatabaseSync(path);
    db.exec(sql);
    db.close();
  };
  return { store, attempt, execute, warnings, signals };
}

const seqs = ({ events }: OutgoingBatch) => events.map(({ seq }) => seq);
const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
/** An attempt that has begun to send, and ends once the sink is let confirm. */
async function heldAttempt(attempt: (send: Send) => Promise<OffloadedBatches>) {
  const { promise: sent, resolve: confirm } = promised();
  const { promise: started, resolve: begun } = promised();
  const first = attempt(async () => {
    begun();
    await sent;
    return nothing;
  });
  await started;
  return { first, confirm };
}

function promised(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
const part = (lastSeq: number) => ({ lastSeq, bytes: 5, refused: [] });

it('a batch has no more raw events than batchBytes, but at least one', async () => {
  const size = Buffer.byteLength(event('e1').rawEvent);
  for (const [batchBytes, batches] of [
    [3 * size, [3, 3, 3, 1]],
    [size - 1, Array.from({ length: 10 }, () => 1)],
  ] as const) {
    const { attempt } = await bed('native', batchBytes);
    const sent: number[] = [];
    await attempt(async ({ events }) => {
      sent.push(events.length);
      return nothing;
    });
    expect(sent).toEqual(batches);
  }
});

describe('types of events that no mapping knows', () => {
  it('are one line for each collector and sink, and name the types', async () => {
    const { store, attempt, warnings } = await bed('ocsf');
    const send: Send = async (batch) => ({ ...nothing, unmapped: unmappedOf(records(batch)) });
    const sink = { place: 'it', send };
    const types = (from: number) =>
      Array.from({ length: 20 }, (_, at) => ({ ...event(`t${from + at}`), type: `new.type${from + at}` }));
    await store.writePage(page(types(0), { key: 'second', offset: 'next', nextOffset: 'after' }));
    expect(await attempt(sink)).toMatchObject({ events: 30, unmapped: 20 });
    await store.writePage(page(types(20), { key: 'third', offset: 'after', nextOffset: 'last' }));
    expect(await attempt(sink)).toMatchObject({ events: 20, unmapped: 20 });
    expect(warnings).toEqual([expect.stringMatching(/no mapping.*"schema":"ocsf".*new\.type9".*and 10 more/)]);
  });

  it('are no line where the sink uses no mapping', async () => {
    const { attempt, warnings } = await bed();
    await attempt(async (batch) => ({ ...nothing, unmapped: unmappedOf(records(batch)) }));
    expect(warnings).toEqual([]);
  });
});

it('an attempt that fails tells its run its number and the reason', async () => {
  const { attempt, signals } = await bed();
  const refuse: Send = () => Promise.reject(new TrawlError('SINK_UNAVAILABLE', 'It is down.', { hint: 'Wait.' }));
  await expect(attempt(refuse, 60_000, { attempt: 3 })).rejects.toMatchObject({ code: 'SINK_UNAVAILABLE' });
  expect(signals).toEqual([
    ['attemptFailed', { sink: 'siem', number: 3, failure: 'It is down. Wait. [SINK_UNAVAILABLE]' }],
  ]);
});

describe('a batch that a sink takes in parts', () => {
  it('continues after the confirmed part once its time is up, under the same name', async () => {
    const { store, attempt } = await bed();
    const names: string[] = [];
    const first = await attempt(async (batch, signal, confirmed) => {
      names.push(batch.name);
      await confirmed(part(4));
      return untilAborted(signal);
    }, 200);
    expect(first).toMatchObject({ batches: 0, more: true });
    const second = await attempt(async (batch) => {
      names.push(batch.name);
      expect(seqs(batch)).toEqual([5, 6, 7, 8, 9, 10]);
      return { ...nothing, bytes: 6 };
    });
    expect(second).toMatchObject({ batches: 1, more: false });
    expect(new Set(names).size).toBe(1);
    expect(await store.offload.cursors()).toMatchObject([{ lastSeq: 10, events: 10, bytes: 11, failure: null }]);
  });

  it('fails if nothing was confirmed in its time, and says so', async () => {
    const { store, attempt } = await bed();
    await expect(attempt((_, signal) => untilAborted(signal), 200)).rejects.toMatchObject({
      code: 'SINK_SLOW',
      retry: true,
    });
    expect((await store.offload.cursors())[0]!.failure).toContain('Nothing was confirmed');
  });

  it('continues after the confirmed part if there was no time for another request', async () => {
    const { store, attempt } = await bed();
    const slow = () => Promise.reject(new TrawlError('SINK_SLOW', 'It is slow.', { hint: 'Wait.' }));
    const bounds: (number | undefined)[] = [];
    const client = (answerMaxMs: number, progress: boolean) => ({
      place: 'it',
      answerMaxMs,
      send: async ({ lastBeginMs }: OutgoingBatch, _: unknown, confirmed?: OnConfirmed) => {
        bounds.push(lastBeginMs);
        if (progress) await confirmed!(part(4));
        return slow();
      },
    });
    const begun = Date.now();
    await expect(attempt(client(60_000, false))).rejects.toMatchObject({ code: 'SINK_SLOW' });
    await expect(attempt(client(1_000, true))).rejects.toMatchObject({ code: 'SINK_SLOW' });
    expect(await attempt(client(600_000, true))).toMatchObject({ batches: 0, more: true });
    const [none, much, late] = bounds.map((bound) => bound! - begun);
    expect(none).toBeGreaterThanOrEqual(0);
    expect(much! - none!).toBeGreaterThanOrEqual(59_000);
    expect(late).toBeLessThan(none!);
    expect((await store.offload.cursors())[0]!.failure).toContain('It is slow');
  });

  it('is abandoned by an attempt that still sends after another one has begun', async () => {
    const { attempt } = await bed();
    const { promise: started, resolve: begun } = promised();
    const { promise: otherIsDone, resolve: goOn } = promised();
    const sentBefore: number[] = [];
    const before = attempt(async (_, __, confirmed) => {
      begun();
      await otherIsDone;
      sentBefore.push(1);
      await confirmed(part(1));
      sentBefore.push(2);
      return nothing;
    });
    await started;
    await attempt(async () => nothing, 60_000, { attempt: 2 });
    goOn();
    await expect(before).rejects.toMatchObject({ code: 'STORE_BUSY', retry: true });
    expect(sentBefore).toEqual([1]);
  });

  it('has a different name in a store that begins anew with other events', async () => {
    const nameOf = async (id: string) => {
      const { store, attempt } = await bed();
      await store.clearEvents('asa', ['k'], [], true);
      await store.writePage(page([event(id)], { offset: 'next', nextOffset: 'more' }));
      let name = '';
      await attempt(async (batch) => {
        ({ name } = batch);
        return nothing;
      });
      return name;
    };
    const [one, again, other] = [await nameOf('a'), await nameOf('a'), await nameOf('b')];
    expect(again).toBe(one);
    expect(other).not.toBe(one);
    expect(other.slice(0, 38)).toBe(one.slice(0, 38));
  });
});

it('a sink is untried until it has accepted an event, and is told how many it has refused before', async () => {
  const { store, attempt } = await bed();
  const told: unknown[] = [];
  const next = async (id: string, refuse: boolean) => {
    const { lastOffset: offset } = await store.checkpoint('asa');
    await store.writePage(page([event(id)], { key: id, offset, nextOffset: id }));
    await attempt(async ({ refusedBefore, isUntried, events }) => {
      told.push([refusedBefore, isUntried]);
      return { ...nothing, refused: refuse ? events.map(({ seq }) => ({ seq, id: '', reason: 'no' })) : [] };
    });
  };
  for (const [at, refuse] of [true, true, false, true, false].entries()) await next(`n${at}`, refuse);
  // The first batch has the ten events of the bed, too.
  expect(told).toEqual([
    [0, true],
    [11, true],
    [12, true],
    [0, false],
    [1, false],
  ]);
});

describe('a batch of which events are gone', () => {
  const notes = async (store: Store) =>
    (await store.executionLog({ collector: 'asa', limit: 1 })).map((line) => line.notes);

  it('is sent without them, and the manifest and the log say how many there were', async () => {
    const { store, attempt, execute } = await bed();
    await expect(attempt(async () => Promise.reject(new Error('away')))).rejects.toThrow('away');
    execute('DELETE FROM audit_events WHERE seq IN (1, 5)');
    const sentSeqs: number[] = [];
    const done = await attempt(async (batch) => {
      sentSeqs.push(...seqs(batch));
      return nothing;
    });
    expect(sentSeqs).toEqual([2, 3, 4, 6, 7, 8, 9, 10]);
    expect(done).toMatchObject({ batches: 1, events: 8, more: false });
    expect(await store.offload.batches('asa', 9)).toMatchObject([{ events: 10, goneEvents: 2 }]);
    expect(await store.offload.cursors()).toMatchObject([{ lastSeq: 10, events: 8, failure: null }]);
    expect(await notes(store)).toEqual([
      'Not sent to siem: 2 of the 10 events of batch 1 (1 to 10) were cleared before',
    ]);
  });

  it('counts only what the sink did not have before', async () => {
    const { store, attempt, execute } = await bed();
    await attempt(async (_, signal, confirmed) => {
      await confirmed(part(2));
      await confirmed(part(4));
      return untilAborted(signal);
    }, 200);
    execute('DELETE FROM audit_events WHERE seq IN (1, 2, 5)');
    await attempt(async (batch) => {
      expect(seqs(batch)).toEqual([6, 7, 8, 9, 10]);
      return nothing;
    });
    expect(await store.offload.batches('asa', 9)).toMatchObject([{ events: 10, sentEvents: 4, goneEvents: 1 }]);
  });

  it.each([
    ['none was sent', 0, 10],
    ['some were sent', 4, 6],
  ])('is passed over where all are gone and %s', async (_, sentBefore, gone) => {
    const { store, attempt, execute } = await bed();
    await attempt(async (_batch, signal, confirmed) => {
      if (sentBefore > 0) await confirmed(part(sentBefore));
      return untilAborted(signal);
    }, 200).catch(() => undefined);
    execute('DELETE FROM audit_events');
    expect(await attempt(async () => Promise.reject(new Error('nothing to send')))).toMatchObject({ more: false });
    expect(await store.offload.cursors()).toMatchObject([{ lastSeq: 10, events: sentBefore, failure: null }]);
    expect(await notes(store)).toEqual([
      `Not sent to siem: ${gone} of the 10 events of batch 1 (1 to 10) were cleared before`,
    ]);
  });
});

it('no more is read for a batch than it holds', async () => {
  const { store, attempt } = await bed();
  const large = Array.from({ length: 60 }, (_, at) => event(`large${at}`, { rawEvent: `"${'x'.repeat(1_000_000)}"` }));
  await store.writePage(page(large, { offset: 'next', nextOffset: 'more' }));
  const read: number[] = [];
  const { arrays } = SqliteDatabase.prototype;
  const reading = vi.spyOn(SqliteDatabase.prototype, 'arrays').mockImplementation(function (
    this: SqliteDatabase,
    ...args
  ) {
    const rows = arrays.apply(this, args);
    read.push(rows.length);
    return rows;
  });
  onTestFinished(() => reading.mockRestore());
  const counts: number[] = [];
  await attempt(async ({ events }) => {
    counts.push(events.length);
    return nothing;
  });
  expect(counts.length).toBeGreaterThan(3);
  expect(read).toEqual(counts);
});

describe('a batch that another offloading sends', () => {
  const other = { activityId: 'two' };

  it('is waited for, however long it takes, and not sent a second time', async () => {
    const { store, attempt } = await bed();
    const renewals = vi.spyOn(store.offload, 'renewLease');
    const asked = vi.spyOn(store.offload, 'fixBatch');
    const { first, confirm } = await heldAttempt(attempt);
    const sentByOther: string[] = [];
    const second = attempt(
      async ({ name }) => {
        sentByOther.push(name);
        return nothing;
      },
      60_000,
      other,
    );
    // Longer than a lease, were it not renewed.
    await until('it is renewed again and again', () => renewals.mock.calls.length > 7);
    await until('the other has asked for it', () => asked.mock.calls.length > 7);
    confirm();
    expect(await first).toMatchObject({ batches: 1, more: false });
    expect(await second).toMatchObject({ batches: 0, more: false });
    expect(sentByOther).toEqual([]);
    expect(await store.offload.cursors()).toMatchObject([{ lastSeq: 10, events: 10, failure: null }]);
  });

  it('is sent by the one that waits when that one fails', async () => {
    const { attempt } = await bed();
    const { promise: failing, resolve: fail } = promised();
    const { promise: started, resolve: begun } = promised();
    const first = attempt(async () => {
      begun();
      await failing;
      throw new Error('away');
    });
    await started;
    const second = attempt(async () => nothing, 60_000, other);
    fail();
    await expect(first).rejects.toThrow('away');
    expect(await second).toMatchObject({ batches: 1, more: false });
  });

  it('is sent by the one that waits when the worker of the other is killed', async () => {
    const { store, attempt } = await bed();
    const dies = vi
      .spyOn(store.offload, 'batchEvents')
      .mockImplementationOnce(() => new Promise<never>(() => undefined));
    vi.spyOn(store.offload, 'renewLease').mockImplementation(async () => true);
    void attempt(async () => nothing);
    await until('it has the batch', () => dies.mock.calls.length > 0);
    expect(await attempt(async () => nothing, 60_000, other)).toMatchObject({ batches: 1, more: false });
  });

  it('is no longer sent by one that could not renew its lease', async () => {
    const { store, attempt } = await bed();
    const renewals = vi.spyOn(store.offload, 'renewLease');
    const stuck = renewals.mockImplementation(async () => Promise.reject(new Error('the store does not answer')));
    const { promise: started, resolve: begun } = promised();
    const first = attempt(async (_, signal) => {
      begun();
      return untilAborted(signal);
    });
    await started;
    const second = attempt(
      async (_, signal) => {
        stuck.mockRestore();
        await expect(first).rejects.toMatchObject({ code: 'STORE_BUSY', retry: true });
        signal.throwIfAborted();
        return nothing;
      },
      60_000,
      other,
    );
    expect(await second).toMatchObject({ batches: 1, more: false });
  });

  it('does not fail an offloading whose time is up', async () => {
    const { store, attempt } = await bed();
    const { first, confirm } = await heldAttempt(attempt);
    expect(await attempt(async () => nothing, 300, other)).toMatchObject({ batches: 0, more: true });
    confirm();
    await first;
    expect(await store.offload.cursors()).toMatchObject([{ lastSeq: 10, failure: null }]);
  });
});
