import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { BatchForm } from '../../src/batch.js';
import { counted } from '../../src/counted.js';
import { inSteps } from '../../src/stores/in-steps.js';
import type { BatchWanted, FixedBatch, PruneRequest, Sender, SeriesKey } from '../../src/stores/offload.js';
import type { Store } from '../../src/stores/store.js';
import { until } from '../support/collection.js';
import { event, idleRun, page } from './pages.js';
import type { StoreUnderTest } from './store-suite.js';

const form: BatchForm = { schema: 'native', schemaVersion: '1', format: 'ndjson', compression: 'gzip', layout: 'raw' };
const live: SeriesKey = { collector: 'asa', sink: 'archive', series: '' };

function wantedBatch(more: Partial<BatchWanted> = {}): BatchWanted {
  return {
    ...live,
    sender: one,
    leaseMs: 0,
    eventsMax: 3,
    bytesMax: 1_000_000,
    partOnlyBefore: null,
    range: { sinceNs: null, untilNs: null },
    form,
    ...more,
  };
}

/** The next batch, which no other sender holds. */
export async function fixed(store: Store, more: Partial<BatchWanted> = {}): Promise<FixedBatch | null> {
  const batch = await store.offload.fixBatch(wantedBatch(more));
  if (batch === 'held') throw new Error('another sender holds the batch');
  return batch;
}

const [one, two] = ['one', 'two'].map((id) => ({ id, attempt: 1 })) as [Sender, Sender];
const written = { name: 'a.ndjson.gz', events: 3, bytes: 10, sha256: 'a'.repeat(64) };
const sent = { objects: [{ ...written, seqs: [{ first: 1, last: 3 }] }], bytes: 10, refused: [], goneEvents: 0 };
const seconds = (count: number) => ({ timeNs: BigInt(count) * 1_000_000_000n });

