import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EnrichedEvent } from '../../src/domain.js';
import type { Store } from '../../src/stores/store.js';
import { type Verdict, verifyCollector } from '../../src/stores/verify.js';
import { event, page } from './pages.js';
import type { StoreUnderTest } from './store-suite.js';

const tables = [
  ...['audit_events', 'audit_pages', 'audit_checkpoints', 'rejected_events', 'retention_gaps', 'proof_tiles'],
  ...['proof_journal', 'proof_heads'],
];

const named = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) =>
    event(`id-${from + index}`, { extra: index % 3 === 0 ? '{"more":\n1}' : null, actor: `actor\0${index}` }),
  );

/** Writes a page at the checkpoint. */
async function read(store: Store, events: EnrichedEvent[], more: Partial<Parameters<Store['writePage']>[0]> = {}) {
  const { lastOffset: offset, generation, pages } = await store.checkpoint('asa');
  const at = { offset, generation, nextOffset: `o${pages + 1}` };
  expect((await store.writePage(page(events, { ...at, ...more }))).outcome).toBe('written');
}

const verified = (store: Store, collector = 'asa') => verifyCollector(store.proof, collector);

const nothingWrong = { contradictions: [], unchecked: [] };

export function proofSuite(name: string, create: () => Promise<StoreUnderTest>): void {
  describe(`the proof of completeness of ${name}`, () => {
    let place: StoreUnderTest;
    let store: Store;
    beforeAll(async () => {
      place = await create();
      store = await place.open();
      await read(store, named(1, 300), { more: true, followed: true });
      const rejected = [{ kind: 'event' as const, reason: 'no id', raw: '{"x":1}' }];
      await read(store, named(301, 250), { more: true, rejected });
      await read(store, named(401, 250), { gap: { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' } });
      await read(store, []);
      await store.keepAnswer('asa', 'o9', 'no page', '<html>');
      await store.resetCheckpoint('asa', ['reset']);
      await read(store, [...named(1, 5), event('late', { rawEvent: '{"\u{1f600}":\r\n"\ud800"}', user: 'x\ud800' })]);
      for (const table of tables) await place.execute(`CREATE TABLE kept_${table} AS SELECT * FROM ${table}`);
    });
    afterAll(async () => {
      await store.close();
      for (const table of tables) await place.execute(`DROP TABLE kept_${table}`);
      await place.remove();
    });

    it('shows that nothing is missing and nothing was changed', async () => {
      expect(await verified(store)).toMatchObject({
        ...nothingWrong,
        events: 651,
        stored: 651,
        pages: 5,
        takenOver: 0,
      });
    });

    const event500 = "collector = 'asa' AND seq = 500";
    const columns = [
      ...['id', 'timestamp', 'type', 'actor', 'user', 'client', 'gateway', 'group', 'project', 'hostname', 'server'],
      ...['from_addr', 'raw_event', 'extra', 'collected_at'],
    ];
    const attacks: [what: string, table: string, sql: string, seq: number | null, text: RegExp][] = [
      ...columns.map((column): (typeof attacks)[number] => [
        `${column} of an event is changed`,
        'audit_events',
        `UPDATE audit_events SET "${column}" = ${column === 'timestamp' ? "'2026-01-01T00:00:00.000000002Z'" : "'x'"} WHERE ${event500}`,
        500,
        /^Event 500 is not the one/,
      ]),
      [
        'extra becomes empty',
        'audit_events',
        "UPDATE audit_events SET extra = '' WHERE seq = 500",
        500,
        /^Event 500 is/,
      ],
      [
        'the time of an event',
        'audit_events',
        `UPDATE audit_events SET time_ns = 5 WHERE ${event500}`,
        500,
        /^Event 500/,
      ],
      ['the first event goes', 'audit_events', 'DELETE FROM audit_events WHERE seq = 1', 1, /^Event 1 is missing/],
      [
        'some events go',
        'audit_events',
        'DELETE FROM audit_events WHERE seq > 255 AND seq < 300',
        256,
        /^Events 256 to 299/,
      ],
      ['the last event goes', 'audit_events', 'DELETE FROM audit_events WHERE seq = 651', 651, /^Event 651 is missing/],
      ['all events go', 'audit_events', 'DELETE FROM audit_events', 1, /^Events 1 to 651 are missing/],
      [
        'two events change places',
        'audit_events',
        'UPDATE audit_events SET seq = -1 WHERE seq = 7; UPDATE audit_events SET seq = 7 WHERE seq = 8; UPDATE audit_events SET seq = 8 WHERE seq = -1',
        7,
        /^Event 7 is not the one/,
      ],
      [
        'an event moves to another collector',
        'audit_events',
        `UPDATE audit_events SET collector = 'b' WHERE ${event500}`,
        500,
        /^Event 500 is missing/,
      ],
      [
        'an event comes after the last',
        'audit_events',
        'UPDATE audit_events SET seq = 652 WHERE seq = 3',
        3,
        /^Event 3 is missing/,
      ],
      [
        'a number below the first',
        'audit_events',
        `UPDATE audit_events SET seq = 0 WHERE ${event500}`,
        0,
        /^Event 0 is beyond/,
      ],
      ...['key', 'offset', 'note', 'digest', 'committed_at'].map((column): (typeof attacks)[number] => [
        `${column} of a page is changed`,
        'audit_pages',
        `UPDATE audit_pages SET "${column}" = 'x' WHERE number = 2`,
        301,
        /^Page 2 of audit_pages is not the one/,
      ]),
      ...['generation', 'events', 'new_events', 'rejected', 'first_seq', 'last_seq'].map(
        (column): (typeof attacks)[number] => [
          `${column} of a page is changed`,
          'audit_pages',
          `UPDATE audit_pages SET ${column} = 77 WHERE number = 2`,
          301,
          /^Page 2 of audit_pages is not the one/,
        ],
      ),
      [
        'a page goes',
        'audit_pages',
        'DELETE FROM audit_pages WHERE number = 4',
        null,
        /^Page 4 of audit_pages is missing/,
      ],
      ['the last page goes', 'audit_pages', 'DELETE FROM audit_pages WHERE number = 5', 651, /^Page 5 .* missing/],
      ['a page more', 'audit_pages', 'UPDATE audit_pages SET number = 6 WHERE number = 4', null, /^Page 4/],
      [
        'the checkpoint is set back',
        'audit_checkpoints',
        'UPDATE audit_checkpoints SET last_seq = 600, pages = 4',
        601,
        /checkpoint says 600 events/,
      ],
      [
        'the checkpoint goes',
        'audit_checkpoints',
        'DELETE FROM audit_checkpoints',
        1,
        /checkpoint says 0 events|beyond/,
      ],
      [
        'a reject is changed',
        'rejected_events',
        "UPDATE rejected_events SET raw = 'x' WHERE kind = 'event'",
        null,
        /rejected_events/,
      ],
      ['its reason is changed', 'rejected_events', "UPDATE rejected_events SET reason = 'x'", null, /rejected_events/],
      [
        'an answer goes',
        'rejected_events',
        "DELETE FROM rejected_events WHERE kind = 'answer'",
        null,
        /rejected_events/,
      ],
      ['a gap goes', 'retention_gaps', 'DELETE FROM retention_gaps', null, /retention_gaps/],
      ['a gap is changed', 'retention_gaps', "UPDATE retention_gaps SET to_time = 'x'", null, /gap/],
      ['the tiles go', 'proof_tiles', 'DELETE FROM proof_tiles', 1, /^The hash of event 1 is missing/],
      [
        'a tile of events goes',
        'proof_tiles',
        "DELETE FROM proof_tiles WHERE log = 'events' AND level = 0 AND number = 1",
        257,
        /^The hash of event 257/,
      ],
      [
        'the hashes of a tile are others',
        'proof_tiles',
        "UPDATE proof_tiles SET hashes = (SELECT hashes FROM kept_proof_tiles WHERE log = 'events' AND level = 0 AND number = 0) WHERE log = 'events' AND level = 0 AND number = 2",
        513,
        /^Event 513 is not the one/,
      ],
      [
        'a page is forged, with all that the ledger says',
        'audit_events, audit_pages, audit_checkpoints',
        `UPDATE audit_events SET seq = seq + 1 WHERE seq = 651; UPDATE audit_events SET seq = 651 WHERE seq = 3;
         UPDATE audit_pages SET number = 6 WHERE number = 4; UPDATE audit_checkpoints SET last_seq = 652, pages = 6`,
        3,
        /^Event 3 is missing/,
      ],
      [
        'a page is added',
        'audit_checkpoints',
        'UPDATE audit_checkpoints SET last_seq = 652, pages = 6',
        652,
        /^Events 652 to 652 came without proof/,
      ],
      [
        'an upper tile goes',
        'proof_tiles',
        'DELETE FROM proof_tiles WHERE level = 1',
        null,
        /^Tile 0 of level 1 of the events is missing/,
      ],
      [
        'a tile of the journal goes',
        'proof_tiles',
        "DELETE FROM proof_tiles WHERE log = 'journal'",
        null,
        /^Tile 0 of level 0 of the journal/,
      ],
      [
        'an entry goes',
        'proof_journal',
        'DELETE FROM proof_journal WHERE number = 3',
        null,
        /^Entry 3 of the journal is missing/,
      ],
      [
        'the last entry goes',
        'proof_journal',
        'DELETE FROM proof_journal WHERE number >= 9',
        null,
        /of the journal is missing/,
      ],
      [
        'an entry is changed',
        'proof_journal',
        "UPDATE proof_journal SET entry = replace(entry, 'events 0', 'events 1')",
        null,
        /^Page 4 of audit_pages/,
      ],
      [
        'an entry more',
        'proof_journal',
        'UPDATE proof_journal SET number = 99 WHERE number = 2',
        null,
        /^Entry 2 of the journal is missing/,
      ],
      [
        'the heads are set back',
        'proof_heads',
        'UPDATE proof_heads SET events = 600',
        601,
        /^proof_heads says 600 events/,
      ],
      ['the heads go', 'proof_heads', 'DELETE FROM proof_heads', null, /^Entry 1 of the journal is beyond/],
    ];

    it.each(attacks)('is contradicted if %s', async (_, table, sql, seq, text) => {
      await place.execute(sql);
      try {
        const { contradictions } = await verified(store);
        expect(contradictions[0]).toEqual({ seq, text: expect.stringMatching(text) });
      } finally {
        for (const one of table.split(', '))
          await place.execute(`DELETE FROM ${one}; INSERT INTO ${one} SELECT * FROM kept_${one}`);
      }
    });

    it('is whole again once what was changed is as before', async () => {
      expect(await verified(store)).toMatchObject(nothingWrong);
    });
  });

  describe(`the proof of completeness of ${name} that grows`, () => {
    async function opened() {
      const place = await create();
      const store = await place.open();
      return {
        ...{ place, store },
        end: async () => {
          await store.close();
          await place.remove();
        },
      };
    }

    it('has leaves of cleared events, and the reason why they are gone', async () => {
      const { store, end } = await opened();
      await read(store, named(1, 20));
      await store.clearEvents('asa', ['clear']);
      expect(await verified(store)).toMatchObject({ ...nothingWrong, events: 20, stored: 0, cleared: 20 });
      while (await store.removeCleared('asa', 7))
        expect(await verified(store)).toMatchObject({ ...nothingWrong, events: 20, stored: 0, cleared: 20 });
      await read(store, named(21, 10));
      expect(await verified(store)).toMatchObject({ ...nothingWrong, events: 30, stored: 10, cleared: 20 });
      await end();
    });

    it('takes over what was stored without it, a part at a time, and then goes on', async () => {
      const { place, store, end } = await opened();
      const behind = async () => (await store.walkStart('asa')).isProofBehind;
      await read(store, named(1, 700));
      await store.clearEvents('asa', ['clear']);
      await read(store, named(1_000, 900), { rejected: [{ kind: 'event', reason: 'no id', raw: '{}' }] });
      expect(await behind()).toBe(false);
      // As a store of an earlier version is.
      for (const table of ['proof_tiles', 'proof_journal', 'proof_heads']) await place.execute(`DELETE FROM ${table}`);
      expect(await behind()).toBe(true);
      expect((await verified(store)).unchecked[0]).toBe('events 1 to 1600 are not in the proof yet');
      expect(await store.takeOver('asa', 600)).toBe(true);
      // Left to the next part.
      await read(store, named(2_000, 100));
      expect(await store.takeOver('asa', 600)).toBe(true);
      expect(await behind()).toBe(true);
      expect(await store.takeOver('asa', 600)).toBe(false);
      expect(await store.takeOver('asa', 600)).toBe(false);
      expect(await behind()).toBe(false);
      await read(store, named(3_000, 50));
      expect(await verified(store)).toMatchObject({
        ...{ contradictions: [], unchecked: ['1 rejected event or gap is older than the journal'] },
        ...{ events: 1_750, stored: 1_050, cleared: 0, gone: 700, takenOver: 1_700, pages: 4 },
      });
      await place.execute(
        "UPDATE audit_events SET actor = 'x' WHERE seq = 1699; UPDATE audit_pages SET note = 'x' WHERE number = 1",
      );
      expect((await verified(store)).contradictions).toEqual([
        { seq: 1_699, text: expect.stringMatching(/^Event 1699/) },
        { seq: null, text: expect.stringMatching(/^Pages 1-2 of audit_pages/) },
      ]);
      await end();
    });

    it('stops where its tiles are gone, tells so once, and lets collecting go on', async () => {
      const { place, store, end } = await opened();
      await read(store, named(1, 20));
      await place.execute('DELETE FROM proof_tiles');
      await read(store, named(21, 10));
      await read(store, named(31, 10));
      const log = await store.executionLog({ collector: 'asa', limit: 100 });
      expect(log.filter(({ notes }) => notes.startsWith('The proof of completeness has stopped'))).toHaveLength(1);
      expect(await store.eventCount('asa')).toBe(40);
      expect(await store.takeOver('asa', 100)).toBe(false);
      expect((await verified(store)).contradictions[0]).toMatchObject({ seq: 1 });
      await end();
    });

    it('knows events that retention has cleared', async () => {
      const { store, end } = await opened();
      await read(store, named(1, 10));
      await read(store, named(11, 10));
      const sender = { id: 'a test', attempt: 1 };
      const form = { schema: 'native', schemaVersion: '', format: 'ndjson', compression: 'none', layout: 'raw' };
      const wanted = { collector: 'asa', sink: 'archive', series: '', sender, leaseMs: 60_000, eventsMax: 15 };
      const limits = { bytesMax: 1e9, partOnlyBefore: null, range: { sinceNs: null, untilNs: null }, form };
      const batch = await store.offload.fixBatch({ ...wanted, ...limits });
      if (batch === null || batch === 'held') throw new Error('There is a batch to send.');
      await store.offload.confirmBatch(batch, { objects: [], bytes: 0, refused: [], goneEvents: 0 });
      const clearing = { collector: 'asa', sinks: ['archive'], beforeNs: 2n ** 62n, eventsMax: 4 };
      expect(await store.offload.clearConfirmed(clearing)).toBe(4);
      while ((await store.offload.clearConfirmed(clearing)) > 0);
      expect(await verified(store)).toMatchObject({
        ...nothingWrong,
        events: 20,
        cleared: 15,
      } satisfies Partial<Verdict>);
      await end();
    });
  });
}
