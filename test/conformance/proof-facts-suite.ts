import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type CompactableSink, compact } from '../../src/compaction/compact.js';
import type { JournalEntry } from '../../src/proof/entry-schema.js';
import { parsedEntry } from '../../src/proof/parsed-entry.js';
import { files } from '../../src/sinks/files/sink.js';
import { copiesOf } from '../../src/stores/copies.js';
import type { Store } from '../../src/stores/store.js';
import { verifyCollector } from '../../src/stores/verify.js';
import { nativeForm, sendAll, temporary } from '../support/archive.js';
import { open } from '../unit/sinks/support.js';
import { ofDay } from './archive-suite.js';
import { page } from './pages.js';
import type { StoreUnderTest } from './store-suite.js';

type Kind = JournalEntry['kind'];

/** The facts that the journal of `asa` has, of one kind. */
async function facts<K extends Kind>(store: Store, kind: K): Promise<(JournalEntry & { kind: K })[]> {
  const all = await store.proof.entries('asa', 0, 1_000);
  return all
    .map(({ entry }) => parsedEntry(entry))
    .filter((entry): entry is JournalEntry & { kind: K } => entry?.kind === kind);
}

const nothingWrong = { contradictions: [], unchecked: [] };

/** What the journal of every kind of store says beside pages. */
export function proofFactsSuite(name: string, create: () => Promise<StoreUnderTest>): void {
  async function opened() {
    const place = await create();
    const store = await place.open();
    const owner = (await place.openAsOwner?.()) ?? store;
    onTestFinished(async () => {
      await store.close();
      if (owner !== store) await owner.close();
      await place.remove();
    });
    return { place, store, owner };
  }

  describe(`the journal of ${name}`, () => {
    it('has each file of a batch as it lies there, once, and what a compaction has made of them', async () => {
      const { store } = await opened();
      const folder = temporary();
      const client = open(files, { PATH: folder });
      const sha256 = (path: string) =>
        createHash('sha256')
          .update(readFileSync(join(folder, path)))
          .digest('hex');
      // Each batch has three events, in the order of 2, 1, 2 days.
      const days = [2, 1, 2, 2, 2, 1].map((day, at) => ({ ...ofDay(day), id: `e${at}` }));
      await store.writePage(page(days, { nextOffset: 'next' }));
      await sendAll(store, client);
      const [first] = await store.offload.batches('asa', 10).then((all) => all.reverse());
      // An attempt that was given up confirms what another one has confirmed.
      await store.offload.confirmBatch(first!, { objects: [], bytes: 0, refused: [], goneEvents: 0 });

      const written = await facts(store, 'object');
      expect(written).toMatchObject([
        { sink: '"archive"', series: '""', batch: 1, seqs: '2', events: 1 },
        { sink: '"archive"', series: '""', batch: 1, seqs: '1,3', events: 2 },
        { sink: '"archive"', series: '""', batch: 2, seqs: '6', events: 1 },
        { sink: '"archive"', series: '""', batch: 2, seqs: '4-5', events: 2 },
      ]);
      for (const { name: of, sha256: said, bytes, form } of written) {
        const path = JSON.parse(of) as string;
        expect(said).toBe(sha256(path));
        expect(bytes).toBe(readFileSync(join(folder, path)).byteLength);
        expect(JSON.parse(form)).toMatchObject({ schema: 'native', compression: 'gzip' });
      }

      const compacting = { ledger: store.offload, collector: 'asa', sink: 'archive', beforeNs: 2n ** 62n };
      const signal = new AbortController().signal;
      const given = { ...compacting, client: client as CompactableSink, confirmedBefore: '9999', signal };
      expect(await compact(given)).toMatchObject({ objects: 4, into: 2, problems: [] });
      const merged = await facts(store, 'compacted');
      expect(merged.map(({ old }) => JSON.parse(old))).toEqual([
        [written[0], written[2]].map((one) => JSON.parse(one!.name)),
        [written[1], written[3]].map((one) => JSON.parse(one!.name)),
      ]);
      for (const { name: of, sha256: said } of merged) expect(said).toBe(sha256(JSON.parse(of)));
      expect(await verifyCollector(store.proof, 'asa')).toMatchObject(nothingWrong);
    });

    it('has an erased event, which never comes back, and of which the proof goes on', async () => {
      const { store, owner } = await opened();
      const client = open(files, { PATH: temporary() });
      const secret = 'the name of somebody';
      const events = [1, 1, 2, 2, 2].map((day, at) => ofDay(day, { rawEvent: `{"id":"e${at}"}` }));
      const named = events.map((one, at) => ({ ...one, id: `e${at}` }));
      named[1] = { ...named[1]!, actor: secret, rawEvent: JSON.stringify({ id: 'e1', who: secret }) };
      await store.writePage(page(named, { nextOffset: 'next', more: true }));
      const altered = { ...named[1]!, rawEvent: JSON.stringify({ id: 'e1', who: `${secret}!` }) };
      await store.writePage(page([altered], { offset: 'next', nextOffset: 'later', more: true }));
      const erasure = { collector: 'asa', seq: 2, reason: 'request 17', by: 'somebody', sinks: ['archive'] };

      const sending = { ...{ collector: 'asa', sink: 'archive', series: '' }, sender: { id: 'one', attempt: 1 } };
      const limits = { leaseMs: 0, eventsMax: 3, bytesMax: 1e6, partOnlyBefore: null };
      const range = { sinceNs: null, untilNs: null };
      await store.offload.fixBatch({ ...sending, ...limits, range, form: nativeForm });
      await expect(owner.eraseEvent(erasure)).rejects.toMatchObject({ code: 'STORE_BUSY' });
      await sendAll(store, client);
      const [{ name: file } = { name: '' }] = await facts(store, 'object');
      const copy = { sink: 'archive', file: JSON.parse(file) as string };
      const asked = { collector: 'asa', seq: 2, timeNs: named[1]!.timeNs };
      expect(await copiesOf(store, asked)).toEqual([copy]);

      const erased = await owner.eraseEvent(erasure);
      expect(erased).toMatchObject({ reason: 'request 17', by: 'somebody' });
      expect(await store.erased('asa', 2)).toEqual(erased);
      expect(await owner.eraseEvent({ ...erasure, reason: 'another' })).toEqual(erased);
      expect(await facts(store, 'erase')).toMatchObject([{ seq: 2, reason: '"request 17"', by: '"somebody"' }]);
      expect(await store.executionLog({ collector: 'asa', limit: 1 })).toMatchObject([
        { notes: 'Erased event 2: request 17 (somebody)' },
      ]);
      expect(await verifyCollector(store.proof, 'asa')).toMatchObject({ ...nothingWrong, stored: 4, erased: 1 });
      expect(await store.rejectedCount('asa')).toBe(0);
      expect(await copiesOf(store, { ...asked, timeNs: undefined })).toEqual([copy]);

      for (const seq of [0, 6])
        await expect(owner.eraseEvent({ ...erasure, seq })).rejects.toMatchObject({ code: 'EVENT_UNKNOWN' });
      await store.resetCheckpoint('asa', ['again']);
      const { generation } = await store.checkpoint('asa');
      await store.writePage(page(named, { generation, nextOffset: 'next' }));
      expect((await store.events({ collector: 'asa', afterSeq: 0 }, 10)).map(({ seq }) => seq)).toEqual([1, 3, 4, 5]);

      await store.clearEvents('asa', ['clear'], ['archive']);
      while (await store.removeCleared('asa', 2));
      await expect(owner.eraseEvent({ ...erasure, seq: 3 })).rejects.toMatchObject({
        code: 'EVENT_UNKNOWN',
        message: expect.stringContaining('was cleared'),
      });
      expect(await verifyCollector(store.proof, 'asa')).toMatchObject({ ...nothingWrong, stored: 0, cleared: 5 });
    });
  });
}