/** The contract of src/stores/offload.ts, which the offload ledger of every store must fulfil. */
export function offloadSuite(name: string, create: () => Promise<StoreUnderTest>): void {
  describe(`offload ledger: ${name}`, () => {
    let under: StoreUnderTest;
    let store: Store;
    beforeEach(async () => {
      under = await create();
      store = await under.open();
    });
    afterEach(async () => {
      await store.close();
      await under.remove();
    });

    /** Consecutive pages of two events; the last one may still fill. */
    async function collect(count: number): Promise<void> {
      for (let first = 1; first <= count; first += 2) {
        const events = [first, first + 1]
          .filter((each) => each <= count)
          .map((each) => event(`e${each}`, seconds(each)));
        const { lastOffset: offset } = await store.checkpoint('asa');
        const isLast = first + 2 > count;
        await store.writePage(page(events, { offset, nextOffset: isLast ? offset : `${first}`, more: !isLast }));
      }
    }

    async function sendAll(key: SeriesKey = live, more: Partial<BatchWanted> = {}): Promise<FixedBatch[]> {
      const batches: FixedBatch[] = [];
      for (let batch = await fixed(store, { ...key, ...more }); batch; ) {
        batches.push(batch);
        await store.offload.confirmBatch(batch, sent);
        batch = await fixed(store, { ...key, ...more });
      }
      return batches;
    }

    const ids = async () => (await store.events({ collector: 'asa', afterSeq: 0 }, 100)).map(({ id }) => id);
    const clear = (beforeSeconds: number, sinks = ['archive'], eventsMax = 1_000) =>
      store.offload.clearConfirmed({ collector: 'asa', sinks, beforeNs: seconds(beforeSeconds).timeNs, eventsMax });

    const prune = (before: PruneRequest['before'], collector = 'asa', rowsMax = 2_000) =>
      inSteps(() => store.offload.prune(collector, { before, rowsMax }));

    const ageLog = () => under.execute("UPDATE execution_log SET datetime = '2001-01-01T00:00:00.000Z'");

    it('fixes the events of a batch before it is sent: they stay the same until it is confirmed', async () => {
      expect(await fixed(store)).toBeNull();
      await collect(4);
      const first = await fixed(store, { eventsMax: 10 });
      expect(first).toMatchObject({ number: 1, firstSeq: 1, lastSeq: 4, events: 4, confirmedAt: null, form });
      await store.writePage(page([event('e5')], { offset: (await store.checkpoint('asa')).lastOffset }));
      const other = { ...form, format: 'parquet' };
      expect(await fixed(store, { eventsMax: 2, form: other })).toEqual(first);
      await store.offload.confirmBatch(first!, sent);
      expect(await fixed(store, { form: other })).toMatchObject({
        number: 2,
        firstSeq: 5,
        lastSeq: 5,
        form: other,
      });
    });

    it('keeps the keys of the folders of a sink, and gives those that every reader takes to a new one', async () => {
      await collect(8);
      const keysOf = async (more: Partial<BatchWanted>) => {
        const batch = (await fixed(store, { eventsMax: 1, ...more }))!;
        await store.offload.confirmBatch(batch, sent);
        return batch.form.folderNames;
      };
      expect(await keysOf({})).toBe('trawl');
      expect(await keysOf({ form: { ...form, folderNames: 'plain' } })).toBe('plain');
      expect(await keysOf({})).toBe('plain');
      expect(await keysOf({ form: { ...form, format: '' } })).toBeUndefined();

      /** As an earlier version fixes it. */
      const keysOfEarlier = async (sink: string) => {
        await fixed(store, { sink, eventsMax: 1 });
        const own = `sink = '${sink}' AND confirmed_at IS NULL`;
        await under.execute(`UPDATE offload_batches SET form = '${JSON.stringify(form)}' WHERE ${own}`);
        return keysOf({ sink });
      };
      expect(await keysOfEarlier('old')).toBeUndefined();
      expect(await keysOf({ sink: 'old' })).toBe('plain');
      const again = { series: 'again', range: { sinceNs: 1n, untilNs: null } };
      expect(await keysOf({ ...again, sink: 'old' })).toBe('plain');
      expect(await keysOf({ ...again, sink: 'other' })).toBe('trawl');

      // A worker of that version may still be at work.
      expect(await keysOf({ sink: 'other' })).toBe('trawl');
      expect(await keysOfEarlier('other')).toBeUndefined();
      expect(await keysOf({ sink: 'other' })).toBe('trawl');
    });

    it('has a time range only as a repetition: others would pass over events', async () => {
      await store.writePage(page([event('a')]));
      for (const range of [
        { sinceNs: 1n, untilNs: null },
        { sinceNs: null, untilNs: 1n },
      ])
        await expect(fixed(store, { range })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
      expect(await store.offload.cursors()).toEqual([]);
    });

    it('moves the cursor once for each batch, and keeps what the sink refused', async () => {
      await collect(5);
      const batch = (await fixed(store))!;
      const refused = [{ seq: 2, id: 'e2', reason: 'mapper_parsing_exception' }];
      await store.offload.noteFailure(live, 'it was away');
      expect(await store.offload.cursors('asa')).toMatchObject([
        { lastSeq: 0, failure: 'it was away', failedAt: expect.any(String) },
      ]);
      for (let time = 0; time < 2; time += 1) await store.offload.confirmBatch(batch, { ...sent, refused });
      expect(await store.offload.cursors()).toEqual([
        {
          ...live,
          ...{ lastSeq: 3, batches: 1, events: 3, bytes: 10, failure: null, failedAt: null },
          confirmedAt: expect.stringMatching(/Z$/),
        },
      ]);
      expect(await store.offload.batches('asa', 10)).toMatchObject([{ number: 1, objects: [written] }]);
      expect(await store.offload.backlog('asa', ['archive'], 10)).toBe(2);
      expect(await store.offload.backlog('asa', ['archive', 'siem'], 4)).toBe(4);
    });

    it('counts the events right before the rest of a batch that the sink has refused', async () => {
      await collect(5);
      const first = (await fixed(store, { eventsMax: 3 }))!;
      expect(await store.offload.refusedBefore(first, 9)).toBe(0);
      const refused = [1, 3].map((seq) => ({ seq, id: `e${seq}`, reason: 'no' }));
      await store.offload.confirmBatch(first, { ...sent, refused });
      const second = (await fixed(store))!;
      expect(await store.offload.refusedBefore(second, 9)).toBe(1);
      const also = [{ seq: 4, id: 'e4', reason: 'no' }];
      await store.offload.notePart(second, one, { lastSeq: 4, events: 1, bytes: 1, refused: also });
      const rest = (await fixed(store))!;
      expect(await store.offload.refusedBefore(rest, 9)).toBe(2);
      expect(await store.offload.refusedBefore(rest, 1)).toBe(1);
      expect(await store.offload.refusedBefore({ ...rest, sink: 'other' }, 9)).toBe(0);
    });

    it('notes the confirmed parts of a batch only for the attempt that sends it', async () => {
      await collect(5);
      const batch = (await fixed(store, { eventsMax: 5 }))!;
      const refused = [{ seq: 1, id: 'e1', reason: 'too long' }];
      expect(await store.offload.notePart(batch, one, { lastSeq: 2, events: 1, bytes: 7, refused })).toBe(true);
      expect(await store.offload.notePart(batch, two, { lastSeq: 4, events: 1, bytes: 7, refused: [] })).toBe(false);
      expect(await fixed(store, { sender: two })).toMatchObject({ number: 1, sentSeq: 2 });
      expect(await store.offload.notePart(batch, one, { lastSeq: 3, events: 1, bytes: 7, refused: [] })).toBe(false);
      expect(await store.offload.notePart(batch, two, { lastSeq: 4, events: 1, bytes: 7, refused: [] })).toBe(true);
      await store.offload.confirmBatch(batch, sent);
      expect(await store.offload.notePart(batch, two, { lastSeq: 5, events: 1, bytes: 7, refused: [] })).toBe(false);
      expect(await store.offload.cursors('asa')).toMatchObject([{ lastSeq: 5, events: 5, bytes: 24 }]);
      expect(await store.offload.refusedCounts('asa')).toEqual(new Map([['archive', 1]]));
      expect(await store.offload.refusedCounts('other')).toEqual(new Map());
      // The sink refused the first event, so it is kept.
      await store.writePage(
        page([event('e9')], { offset: (await store.checkpoint('asa')).lastOffset, nextOffset: 'n' }),
      );
      expect(await clear(100)).toBe(4);
      expect(await ids()).toEqual(['e1', 'e9']);
    });

    it('changes the form of an open batch only if its sink has changed its kind', async () => {
      await collect(2);
      const pushed = { ...form, format: '' };
      await fixed(store, { form: pushed });
      expect(await fixed(store, { form })).toMatchObject({ number: 1, form });
      expect(await fixed(store, { form: { ...form, format: 'csv' } })).toMatchObject({ form });
      expect(await fixed(store, { form: pushed })).toMatchObject({ form: pushed });
    });

    it('refuses to reuse the name of a repetition for another range', async () => {
      await collect(6);
      const range = { sinceNs: seconds(2).timeNs, untilNs: seconds(5).timeNs };
      const again = { series: 'again', range };
      const batch = (await fixed(store, again))!;
      await store.offload.confirmBatch(batch, sent);
      expect(await fixed(store, again)).toBeNull();
      const other = wantedBatch({ series: 'again', range: { ...range, sinceNs: null } });
      await expect(store.offload.fixBatch(other)).rejects.toMatchObject({ code: 'SETTINGS_INVALID' });
    });

    it('bounds a batch by bytes, includes at least one event, and lets a partial batch grow', async () => {
      const big = (id: string, bytes: number) => event(id, { rawEvent: `"${'x'.repeat(bytes)}"` });
      await store.writePage(page([big('a', 50), big('b', 500), big('c', 50), big('d', 50)]));
      const limits = { bytesMax: 200, eventsMax: 10 };
      expect((await sendAll(live, limits)).map(({ events }) => events)).toEqual([1, 1, 2]);
      const wide = event('w', { rawEvent: `"${'漢'.repeat(50)}"` });
      const more = event('m', { rawEvent: '{}', extra: `{"a":"${'x'.repeat(100)}"}` });
      await store.writePage(
        page([wide, more], { offset: (await store.checkpoint('asa')).lastOffset, nextOffset: 'w' }),
      );
      expect((await sendAll(live, limits)).map(({ events }) => events)).toEqual([1, 1]);
      await store.writePage(page([event('e')], { offset: 'w' }));
      expect(await fixed(store, { partOnlyBefore: '2000-01-01T00:00:00Z' })).toBeNull();
      expect(await fixed(store, { partOnlyBefore: '2999-01-01T00:00:00Z' })).toMatchObject({
        events: 1,
      });
    });

    it('gives each sink, and each repetition of a range of time, its own cursor', async () => {
      await collect(6);
      expect(await sendAll()).toHaveLength(2);
      const range = { sinceNs: seconds(2).timeNs, untilNs: seconds(5).timeNs };
      const again = await sendAll({ ...live, series: 'again' }, { range, eventsMax: 2 });
      expect(again).toMatchObject([
        { number: 1, firstSeq: 2, lastSeq: 3, events: 2, range },
        { number: 2, firstSeq: 4, lastSeq: 4, events: 1 },
      ]);
      expect(await sendAll({ ...live, sink: 'siem' })).toHaveLength(2);
      expect((await store.offload.cursors('asa')).map(({ sink, series, lastSeq }) => [sink, series, lastSeq])).toEqual([
        ['archive', '', 6],
        ['archive', 'again', 4],
        ['siem', '', 6],
      ]);
    });

    it('reads the events of a batch that are still stored, and no others', async () => {
      await collect(9);
      const seqsOf = async (batch: FixedBatch) => (await store.offload.batchEvents(batch)).map(({ seq }) => seq);
      const batch = (await fixed(store))!;
      expect(await seqsOf(batch)).toEqual([1, 2, 3]);
      const range = { sinceNs: seconds(3).timeNs, untilNs: seconds(7).timeNs };
      const again = (await fixed(store, { series: 'again', range, eventsMax: 3 }))!;
      expect(await seqsOf(again)).toEqual([3, 4, 5]);
      await under.execute('DELETE FROM audit_events WHERE seq IN (1, 3, 4)');
      expect(await seqsOf(batch)).toEqual([2]);
      expect(await seqsOf(again)).toEqual([5]);
    });

    it('keeps and logs how many events a sink does not get, since they were cleared before', async () => {
      await collect(9);
      const notes = async () => {
        const lines = await store.executionLog({ collector: 'asa', limit: 20 });
        return lines.map((line) => line.notes).filter((note) => note.startsWith('Not sent'));
      };
      const batch = (await fixed(store))!;
      for (let time = 0; time < 2; time += 1) await store.offload.confirmBatch(batch, { ...sent, goneEvents: 2 });
      expect(await store.offload.batches('asa', 10)).toMatchObject([{ number: 1, events: 3, goneEvents: 2 }]);
      expect(await store.offload.cursors('asa')).toMatchObject([{ lastSeq: 3, batches: 1, events: 1 }]);
      expect(await notes()).toEqual(['Not sent to archive: 2 of the 3 events of batch 1 (1 to 3) were cleared before']);

      // Nothing was fixed that held these.
      await under.execute('DELETE FROM audit_events WHERE seq IN (4, 6)');
      expect(await fixed(store)).toMatchObject({ firstSeq: 5, lastSeq: 8, events: 3 });
      expect((await notes())[0]).toBe('Not sent to archive: 2 events after number 3 were cleared before');
      // A new sink begins with what is stored, and a range of time leaves out what is not in it.
      await sendAll({ ...live, sink: 'siem' }, { eventsMax: 10 });
      const range = { sinceNs: seconds(8).timeNs, untilNs: null };
      await sendAll({ ...live, series: 'again' }, { range, eventsMax: 1 });
      expect(await notes()).toHaveLength(2);
    });

    it('leaves a batch to its sender while its lease runs, and to the next one from then on', async () => {
      await collect(9);
      const hour = { leaseMs: 3_600_000 };
      const fix = (sender: Sender, lease = hour) => store.offload.fixBatch(wantedBatch({ sender, ...lease }));
      const batch = (await fixed(store, hour))!;
      expect(await fix(two)).toBe('held');
      expect(await fix(one)).toEqual(batch);
      // The same step, tried again: its earlier attempt is over, also for the next batch.
      const again = { ...one, attempt: 2 };
      expect(await fix(again)).toEqual(batch);
      expect(await fix(one)).toBe('held');
      expect(await store.offload.renewLease(batch, one, 3_600_000)).toBe(false);
      expect(await store.offload.notePart(batch, one, { lastSeq: 1, events: 1, bytes: 1, refused: [] })).toBe(false);
      expect(await store.offload.renewLease(batch, again, 3_600_000)).toBe(true);
      expect(await fix(two)).toBe('held');
      // Ended, and then over.
      expect(await store.offload.renewLease(batch, again, 0)).toBe(true);
      expect(await fix(two, { leaseMs: 1 })).toEqual(batch);
      await until('the lease is over', async () => (await fix(one)) !== 'held');
      expect(await store.offload.renewLease(batch, two, 1)).toBe(false);
      // Each series, and each sink, is leased by itself.
      expect(await fixed(store, { sink: 'siem', sender: two })).toMatchObject({ number: 1 });
      // Whoever has sent it may say so.
      await store.offload.confirmBatch(batch, sent);
      expect(await store.offload.renewLease(batch, one, 3_600_000)).toBe(false);
      expect(await fix(two)).toMatchObject({ number: 2 });
    });

    it('takes a lease for over where the clock has gone back', async () => {
      await collect(4);
      const hour = { leaseMs: 3_600_000 };
      await fixed(store, hour);
      await under.execute('UPDATE offload_batches SET leased_until_ms = leased_until_ms + 86400000');
      expect(await fixed(store, { ...hour, sender: two })).toMatchObject({ number: 1 });
    });

    it('gives the batch to one of two that offload at once', async () => {
      await collect(6);
      const other = await under.open();
      onTestFinished(() => other.close());
      const wanted = (sender: Sender) => wantedBatch({ sender, leaseMs: 3_600_000 });
      const got = await Promise.all([store.offload.fixBatch(wanted(one)), other.offload.fixBatch(wanted(two))]);
      const [batch, ...more] = got.filter((each) => each !== 'held');
      expect(more).toEqual([]);
      await Promise.all([store.offload.confirmBatch(batch!, sent), other.offload.confirmBatch(batch!, sent)]);
      expect(await store.offload.cursors()).toMatchObject([{ lastSeq: 3, events: 3 }]);
    });

    it('clears only events that every sink has, whose page is full and which are due', async () => {
      await collect(6);
      expect(await clear(100)).toBe(0);
      await sendAll();
      expect(await clear(100, ['archive', 'siem'])).toBe(0);
      await sendAll({ ...live, sink: 'siem' });
      // The last page, with the fifth and the sixth event, may still fill.
      expect(await clear(3, ['archive', 'siem'])).toBe(2);
      expect(await clear(100, ['archive', 'siem'], 1)).toBe(1);
      expect(await clear(100, ['archive', 'siem'], 1)).toBe(1);
      expect(await clear(100, ['archive', 'siem'], 1)).toBe(0);
      expect(await ids()).toEqual(['e5', 'e6']);
    });

    it('keeps the events of a batch that is still to be sent', async () => {
      await collect(6);
      await sendAll();
      const range = { sinceNs: seconds(2).timeNs, untilNs: null };
      await fixed(store, { series: 'again', range });
      expect(await clear(100)).toBe(1);
      await sendAll({ ...live, series: 'again' }, { range });
      expect(await clear(100)).toBe(3);
    });

    it('keeps of a repetition that broke off its own events, and clears everything else', async () => {
      await collect(12);
      await sendAll();
      const range = { sinceNs: seconds(2).timeNs, untilNs: seconds(9).timeNs };
      await fixed(store, { series: 'again', range, eventsMax: 2 });
      // Of a batch of a range of time, only what is in it.
      await store.offload.fixBatch(
        wantedBatch({ series: 'later', range: { sinceNs: seconds(6).timeNs, untilNs: null }, eventsMax: 2 }),
      );
      expect(await clear(100)).toBe(6);
      expect(await ids()).toEqual(['e2', 'e3', 'e6', 'e7', 'e11', 'e12']);
      // What it still has goes out.
      expect(await sendAll({ ...live, series: 'again' }, { range, eventsMax: 10 })).toMatchObject([
        { firstSeq: 2, lastSeq: 3, events: 2 },
        { firstSeq: 6, lastSeq: 7, events: 2 },
      ]);
      expect(await clear(100)).toBe(2);
    });

    it('drops a repetition for good: retention keeps nothing for it, and nobody goes on sending it', async () => {
      await collect(12);
      await sendAll();
      const hour = { leaseMs: 3_600_000 };
      const again = { series: 'again', eventsMax: 2 };
      await store.offload.confirmBatch((await fixed(store, again))!, sent);
      const batch = (await fixed(store, { ...again, ...hour }))!;
      const other = (await fixed(store, { ...again, sink: 'siem' }))!;
      await store.offload.notePart(batch, one, { lastSeq: 3, events: 1, bytes: 1, refused: [] });
      const open = { series: 'again', events: 2, fixedAt: expect.stringMatching(/Z$/) };
      const both = [
        { ...open, sink: 'archive', number: 2, sentEvents: 1, sending: true },
        { ...open, sink: 'siem', number: 1, sentEvents: 0, sending: false },
      ];
      expect(await store.offload.openRepetitions('asa')).toEqual(both);
      expect(await store.offload.openRepetitions('other')).toEqual([]);

      expect(await store.offload.dropRepetition('asa', '')).toBeNull();
      expect(await store.offload.dropRepetition('asa', 'unknown')).toBeNull();
      expect(await store.offload.dropRepetition('asa', 'again')).toEqual(both);
      expect(await store.offload.dropRepetition('asa', 'again')).toEqual([]);
      expect(await store.offload.openRepetitions('asa')).toEqual([]);
      expect(await store.offload.renewLease(batch, one, 1)).toBe(false);
      expect(await store.offload.notePart(other, one, { lastSeq: 2, events: 2, bytes: 1, refused: [] })).toBe(false);
      await store.offload.confirmBatch(batch, sent);
      await expect(store.offload.fixBatch(wantedBatch(again))).rejects.toMatchObject({ code: 'SETTINGS_INVALID' });
      expect((await store.offload.batches('asa', 20)).filter(({ series }) => series !== '')).toMatchObject([
        { number: 1 },
      ]);
      expect((await store.offload.cursors('asa')).filter(({ series }) => series !== '')).toMatchObject([
        { sink: 'archive', lastSeq: 2, batches: 1 },
        { sink: 'siem', lastSeq: 0, batches: 0 },
      ]);
      expect(await clear(100)).toBe(10);
      const lines = await store.executionLog({ collector: 'asa', limit: 20 });
      expect(lines.map((line) => line.notes).filter((note) => note.startsWith('Repetition'))).toEqual([
        'Repetition again dropped, batch 2 to archive (1 of its 2 events was sent), batch 1 to siem (0 of its 2 events were sent)',
      ]);
    });

    it.each(['a reset', 'a rewind', 'an overlap'])('does not let cleared events come back after %s', async (what) => {
      await collect(6);
      await sendAll();
      await clear(100);
      const { lastOffset, generation } = await store.checkpoint('asa');
      if (what === 'a reset') await store.resetCheckpoint('asa', ['k']);
      if (what === 'a rewind') await store.rewind('asa', lastOffset, generation);
      const again = await store.checkpoint('asa');
      const events = [1, 2, 3, 4, 5, 6, 7].map((each) => event(`e${each}`, seconds(each)));
      await store.writePage(
        page(events, { offset: again.lastOffset, generation: again.generation, nextOffset: 'later' }),
      );
      expect(await ids()).toEqual(['e5', 'e6', 'e7']);
      expect(await sendAll()).toMatchObject([{ firstSeq: 7, lastSeq: 7 }]);
    });

    it('does not let events that a sink has come back after a clearing by hand', async () => {
      await collect(5);
      const batch = (await fixed(store))!;
      await store.offload.confirmBatch(batch, sent);
      await store.clearEvents('asa', ['c']);
      await store.resetCheckpoint('asa', ['r']);
      const { generation } = await store.checkpoint('asa');
      const events = [1, 2, 3, 4, 5].map((each) => event(`e${each}`, seconds(each)));
      await store.writePage(page(events, { generation, nextOffset: 'later' }));
      expect(await ids()).toEqual(['e4', 'e5']);
    });

    it('refuses a clearing by hand while a sink lacks an event, and clears once if none does', async () => {
      await collect(5);
      const refusal = 'Not cleared: 5 events have not reached every sink (archive, siem)';
      expect(await store.clearEvents('asa', ['a'], ['archive', 'siem'])).toBe(refusal);
      const batch = (await fixed(store))!;
      await store.offload.confirmBatch(batch, sent);
      expect(await store.clearEvents('asa', ['b'], ['archive', 'siem'])).toMatch('Not cleared');
      const left = 5 - batch.events;
      expect(await store.clearEvents('asa', ['c'], ['archive'])).toBe(
        left > 0 ? `Not cleared: ${counted(left, 'event has', 'events have')} not reached every sink (archive)` : null,
      );
      await sendAll();
      // The same key has the same outcome again.
      expect(await store.clearEvents('asa', ['a'], ['archive'])).toBe(refusal);
      expect(await store.eventCount('asa')).toBe(5);
      expect(await store.clearEvents('asa', ['d'], ['archive'])).toBeNull();
      expect(await store.clearEvents('asa', ['d'], ['siem'])).toBeNull();
      expect(await store.eventCount('asa')).toBe(0);
      const notes = (await store.executionLog({ collector: 'asa', limit: 20 })).map((line) => line.notes);
      expect(notes.filter((note) => note === 'Cleared events table')).toHaveLength(1);
      // Those of the keys a and b.
      expect(notes.filter((note) => note === refusal)).toHaveLength(2);
    });

    it('keeps events that a sink has refused, by hand and by retention, unless forced', async () => {
      await collect(6);
      const batch = (await fixed(store, { eventsMax: 10 }))!;
      await store.offload.confirmBatch(batch, { ...sent, refused: [{ seq: 2, id: 'e2', reason: 'too long' }] });
      expect(await clear(100)).toBe(3);
      expect(await ids()).toEqual(['e2', 'e5', 'e6']);
      expect(await store.clearEvents('asa', ['a'], ['archive'])).toMatch('Not cleared: 1 event has');
      expect(await store.clearEvents('asa', ['b'], ['siem'], true)).toBeNull();
      expect(await ids()).toEqual([]);
    });

    it('changes the objects of confirmed batches together or not at all, and tells the log', async () => {
      await collect(5);
      const confirmed = await sendAll();
      expect(confirmed).toHaveLength(2);
      await collect(7);
      await fixed(store);
      const { listed, changeObjects } = store.offload;
      const [first, second, ...others] = await listed('asa', 'archive');
      expect(others).toEqual([]);
      expect([first, second]).toMatchObject([
        { number: 1, firstSeq: 1, lastSeq: 3, form, objects: [written] },
        { number: 2, firstSeq: 4, lastSeq: 5, objects: [written] },
      ]);
      expect(await listed('asa', 'siem')).toEqual([]);
      const to = [{ name: 'merged', events: 5, bytes: 9, sha256: 'aa', replaces: [written] }];
      const merged = { sink: 'archive', old: ['a'], object: { ...to[0]!, sha256: 'b'.repeat(64) }, note: 'Compacted' };
      const changes = [second!, first!].map((batch) => ({ batch, from: batch.objects, to }));
      const stale = { ...changes[1]!, from: to };
      await expect(changeObjects('asa', [changes[0]!, stale], merged)).rejects.toMatchObject({ code: 'STORE_BUSY' });
      const open = { batch: { ...live, number: 3 }, from: [], to };
      await expect(changeObjects('asa', [open])).rejects.toMatchObject({ code: 'STORE_BUSY' });
      expect(await listed('asa', 'archive')).toEqual([first, second]);
      await changeObjects('asa', changes, merged);
      expect((await listed('asa', 'archive')).map(({ objects }) => objects)).toEqual([to, to]);
      expect((await store.offload.batches('asa', 3)).map(({ objects }) => objects)).toEqual([[], to, to]);
      const log = await store.executionLog({ collector: 'asa', limit: 1 });
      expect(log).toMatchObject([{ notes: 'Compacted' }]);
    });

    it('lets one compaction at a time have the objects of a sink, until its lease is over', async () => {
      const lease = (sender: Sender, ms: number, sink = 'archive') =>
        store.offload.leaseCompaction('asa', sink, sender, ms);
      expect(await lease(one, 60_000)).toBe(false);
      await collect(4);
      await sendAll();
      expect(await lease(one, 60_000)).toBe(true);
      expect(await lease(two, 60_000)).toBe(false);
      expect(await lease(one, 60_000)).toBe(true);
      expect(await lease(two, 60_000, 'siem')).toBe(false);
      // Offloading goes on beside it.
      await collect(6);
      expect(await sendAll()).toHaveLength(1);
      expect(await lease(one, 0)).toBe(true);
      expect(await lease(two, 60_000)).toBe(true);
    });

    it('clears events that only a former sink of the collector lacks', async () => {
      await collect(6);
      await fixed(store, { sink: 'siem' });
      await store.offload.noteFailure({ ...live, sink: 'siem' }, 'away');
      await sendAll();
      expect(await clear(100)).toBe(4);
      expect(await store.clearEvents('asa', ['a'], ['archive'])).toBeNull();
      await store.resetCheckpoint('asa', ['r']);
      const { generation } = await store.checkpoint('asa');
      const events = [1, 2, 3, 4, 5, 6, 7].map((each) => event(`e${each}`, seconds(each)));
      await store.writePage(page(events, { generation, nextOffset: 'later' }));
      expect(await ids()).toEqual(['e7']);
    });

    it('deletes old lines of the log, related objects and ids', async () => {
      await store.writePage(page([event('a')], { relatedObjects: [{ id: 'u', type: 'user', object: '{}' }] }));
      const past = '2000-01-01T00:00:00Z';
      const future = '2999-01-01T00:00:00Z';
      const left = async () => [
        (await store.executionLog({ collector: 'asa', limit: 10 })).length,
        (await store.relatedObjects('asa', ['u'])).size,
      ];
      expect(await store.offload.prunedAt('asa')).toBeNull();
      await prune({ log: past, related: past, ids: past }, 'asa');
      expect(await store.offload.prunedAt('asa')).toMatch(/Z$/);
      expect(await left()).toEqual([1, 1]);
      await prune({ log: future, related: future }, 'other');
      expect(await left()).toEqual([1, 1]);
      await prune({ related: future }, 'asa');
      expect(await left()).toEqual([1, 0]);
      await prune({ log: future }, 'asa');
      expect(await left()).toEqual([1, 0]);
      await ageLog();
      await prune({ log: future }, 'asa');
      expect(await left()).toEqual([0, 0]);
      await store.offload.shrink();
    });

    it('deletes what is older a part at a time, the oldest first, and says whether more is left', async () => {
      const ids = ['u1', 'u2', 'u3', 'u4', 'u5'];
      const relatedObjects = ids.map((id) => ({ id, type: 'user', object: '{}' }));
      await store.writePage(page([event('a')], { relatedObjects }));
      for (const key of ids) await idleRun(store, 'asa', key);
      await idleRun(store, 'other', 'of another');
      await ageLog();
      const before = { log: '2999-01-01T00:00:00Z', related: '2999-01-01T00:00:00Z', ids: '2999-01-01T00:00:00Z' };
      const lines = async () => (await store.executionLog({ collector: 'asa', limit: 10 })).map(({ notes }) => notes);
      expect(await store.offload.prune('asa', { before, rowsMax: 2 })).toBe(true);
      expect((await lines()).length).toBe(4);
      expect(await lines()).not.toContain('First part page');
      expect((await store.relatedObjects('asa', ids)).size).toBe(3);
      expect(await store.offload.prunedAt('asa')).toBeNull();
      await prune(before, 'asa', 2);
      expect(await lines()).toEqual([]);
      expect((await store.relatedObjects('asa', ids)).size).toBe(0);
      expect(await store.offload.prunedAt('asa')).toMatch(/Z$/);
      expect(await store.executionLog({ collector: 'other', limit: 10 })).toHaveLength(1);
    });

    it('remembers the ids of cleared events for some time after the clearing, however old the events were', async () => {
      await collect(4);
      await sendAll();
      expect(await clear(100)).toBe(2);
      await store.resetCheckpoint('asa', ['r']);
      const readAgain = async (offset: string) => {
        const events = [1, 2, 3, 4].map((each) => event(`e${each}`, seconds(each)));
        const { generation } = await store.checkpoint('asa');
        await store.writePage(page(events, { offset, generation, nextOffset: `${offset}x` }));
        return ids();
      };
      await prune({ ids: new Date(Date.now() - 60_000).toISOString() }, 'asa');
      expect(await readAgain('')).toEqual(['e3', 'e4']);
      await prune({ ids: '2999-01-01T00:00:00Z' }, 'asa');
      expect(await readAgain('x')).toEqual(['e3', 'e4', 'e1', 'e2']);
    });

    it('sends each event once to each sink, in order, whatever happens in between', async () => {
      const step = fc.oneof(
        {
          weight: 4,
          arbitrary: fc.record({ kind: fc.constant('collect' as const), count: fc.integer({ min: 1, max: 4 }) }),
        },
        {
          weight: 4,
          arbitrary: fc.record({ kind: fc.constant('send' as const), sink: fc.constantFrom('archive', 'siem') }),
        },
        fc.record({ kind: fc.constant('fix' as const), sink: fc.constantFrom('archive', 'siem') }),
        fc.record({ kind: fc.constant('clear' as const), before: fc.integer({ min: 0, max: 40 }) }),
        fc.record({ kind: fc.constant('reset' as const) }),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
          const own = await create();
          const opened = await own.open();
          try {
            const source: string[] = [];
            const received: Record<string, string[]> = { archive: [], siem: [] };
            const readAll = async () => {
              const { lastOffset, generation } = await opened.checkpoint('asa');
              const events = source.map((id, index) => event(id, seconds(index)));
              await opened.writePage(page(events, { offset: lastOffset, generation, nextOffset: `${source.length}` }));
            };
            const send = async (sink: string): Promise<boolean> => {
              const batch = await fixed(opened, { sink });
              if (!batch) return false;
              const events = await opened.events({ collector: 'asa', afterSeq: batch.firstSeq - 1 }, batch.events);
              received[sink]!.push(...events.map(({ id }) => id));
              await opened.offload.confirmBatch(batch, sent);
              return true;
            };
            let key = 0;
            for (const next of steps) {
              key += 1;
              if (next.kind === 'collect') {
                for (let each = 0; each < next.count; each += 1) source.push(`e${source.length + 1}`);
                await readAll();
              } else if (next.kind === 'send') await send(next.sink);
              else if (next.kind === 'fix') await fixed(opened, { sink: next.sink });
              else if (next.kind === 'clear')
                await opened.offload.clearConfirmed({
                  ...{ collector: 'asa', sinks: ['archive', 'siem'], eventsMax: 3 },
                  beforeNs: seconds(next.before).timeNs,
                });
              else await opened.resetCheckpoint('asa', [`k${key}`]);
            }
            await readAll();
            for (const sink of ['archive', 'siem']) for (let left = 60; left > 0 && (await send(sink)); left -= 1);
            expect(received).toEqual({ archive: source, siem: source });
          } finally {
            await opened.close();
            await own.remove();
          }
        }),
        { numRuns: 25 },
      );
    }, 120_000);
  });
}
