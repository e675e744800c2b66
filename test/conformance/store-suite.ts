import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { eventLine } from '../../src/event-line.js';
import type { OwnFilter } from '../../src/filter/filter.js';
import { filterOf, parseFilter } from '../../src/filter/parse.js';
import { settingsChange } from '../../src/settings/change.js';
import type { EventFilter, LogFilter, SeenPage, Store } from '../../src/stores/store.js';
import { stopClock } from '../support/clock.js';
import { event, idleRun, page } from './pages.js';

export interface StoreUnderTest {
  /** A store on the same data as the others of this test. */
  open(): Promise<Store>;
  /** The same with all rights, where workers have fewer. */
  openAsOwner?(): Promise<Store>;
  /** Runs a statement on the data, as another program would. */
  execute(sql: string): Promise<void>;
  /** Removes the data. */
  remove(): Promise<void>;
}

const own = (query: string) => parseFilter(query) as OwnFilter;

/** The contract of src/stores/store.ts, which every store must fulfil. */
export function storeSuite(name: string, create: () => Promise<StoreUnderTest>): void {
  describe(`store: ${name}`, () => {
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
    const ids = async (collector = 'asa') =>
      (await store.events({ collector, afterSeq: 0 }, 1_000)).map((stored) => stored.id);
    const notes = async () =>
      (await store.executionLog({ collector: 'asa', limit: 100 }))
        .reverse()
        .map((line) => [line.notes, line.eventsWritten]);

    it('starts a collector at the beginning', async () => {
      expect(await store.checkpoint('asa')).toMatchObject({
        lastOffset: '',
        lastCount: 0,
        generation: 0,
        pages: 0,
        lastSeq: 0,
      });
    });

    it('writes events, checkpoint, log line and ledger together, and reads them back', async () => {
      const written = event('a', { extra: '{"x":1.50}', fromAddr: '192.0.2.1', group: 'g', user: 'u' });
      await store.writePage(page([written, event('b')], { nextOffset: 'o1', more: true }));
      expect(await store.checkpoint('asa')).toMatchObject({ lastOffset: 'o1', lastCount: 0, pages: 1, lastSeq: 2 });
      const [first] = await store.events({ collector: 'asa', afterSeq: 0 }, 10);
      const { timeNs, ...columns } = written;
      expect(first).toMatchObject({ ...columns, collector: 'asa', seq: 1 });
      expect(await notes()).toEqual([['Full page', 2]]);
    });

    it('stores an event once, numbers without gaps, and returns which were new', async () => {
      await store.writePage(page([event('a'), event('b')]));
      const again = await store.writePage(page([event('a'), event('b'), event('c'), event('c')]));
      expect(again).toMatchObject({ newEvents: 1, note: 'Subsequent part page' });
      const stored = await store.events({ collector: 'asa', afterSeq: 0 }, 10);
      expect(stored.map(({ id, seq }) => [id, seq])).toEqual([
        ['a', 1],
        ['b', 2],
        ['c', 3],
      ]);
    });

    it('knows when a run last caught up, and when runs are due', async () => {
      const standing = async () => (await store.standings('asa'))[0];
      await store.writePage(page([event('a')], { nextOffset: 'o1', more: true }));
      expect(await standing()).toMatchObject({ collector: 'asa', caughtUpAt: null, due: null });
      await store.writePage(page([event('b')], { offset: 'o1', nextOffset: 'o1' }));
      const { caughtUpAt } = (await standing())!;
      expect(caughtUpAt).not.toBeNull();
      await store.writePage(page([event('c')], { offset: 'o1', nextOffset: 'o2', more: true }));
      expect(await standing()).toMatchObject({ caughtUpAt });
      await vi.waitFor(() => expect(new Date().toISOString()).not.toBe(caughtUpAt));
      await idleRun(store, 'asa', 'idle');
      expect((await standing())!.caughtUpAt! > caughtUpAt!).toBe(true);

      await store.expectRuns('asa', { cron: '*/5 * * * *', tick: null });
      const { due } = (await standing())!;
      expect(due).toMatchObject({ cron: '*/5 * * * *', tick: null });
      await vi.waitFor(() => expect(new Date().toISOString()).not.toBe(due!.since));
      await store.expectRuns('asa', { cron: '*/5 * * * *', tick: '2026-01-01T00:00:00.000Z' });
      expect((await standing())!.due).toEqual({ ...due, tick: '2026-01-01T00:00:00.000Z' });
      await store.expectRuns('asa', { cron: '@hourly', tick: null });
      expect((await standing())!.due!.since > due!.since).toBe(true);
      await store.expectRuns('asa', null);
      expect((await standing())!.due).toBeNull();
      await store.expectRuns('new', { cron: '', tick: null });
      await store.expectRuns('absent', null);
      expect((await store.standings()).map(({ collector }) => collector)).toEqual(['asa', 'new']);
    });

    it('knows since when reading has had no end', async () => {
      const endless = async () => (await store.standings('asa'))[0]!.endless;
      const reason = { notCaughtUp: '20 empty pages, more ahead', more: true };
      const at = (offset: string, nextOffset: string) => ({ offset, nextOffset, more: true });
      await store.writePage(page([event('a')], at('', '1')));
      expect(await endless()).toBeNull();
      const { note } = await store.writePage(page([], { ...at('1', '2'), ...reason }));
      expect(note).toBe('Not caught up: 20 empty pages, more ahead');
      const since = (await store.standings('asa'))[0]!.lastDateTime;
      await store.writePage(page([], at('2', '3')));
      await store.writePage(page([], { ...at('3', '1'), ...reason }));
      expect((await store.standings('asa'))[0]).toMatchObject({
        endless: { since, leadsBack: false },
        caughtUpAt: null,
      });
      await store.writePage(page([], { ...at('1', '4'), ...reason }));
      expect(await endless()).toEqual({ since, leadsBack: true });
      expect((await store.standings())[0]!.endless).toEqual({ since, leadsBack: true });
      // An event ends it, and so does the end of the source.
      await store.writePage(page([event('b')], at('4', '5')));
      expect(await endless()).toBeNull();
      await store.writePage(page([], { ...at('5', '6'), ...reason }));
      expect(await endless()).toMatchObject({ leadsBack: false });
      await vi.waitFor(() => expect(new Date().toISOString() > (since ?? '')).toBe(true));
      await idleRun(store, 'asa', 'end');
      expect(await endless()).toBeNull();
      // A page with the same events as before, which leads back to itself, has not caught up either.
      const { caughtUpAt } = (await store.standings('asa'))[0]!;
      await vi.waitFor(() => expect(new Date().toISOString() > caughtUpAt!).toBe(true));
      for (const more of [false, false])
        await store.writePage(page([event('b')], { ...at('6', '6'), more, notCaughtUp: 'it leads back' }));
      expect(await endless()).toMatchObject({ leadsBack: true });
      await store.resetCheckpoint('asa', ['reset']);
      expect(await endless()).toBeNull();
    });

    it('filters by any text, type and time, and finds all matching events and no others', async () => {
      const pieces = ['%', '_', '\\', '*', "'", '"', 'a', 'A', 'ß', 'é', '😀', '\u0000', '\ud800', '\n', ' '];
      const text = fc.array(fc.constantFrom(...pieces), { maxLength: 4 }).map((all) => all.join(''));
      const actors = fc.sample(text, { numRuns: 60, seed: 7 });
      const firstNs = event('first').timeNs;
      const stored = actors.map((actor, index) =>
        event(`e${index}`, { actor, type: `t.${actor}`, timeNs: firstNs + BigInt(index), rawEvent: '{}' }),
      );
      await store.writePage(page(stored));
      // In the form in which the store keeps it: columns contain no NUL and no half of a surrogate pair.
      const kept = (await store.events({ collector: 'asa', afterSeq: 0 }, 1_000)).map(({ actor }) => actor);
      const asked = text.filter((one) => !one.includes('\u0000') && one.isWellFormed());
      await fc.assert(
        fc.asyncProperty(asked, fc.nat(60), fc.nat(60), async (wanted, from, to) => {
          const found = async (filter: Partial<EventFilter>) =>
            (await store.events({ collector: 'asa', afterSeq: 0, ...filter }, 1_000)).map(({ seq }) => seq - 1);
          const those = (is: (actor: string, index: number) => boolean) =>
            kept.flatMap((actor, index) => (is(actor, index) ? [index] : []));
          const surely = those((actor) => actor.includes(wanted));
          const atMost = those((actor) => actor.toLowerCase().includes(wanted.toLowerCase()));
          for (const of of ['actor', 'text'] as const) {
            const by = await found({ where: filterOf(of, wanted) as OwnFilter });
            expect(by).toEqual(expect.arrayContaining(surely));
            if (of === 'actor') expect(atMost).toEqual(expect.arrayContaining(by));
          }
          if (!wanted.includes('*'))
            expect(await found({ where: filterOf('type', `t.${wanted}`) as OwnFilter })).toEqual(
              those((one) => one === wanted),
            );
          expect(await found({ sinceNs: firstNs + BigInt(from), untilNs: firstNs + BigInt(to) })).toEqual(
            those((_, index) => index >= from && index < to),
          );
        }),
        { numRuns: 150 },
      );
    });

    it('makes the same JSON lines of any events as eventLine does one by one', async () => {
      const text = fc.string({ unit: 'binary', maxLength: 12 });
      const json = fc.json().chain((one) => fc.constantFrom(one, ` {\r\n"a" :\t${one}\n} `));
      const texts = fc.record({
        ...{ id: text, timestamp: text, type: text, actor: text, user: text, client: text, gateway: text, group: text },
        ...{ project: text, hostname: text, server: text, fromAddr: text },
      });
      const made = fc.record({
        texts,
        rawEvent: json,
        extra: fc.option(json),
        collector: fc.constantFrom('a"\\é', 'b'),
      });
      let count = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(made, { maxLength: 5 }), fc.nat(6), fc.nat(12), async (all, afterSeq, limit) => {
          for (const { texts, collector, ...others } of all) {
            const { lastOffset: offset, generation } = await store.checkpoint(collector);
            const one = event(`${count}`, { ...texts, ...others, id: `${texts.id}${count}` });
            count += 1;
            await store.writePage(page([one], { collector, key: `k${count}`, offset, generation, nextOffset: offset }));
          }
          for (const filter of [
            { collector: 'a"\\é', afterSeq },
            { collector: 'b', afterSeq, where: own('"\\""') },
          ]) {
            const events = await store.events(filter, limit);
            const { bytes, ...found } = await store.eventLines(filter, limit);
            expect(Buffer.from(bytes).toString()).toBe(events.map((one) => `${eventLine(one)}\n`).join(''));
            expect(found).toEqual({ events: events.length, lastSeq: events.at(-1)?.seq ?? 0 });
          }
        }),
        { numRuns: 60 },
      );
      const { events } = await store.eventLines({ collector: 'b', afterSeq: 0 }, 10_000);
      expect(events).toBeGreaterThan(20);
    });

    it.each([
      ['type', 'like', '*'.repeat(60_000)],
      ['type', 'is', 'x'.repeat(100_000)],
      ['actor', 'contains', 'x'.repeat(100_000)],
      ['text', 'contains', '%'.repeat(100_000)],
    ] as const)('answers a filter by %s of any length', async (of, how, text) => {
      await store.writePage(page([event('a')]));
      const where = { groups: [[{ of, match: { how, text } }]], excluded: [] };
      expect(await store.events({ collector: 'asa', afterSeq: 0, where }, 10)).toHaveLength(how === 'like' ? 1 : 0);
    });

    it('keeps collectors apart', async () => {
      await store.writePage(page([event('a')]));
      await store.writePage(page([event('a')], { collector: 'other' }));
      await store.clearEvents('other', ['k']);
      expect(await ids()).toEqual(['a']);
      expect(await ids('other')).toEqual([]);
    });

    it('makes a repeated write a no-op, its log line included', async () => {
      const once = page([event('a')]);
      const first = await store.writePage(once);
      expect(await store.writePage(once)).toEqual(first);
      expect(await store.committedPage('asa', once.key)).toEqual(first);
      expect(await notes()).toHaveLength(1);
    });

    it('refuses a page that was read at another offset or before a reset, and writes none of it', async () => {
      await store.writePage(page([event('a')], { nextOffset: 'o1', more: true }));
      const late = [page([event('x')]), page([event('x')], { offset: 'o1', generation: 7 })];
      for (const one of late) expect(await store.writePage(one)).toMatchObject({ outcome: 'superseded' });
      expect(await ids()).toEqual(['a']);
      expect(await notes()).toHaveLength(1);
    });

    it('keeps an event with a known id and other content among the rejects', async () => {
      await store.writePage(page([event('a')]));
      await store.writePage(page([event('a', { rawEvent: '{"id":"a","n":2}' })]));
      await store.writePage(page([event('a', { rawEvent: '{ "n": 9007199254740993.10, "id": "a" }' })]));
      expect(await store.rejectedCount('asa')).toBe(1);
      expect(await ids()).toEqual(['a']);
    });

    it('keeps each altered event, however much alike their texts are, and each once', async () => {
      const all = Array.from({ length: 3_000 }, (_, n) => event(`e${n}`, { rawEvent: '{}' }));
      const altered = all.map((one) => ({ ...one, timestamp: '2026-01-02T00:00:00Z' }));
      await store.writePage(page(all));
      for (let again = 0; again < 2; again += 1) await store.writePage(page(altered));
      await store.writePage(page([{ ...all[0]!, timestamp: '2026-01-03T00:00:00Z' }]));
      expect(await store.rejectedCount('asa')).toBe(3_001);
      expect((await notes()).filter(([note]) => String(note).includes('rejected'))).toEqual([
        ['3,000 events rejected: see rejected_events', 0],
        ['1 event rejected: see rejected_events', 0],
      ]);
    });

    it('keeps rejects once, and reports new ones', async () => {
      const rejected = [{ kind: 'event' as const, reason: 'no id', raw: '{}' }];
      await store.writePage(page([event('a')], { rejected }));
      await store.writePage(page([event('a'), event('b')], { rejected }));
      await store.keepAnswer('asa', '', 'HTML', '<html>');
      expect(await store.rejectedCount('asa')).toBe(2);
      expect(await notes()).toEqual([
        ['First part page', 1],
        ['1 event rejected: see rejected_events', 0],
        ['Subsequent part page', 1],
      ]);
    });

    it('settles a rejected event once it is stored, on whatever page, and no other', async () => {
      const bad = (raw: string, id?: string) => ({
        kind: 'event' as const,
        reason: 'bad time',
        raw,
        ...(id ? { id } : {}),
      });
      const unsettled = async () => (await store.rejectedEvents('asa', 10)).map(({ raw }) => raw).sort();
      await store.writePage(
        page([], { rejected: [bad('1', 'a'), bad('2', 'b'), bad('3')], nextOffset: 'o1', more: true }),
      );
      await store.keepAnswer('asa', '', 'HTML', '<html>');
      expect(await unsettled()).toEqual(['1', '2', '3']);
      const [standing] = await store.standings('asa');
      expect(standing).toMatchObject({ rejected: 4, unsettled: { events: 3, reason: 'bad time' } });

      await store.writePage(page([event('a')], { offset: 'o1', nextOffset: 'o2', more: true }));
      expect(await unsettled()).toEqual(['2', '3']);
      expect(await store.resetToRejected('asa', 'k')).toBe(true);
      // The page without them: its offset may stand for other events now.
      await store.writePage(page([event('c')], { generation: 1, nextOffset: 'o1', more: true }));
      expect(await unsettled()).toEqual(['2', '3']);
      await store.resetCheckpoint('asa', ['k2']);
      await store.writePage(page([event('b'), event('c')], { generation: 2, nextOffset: 'o1', more: true }));
      expect(await unsettled()).toEqual(['3']);
      expect(await store.acknowledgeRejects('asa', 'k3')).toBe(1);
      expect((await store.standings('asa'))[0]).toMatchObject({ rejected: 4, unsettled: null });
      expect(await store.resetToRejected('asa', 'k4')).toBe(false);
    });

    it('opens a reject again if its event was cleared and does not fit again, unless a person has acknowledged it', async () => {
      const bad = (raw: string, id: string) => ({ kind: 'event' as const, reason: 'bad time', raw, id });
      const rejected = [bad('1', 'a'), bad('2', 'b')];
      const unsettled = async () => (await store.rejectedEvents('asa', 10)).map(({ raw }) => raw);
      const clock = stopClock();
      await store.writePage(page([], { rejected }));
      await store.writePage(page([event('a')]));
      // A person is not that fast.
      clock.advance(1);
      expect(await store.acknowledgeRejects('asa', 'k1')).toBe(1);
      await store.clearEvents('asa', ['k2'], [], true);
      await store.resetCheckpoint('asa', ['k3']);
      await store.writePage(page([], { rejected, generation: 1 }));
      expect(await unsettled()).toEqual(['1']);
      expect(await store.rejectedCount('asa')).toBe(2);
      expect((await notes()).at(-1)).toEqual(['1 event rejected: see rejected_events', 0]);
      for (let times = 0; times < 2; times += 1) {
        clock.advance(1);
        await store.writePage(page([event('a')], { rejected: [bad('1', 'a')], generation: 1 }));
        expect(await unsettled()).toEqual([]);
      }
    });

    it('resets the checkpoint to the first page with rejected events, and acknowledges them', async () => {
      const rejected = [{ kind: 'event' as const, reason: 'bad time', raw: '1' }];
      await store.writePage(page([event('a')], { nextOffset: 'o1', more: true }));
      await store.writePage(page([], { offset: 'o1', nextOffset: 'o2', more: true, rejected }));
      await store.writePage(
        page([], { offset: 'o2', nextOffset: 'o3', more: true, rejected: [{ ...rejected[0]!, raw: '2' }] }),
      );
      for (let times = 0; times < 2; times += 1) expect(await store.resetToRejected('asa', 'k')).toBe(true);
      expect(await store.checkpoint('asa')).toMatchObject({ lastOffset: 'o1', generation: 1 });
      for (const expected of [2, 0]) expect(await store.acknowledgeRejects('asa', 'k2')).toBe(expected);
      expect(await store.rejectedEvents('asa', 10)).toEqual([]);
      expect((await notes()).slice(-2)).toEqual([
        ['Reset checkpoint to the first page with rejected events', 0],
        ['Acknowledged 2 rejected events', 0],
      ]);
    });

    it('keeps an altered event a problem until it is acknowledged', async () => {
      await store.writePage(page([event('a')]));
      await store.writePage(page([event('a', { rawEvent: '{"id":"a","n":2}' })]));
      await store.writePage(page([event('a', { rawEvent: '{"id":"a","n":2}' }), event('b')]));
      expect(await store.rejectedEvents('asa', 10)).toHaveLength(1);
    });

    it('logs a repeating warning once, and again after a reset', async () => {
      await store.writePage(page([event('a')], { warning: 'STUCK: at x' }));
      await store.writePage(page([event('a'), event('b')], { warning: 'STUCK: at x' }));
      await store.writePage(page([event('a')], { collector: 'other', warning: 'STUCK: at x' }));
      await store.writePage(page([event('a')], { warning: 'STUCK: at y' }));
      await store.resetCheckpoint('asa', ['k']);
      await store.writePage(page([event('a')], { generation: 1, warning: 'STUCK: at x' }));
      const stuck = (await notes()).filter(([note]) => String(note).startsWith('STUCK'));
      expect(stuck).toEqual([
        ['STUCK: at x', 0],
        ['STUCK: at y', 0],
        ['STUCK: at x', 0],
      ]);
    });

    it('knows that a walk is reading by what was staged in the last ten seconds', async () => {
      const facts = { offset: '', generation: 0, nextOffset: 'o1', more: true };
      const stage = (key: string) => store.stagePage({ ...facts, key, collector: 'asa', body: new Uint8Array() });
      const isBeingRead = async (name = 'asa') => (await store.walkStart(name)).isBeingRead;
      const clock = stopClock();
      expect(await isBeingRead()).toBe(false);
      await stage('k');
      expect(await isBeingRead()).toBe(true);
      expect(await isBeingRead('other')).toBe(false);
      await store.writePage(page([event('a')], { key: 'k' }));
      expect(await isBeingRead()).toBe(false);
      await stage('of before a reset');
      await store.resetCheckpoint('asa', ['r']);
      expect(await isBeingRead()).toBe(false);
      await store.stagePage({ ...facts, generation: 1, key: 'left behind', collector: 'asa', body: new Uint8Array() });
      clock.advance(9_999);
      expect(await isBeingRead()).toBe(true);
      clock.advance(1);
      expect(await isBeingRead()).toBe(false);
      clock.advance(-3_600_000);
      expect(await isBeingRead()).toBe(false);
    });

    it('tells a walk that begins of cleared rows that are left to remove', async () => {
      const isClearing = async () => (await store.walkStart('asa')).isClearing;
      await store.writePage(page([event('a'), event('b')], { nextOffset: 'o1', more: true }));
      expect(await store.walkStart('asa')).toMatchObject({ lastOffset: 'o1', pages: 1, isClearing: false });
      await store.clearEvents('asa', ['k']);
      expect(await isClearing()).toBe(true);
      while (await store.removeCleared('asa', 1)) expect(await isClearing()).toBe(true);
      expect(await isClearing()).toBe(false);
    });

    it('stages pages as they came, and removes them with the write', async () => {
      const body = new Uint8Array([0, 255, 10, 0]);
      const facts = { offset: '', generation: 0, nextOffset: 'o1', more: true };
      const all = { ...facts, gap: { from: 'f', to: 't' }, warning: 'w', notCaughtUp: 'n', more: false };
      await store.stagePage({ ...facts, key: 'k', collector: 'asa', body });
      await store.stagePage({ ...all, key: 'all', collector: 'asa', body });
      expect(Buffer.from((await store.stagedBody('asa', 'k'))!)).toEqual(Buffer.from(body));
      expect(await store.stagedBody('other', 'k')).toBeNull();
      expect(await store.stagedFacts('asa', ['k', 'all', 'unknown'])).toEqual(
        new Map([
          ['k', facts],
          ['all', all],
        ]),
      );
      expect(await store.stagedFacts('other', ['k'])).toEqual(new Map());
      await store.dropStagedPages('other', ['all']);
      expect(await store.stagedBody('asa', 'all')).not.toBeNull();
      await store.writePage(page([event('a')], { key: 'k' }));
      expect(await store.stagedBody('asa', 'k')).toBeNull();
      expect(await store.committedPage('asa', 'k')).toMatchObject({ newEvents: 1 });
      expect(await store.committedPage('other', 'k')).toBeNull();
    });

    it('resets the checkpoint once for each key', async () => {
      await store.writePage(page([event('a')], { nextOffset: 'o1', more: true }));
      await store.resetCheckpoint('asa', ['k1', 'k2']);
      await store.resetCheckpoint('asa', ['k2']);
      expect(await store.checkpoint('asa')).toMatchObject({ lastOffset: '', lastCount: 0, generation: 2, lastSeq: 1 });
      expect(await notes()).toEqual([
        ['Full page', 1],
        ['Reset checkpoint', 0],
        ['Reset checkpoint', 0],
      ]);
    });

    it('clears events once for each key, and keeps those of the open page from coming back until a reset', async () => {
      await store.writePage(page([event('a')], { nextOffset: 'o1', more: true }));
      await store.writePage(page([event('b')], { offset: 'o1', nextOffset: 'o1' }));
      await store.clearEvents('asa', ['k']);
      await store.writePage(page([event('b'), event('c')], { offset: 'o1', nextOffset: 'o1' }));
      await store.clearEvents('asa', ['k']);
      expect(await ids()).toEqual(['c']);
      await store.resetCheckpoint('asa', ['r']);
      await store.writePage(page([event('a'), event('b'), event('c')], { generation: 1 }));
      expect((await ids()).sort()).toEqual(['a', 'b', 'c']);
    });

    it("keeps the open page's events from coming back even if a re-read has found nothing new", async () => {
      await store.writePage(page([event('a'), event('b')]));
      await store.resetCheckpoint('asa', ['r']);
      await store.writePage(page([event('a'), event('b')], { generation: 1 }));
      await store.clearEvents('asa', ['k']);
      await store.writePage(page([event('a'), event('b'), event('c')], { generation: 1 }));
      expect(await ids()).toEqual(['c']);
    });

    it("keeps the open page's events from coming back behind empty pages that lead to another offset", async () => {
      await store.writePage(page([event('a')], { nextOffset: 'o1', more: true }));
      await store.writePage(page([event('b')], { offset: 'o1', nextOffset: 'o1' }));
      await store.clearEvents('asa', ['k']);
      await store.writePage(page([], { offset: 'o1', nextOffset: 'o2', more: true }));
      await store.writePage(page([event('b'), event('c')], { offset: 'o2', nextOffset: 'o3', more: true }));
      expect(await ids()).toEqual(['c']);
    });

    it('lets events come back that are cleared after a reset and before the re-read', async () => {
      await store.writePage(page([event('a'), event('b')]));
      await store.resetCheckpoint('asa', ['r']);
      await store.clearEvents('asa', ['k']);
      await store.writePage(page([event('a'), event('b')], { generation: 1 }));
      expect(await ids()).toEqual(['a', 'b']);
    });

    it('reports a gap if the source, read again, begins after the newest event', async () => {
      const at = (id: string, second: number) =>
        event(id, {
          timestamp: `2026-01-01T00:00:0${second}Z`,
          timeNs: 1_767_225_600_000_000_000n + BigInt(second) * 1_000_000_000n,
        });
      await store.writePage(page([at('a', 1), at('b', 2)], { nextOffset: 'o1', more: true }));
      await store.rewind('asa', 'o1', 0);
      await store.writePage(page([at('d', 4), at('e', 5)], { generation: 1 }));
      await store.writePage(page([at('d', 4), at('e', 5), at('f', 6)], { generation: 1 }));
      const lost = { from: '2026-01-01T00:00:02Z', to: '2026-01-01T00:00:04Z' };
      expect(await store.retentionGaps('asa')).toEqual([lost]);
      expect((await notes()).filter(([note]) => String(note).startsWith('LOST'))).toHaveLength(1);
    });

    it('reports no gap if the source still has the newest event', async () => {
      await store.writePage(page([event('a')], { nextOffset: 'o1', more: true }));
      await store.rewind('asa', 'o1', 0);
      await store.writePage(page([event('a'), event('b')], { generation: 1 }));
      expect(await store.retentionGaps('asa')).toEqual([]);
    });

    it('rewinds from an offset that the source has forgotten, but not twice from the same one', async () => {
      await store.writePage(page([event('a')], { nextOffset: 'o1', more: true }));
      await store.rewind('asa', 'o0', 0);
      expect((await store.checkpoint('asa')).lastOffset).toBe('o1');
      await store.rewind('asa', 'o1', 0);
      expect(await store.checkpoint('asa')).toMatchObject({ lastOffset: '', generation: 1, refusedOffset: 'o1' });
      await store.writePage(page([event('a')], { generation: 1, nextOffset: 'o1', more: true }));
      await expect(store.rewind('asa', 'o1', 1)).rejects.toMatchObject({ code: 'OFFSET_REFUSED_AGAIN' });
    });

    it('logs an idle run once for each key', async () => {
      await idleRun(store, 'asa', 'k');
      await idleRun(store, 'asa', 'k');
      expect(await notes()).toEqual([['No new events', 0]]);
      expect((await store.checkpoint('asa')).lastDateTime).toMatch(/^\d{4}-.*Z$/);
    });

    it('logs an idle run only for the page at the checkpoint, as it was', async () => {
      const idle = (seen: Partial<SeenPage>, key = JSON.stringify(seen)) =>
        store.logIdleRun('asa', key, { offset: '', generation: 0, digest: null, ...seen });
      expect(await idle({ offset: 'x' })).toBe(false);
      expect(await idle({ generation: 1 })).toBe(false);
      expect(await idle({ digest: 'd' })).toBe(false);
      expect(await store.collectors()).toEqual([]);
      expect(await idle({})).toBe(true);
      const digest = 'd';
      await store.writePage(page([event('a')], { digest }));
      for (const seen of [{ digest: 'other' }, { generation: 1 }, { offset: 'x' }])
        expect(await idle(seen)).toBe(false);
      expect(await idle({ digest }, 'k')).toBe(true);
      expect(await idle({ digest }, 'k')).toBe(true);
      expect((await notes()).map(([note]) => note)).toEqual(['No new events', 'First part page', 'No new events']);
    });

    it('does not let a run replace the times that a command has set, nor wait anew', async () => {
      const due = async () => (await store.standings('asa'))[0]!.due;
      await store.expectRuns('asa', { cron: '@hourly', tick: null, told: true });
      const first = (await due())!;
      expect(first).toMatchObject({ cron: '@hourly', told: true });
      await vi.waitFor(() => expect(new Date().toISOString()).not.toBe(first.since));
      await store.expectRuns('asa', { cron: '@daily', tick: null, told: true });
      expect(await due()).toEqual({ ...first, cron: '@daily' });
      await store.expectRuns('asa', { cron: '@daily', tick: null });
      const { told: _, ...set } = first;
      expect(await due()).toEqual({ ...set, cron: '@daily' });
      await store.expectRuns('asa', { cron: '@yearly', tick: null, told: true });
      expect(await due()).toEqual({ ...set, cron: '@daily' });
      // The times of a Schedule that was made elsewhere are unknown to the command too.
      await store.expectRuns('asa', { cron: '', tick: null });
      await store.expectRuns('asa', { cron: '@hourly', tick: null, told: true });
      expect(await due()).toMatchObject({ cron: '@hourly', told: true });
    });

    it('logs a failed run once for each key', async () => {
      await store.logFailedRun('asa', 'the key was refused [CREDENTIALS_REFUSED]', 'k');
      await store.logFailedRun('asa', 'the key was refused [CREDENTIALS_REFUSED]', 'k');
      expect(await notes()).toEqual([['Run failed: the key was refused [CREDENTIALS_REFUSED]', 0]]);
      expect((await store.checkpoint('asa')).lastDateTime).toBeNull();
    });

    it('tells the failure of the newest run until a run has read a page, whatever is logged besides', async () => {
      const failure = async () => (await store.standings('asa'))[0]?.failure?.text ?? null;
      await store.logFailedRun('asa', 'no [ACCESS_DENIED]', 'first');
      expect(await failure()).toBe('no [ACCESS_DENIED]');
      await store.resetCheckpoint('asa', ['reset']);
      await store.setSettings('asa', { searchCount: '5' }, [], settingsChange('a test', 'set', []));
      await store.logFailedRun('asa', 'no longer [CREDENTIALS_REFUSED]', 'second');
      await store.logFailedRun('other', 'not this one [ACCESS_DENIED]', 'other');
      expect(await failure()).toBe('no longer [CREDENTIALS_REFUSED]');
      const { generation } = await store.checkpoint('asa');
      await store.writePage(page([event('a')], { generation }));
      expect(await failure()).toBeNull();
      await store.logFailedRun('asa', 'again [ACCESS_DENIED]', 'third');
      await idleRun(store, 'asa', 'idle');
      expect(await failure()).toBeNull();
      await store.logFailedRun('asa', 'once more [ACCESS_DENIED]', 'fourth');
      for (let repeated = 0; repeated < 2; repeated += 1) await store.expectRuns('asa', null);
      expect(await failure()).toBeNull();
      expect((await notes()).filter(([note]) => note === 'Stopped: no run is expected')).toHaveLength(1);
    });

    it('logs a failed command with one line for each key, which then has no further effect', async () => {
      await store.logFailedCommand('asa', 'clearEvents failed: wrong settings [SETTINGS_INVALID]', ['k1', 'k2']);
      await store.logFailedCommand('asa', 'clearEvents failed: wrong settings [SETTINGS_INVALID]', ['k1', 'k2']);
      await store.resetCheckpoint('asa', ['k1']);
      const line = ['clearEvents failed: wrong settings [SETTINGS_INVALID]', 0];
      expect(await notes()).toEqual([line, line]);
    });

    it('keeps the latest version of each related object, by id', async () => {
      const user = (name: string) => ({ id: 'u1', type: 'user', object: JSON.stringify({ name }) });
      await store.writePage(page([event('a')], { nextOffset: '1', relatedObjects: [user('older'), user('old')] }));
      await store.writePage(page([event('b')], { offset: '1', nextOffset: '2', relatedObjects: [user('new')] }));
      // It was read at an offset that the checkpoint has left.
      await store.writePage(page([event('c')], { offset: '1', relatedObjects: [user('superseded')] }));
      const found = await store.relatedObjects('asa', ['u1', 'u2']);
      expect([...found.values()]).toEqual([{ id: 'u1', type: 'user', object: '{"name":"new"}' }]);
      expect((await store.relatedObjects('other', ['u1'])).size).toBe(0);
    });

    it('returns no related object that is too long to be held by the thousand', async () => {
      const user = (id: string, bytes: number) => ({ id, type: 'user', object: `"${'é'.repeat(bytes / 2 - 1)}"` });
      await store.writePage(page([event('a')], { relatedObjects: [user('fits', 65_536), user('long', 65_538)] }));
      expect([...(await store.relatedObjects('asa', ['fits', 'long'])).keys()]).toEqual(['fits']);
    });

    it('filters by time, type, actor and text, and pages by sequence number', async () => {
      const at = (seconds: number) => ({ timeNs: BigInt(seconds) * 1_000_000_000n });
      await store.writePage(
        page([
          event('a', { ...at(10), type: 'user.create', actor: 'Ada 100%' }),
          event('b', { ...at(20), type: 'user.update', actor: 'Bob' }),
          event('c', { ...at(30), type: 'server.ssh_login', actor: 'ada', rawEvent: '{"x":"NEEDLE_1"}' }),
          event('d', { ...at(40), actor: 'Dan', hostname: 'needle.example.com' }),
        ]),
      );
      const find = async (filter: object, limit = 10) =>
        (await store.events({ collector: 'asa', afterSeq: 0, ...filter }, limit)).map((one) => one.id).join('');
      expect(await find({ sinceNs: 20n * 10n ** 9n, untilNs: 40n * 10n ** 9n })).toBe('bc');
      const where = (query: string) => find({ where: own(query) });
      expect(await where('type:user.create')).toBe('a');
      expect(await where('type:user.*')).toBe('ab');
      expect(await where('actor:ADA')).toBe('ac');
      expect(await where('actor:0%')).toBe('a');
      expect(await where('needle')).toBe('cd');
      expect(await where('needle_')).toBe('c');
      expect(await where('type:user.create type:server.* actor:ada')).toBe('ac');
      expect(await where('-type:user.* -host:needle')).toBe('c');
      expect(await where('id:b id:d id:none')).toBe('bd');
      expect(await where('-id:b actor:*a*')).toBe('acd');
      expect(await find({ afterSeq: 1 }, 2)).toBe('bc');
    });

    it('keeps settings, and removes them', async () => {
      await store.setSettings('asa', { asaTeam: 'acme', searchCount: '10' }, []);
      await store.setSettings('asa', { searchCount: '20' }, ['asaTeam']);
      expect(await store.settings()).toEqual({ asa: { searchCount: '20' } });
    });

    it('logs what changes of the settings, with both values and the origin', async () => {
      const change = (key: string) => ({
        origin: 'by hand',
        key,
        shown: (name: string, value: string) => `${name}:${value}`,
      });
      await store.setSettings('asa', { asaTeam: 'acme', searchCount: '10' }, [], change('1'));
      await store.setSettings('asa', { asaTeam: 'acme', searchCount: '20' }, [], change('2'));
      await store.setSettings('asa', {}, ['asaTeam'], change('3'));
      const lines = await store.executionLog({ collector: 'asa', limit: 10 });
      expect(lines.reverse().map(({ notes }) => notes)).toEqual([
        'Setting asaTeam changed from not set to asaTeam:acme: by hand',
        'Setting searchCount changed from not set to searchCount:10: by hand',
        'Setting searchCount changed from searchCount:10 to searchCount:20: by hand',
        'Setting asaTeam changed from asaTeam:acme to not set: by hand',
      ]);
      // A name that was only mistyped, or that of a sink, is no collector.
      expect(await store.collectors()).toEqual([]);
      await store.logFailedRun('asa', 'No. [NOT_FOUND]', 'run');
      expect(await store.collectors()).toEqual(['asa']);
    });

    it('removes a collector for good but what proves something, and goes on where it was set up again', async () => {
      const change = settingsChange('a test', 'remove', []);
      expect(await store.removeCollector('asa', change)).toBe(false);
      await store.setSettings('asa', { asaTeam: 'acme' }, []);
      await store.writePage(page([event('a'), event('b')], { nextOffset: 'o1', more: true }));
      await store.expectRuns('asa', { cron: '* * * * *', tick: null });
      await store.logFailedRun('asa', 'No. [NOT_FOUND]', 'run');
      const staged = { ...page([], { offset: 'o1', key: 'staged' }), body: new Uint8Array([1]) };
      await store.stagePage(staged);
      expect(await store.removeCollector('asa', change)).toBe(true);
      expect(await store.settings()).toEqual({});
      expect(await store.standings('asa')).toMatchObject([
        { lastDateTime: null, caughtUpAt: null, due: null, failure: null, lastSeq: 2, pages: 1 },
      ]);
      expect(await store.stagedBody('asa', 'staged')).toBeNull();
      expect(await ids()).toEqual(['a', 'b']);
      expect((await notes()).at(-1)).toEqual(['Removed: settings, checkpoint and expected runs', 0]);
      const lines = (await notes()).length;
      expect(await store.removeCollector('asa', settingsChange('a test', 'again', []))).toBe(false);
      expect(await notes()).toHaveLength(lines);
      // A walk that was under way writes nothing any more.
      expect(await store.writePage(page([event('c')], { offset: 'o1' }))).toMatchObject({ outcome: 'superseded' });
      const { generation } = await store.checkpoint('asa');
      await store.writePage(page([event('a'), event('c')], { generation }));
      expect((await store.events({ collector: 'asa', afterSeq: 0 }, 9)).map(({ id, seq }) => [id, seq])).toEqual([
        ['a', 1],
        ['b', 2],
        ['c', 3],
      ]);
    });

    it('finds the lines of the log of a range of time', async () => {
      const clock = stopClock(Date.parse('2026-05-01T12:00:00Z'));
      for (const failure of ['one', 'two', 'three']) {
        await store.logFailedRun('asa', failure, failure);
        clock.advance(1_000);
      }
      await store.logFailedRun('other', 'other', 'other');
      const found = async (filter: Partial<LogFilter>) =>
        (await store.executionLog({ limit: 9, ...filter })).map((line) => line.notes.replace('Run failed: ', ''));
      expect(await found({ since: '2026-05-01T12:00:01.000Z' })).toEqual(['other', 'three', 'two']);
      expect(await found({ collector: 'asa', since: '2026-05-01T12:00:01.000Z' })).toEqual(['three', 'two']);
      expect(await found({ collector: 'asa', until: '2026-05-01T12:00:01.000Z' })).toEqual(['one']);
      const all = await store.executionLog({ limit: 9 });
      expect(all.map(({ line }) => line)).toEqual(all.map(({ line }) => line).sort((a, b) => b - a));
    });

    it('counts requests to a place with a low limit', async () => {
      const limit = { requests: 2, periodMs: 60_000 };
      const clock = stopClock();
      expect([await store.reserveRequest('p', limit), await store.reserveRequest('p', limit)]).toEqual([0, 0]);
      clock.advance(1_000);
      expect(await store.requestWait('p', limit)).toBe(59_000);
      expect([await store.requestWait('q', limit), await store.requestWait('q', limit)]).toEqual([0, 0]);
      expect(await store.reserveRequest('p', limit)).toBe(59_000);
      expect(await store.reserveRequest('other', limit)).toBe(0);
      // Asking does not count as a request.
      for (let times = 0; times < 5; times += 1) expect(await store.requestWait('other', limit)).toBe(0);
    });

    it('waits no longer than the period of a place when the clock has gone back', async () => {
      const limit = { requests: 1, periodMs: 60_000 };
      const clock = stopClock();
      await store.reserveRequest('p', limit);
      clock.advance(-86_400_000);
      expect(await store.requestWait('p', limit)).toBe(60_000);
      expect(await store.reserveRequest('p', limit)).toBe(60_000);
      clock.advance(1_000);
      expect(await store.reserveRequest('p', limit)).toBe(59_000);
    });

    it('stores hostile texts unchanged', async () => {
      const hostile = '=cmd()\u001b[31m\u202e\u2028"\'\\;DROP TABLE';
      const rawEvent = `{"__proto__":1,"a":1,"a":2,"s":"\\ud800\\u0000","t":${JSON.stringify(hostile)}}`;
      await store.writePage(page([event(hostile, { rawEvent, actor: hostile })]));
      expect((await store.events({ collector: 'asa', afterSeq: 0 }, 1))[0]).toMatchObject({
        id: hostile,
        actor: hostile,
        rawEvent,
      });
    });

    it('recognises texts with NUL and halves of surrogate pairs when they come again', async () => {
      const odd = ['a\0b', 'a\0c', 'a', 'x\ud800', 'x'];
      const events = odd.map((id) => event(id, { actor: id, rawEvent: '{}' }));
      const relatedObjects = odd.map((id) => ({ id, type: 'user', object: `{"of":"${id.length}"}` }));
      await store.writePage(page(events, { nextOffset: 'o\0p', more: true, relatedObjects }));
      const again = page([...events, ...events], { offset: 'o\0p', nextOffset: 'o\0p' });
      expect(await store.writePage(again)).toMatchObject({ outcome: 'written', newEvents: 0 });
      const kept = ['a\ufffdb', 'a\ufffdc', 'a', 'x\ufffd', 'x'];
      const stored = await store.events({ collector: 'asa', afterSeq: 0 }, 10);
      expect(stored.map(({ id, actor }) => [id, actor])).toEqual(kept.map((id) => [id, id]));
      const found = await store.relatedObjects('asa', odd);
      expect(new Set([...found].map(([id, row]) => `${id} ${row.id}`))).toEqual(
        new Set(odd.map((id) => `${id} ${id}`)),
      );
      await store.rewind('asa', 'o\0p', 0);
      expect(await store.checkpoint('asa')).toMatchObject({ lastOffset: '', refusedOffset: 'o\ufffdp' });
    });

    it('can be opened twice, also at once on first use', async () => {
      const others = await Promise.all([under.open(), under.open()]);
      await others[0]!.writePage(page([event('a')]));
      expect((await others[1]!.events({ collector: 'asa', afterSeq: 0 }, 1))[0]!.id).toBe('a');
      for (const other of others) await other.close();
    });
  });
}
