import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import type { EnrichedEvent } from '../../src/domain.js';
import { copyStore } from '../../src/stores/copy.js';
import { inSteps } from '../../src/stores/in-steps.js';
import { SqliteDatabase } from '../../src/stores/sqlite/database.js';
import { eventIdDigest, forgetEventIds } from '../../src/stores/sqlite/event-ids.js';
import { SqliteStore } from '../../src/stores/sqlite/store.js';
import { event, page } from '../conformance/pages.js';

function opened() {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-store-'));
  const path = join(folder, 'trawl.db');
  const store = new SqliteStore(path);
  const db = new SqliteDatabase(path, 'write');
  onTestFinished(async () => {
    await store.close();
    await db.close();
    rmSync(folder, { recursive: true });
  });
  const write = async (events: readonly EnrichedEvent[], collector = 'asa') =>
    (await store.writePage(page([...events], { collector }))).newEvents;
  const rows = (tier: 0 | 1 | 2) => db.get<{ n: number }>(`SELECT COUNT(*) AS n FROM audit_event_ids_${tier}`)!.n;
  return { store, db, write, rows };
}

const named = (from: number, count: number, prefix = 'id') =>
  Array.from({ length: count }, (_, index) => event(`${prefix}-${from + index}`));

const entriesOfEvents = `
  WITH entries AS (SELECT * FROM audit_event_ids_0 UNION ALL SELECT * FROM audit_event_ids_1 UNION ALL SELECT * FROM audit_event_ids_2)
  SELECT COUNT(*) AS events, COUNT(DISTINCT e.digest) AS digests, (SELECT COUNT(*) FROM entries) AS entries
  FROM audit_events a JOIN entries e ON e.digest = event_id_digest(a.collector, a.id) AND e.seq = a.seq`;

it('each event has one entry, which moves as the store grows, and none is stored twice', async () => {
  const { store, db, write, rows } = opened();
  const count = 40_000;
  for (let from = 0; from < count; from += 800) expect(await write(named(from, 800))).toBe(800);
  expect(db.get(entriesOfEvents)).toEqual({ events: count, digests: count, entries: count });
  // Every thousand events empty a sixteenth of the small table.
  expect(rows(0)).toBeLessThan(12_000);
  expect(rows(1)).toBeGreaterThan(20_000);
  expect(rows(2)).toBeGreaterThan(0);
  // Reads once more from the start, in other pages.
  for (let from = 0; from < count; from += 5_000) expect(await write(named(from, 5_000))).toBe(0);
  expect(await store.eventCount('asa')).toBe(count);
  expect(await store.rejectedCount('asa')).toBe(0);
});

it('many small collectors fill the tables like one large collector', async () => {
  const { db, write, rows } = opened();
  for (let collector = 0; collector < 50; collector += 1) {
    for (let from = 0; from < 800; from += 200) await write(named(from, 200), `collector-${collector}`);
  }
  expect(db.get(entriesOfEvents)).toEqual({ events: 40_000, digests: 40_000, entries: 40_000 });
  expect(rows(0)).toBeLessThan(12_000);
  for (let collector = 0; collector < 50; collector += 1)
    expect(await write(named(0, 800), `collector-${collector}`)).toBe(0);
});

it('pages of any size, with earlier events among them, store each event once', async () => {
  const numbers = fc.array(fc.nat(6_000), { maxLength: 3_000, size: 'max' });
  const pages = fc.array(numbers, { maxLength: 8, size: 'max' });
  await fc.assert(
    fc.asyncProperty(pages, async (read) => {
      const { store, write } = opened();
      const stored = new Set<number>();
      for (const wanted of read) {
        const fresh = new Set(wanted.filter((number) => !stored.has(number)));
        expect(await write(wanted.map((number) => event(`id-${number}`)))).toBe(fresh.size);
        for (const number of fresh) stored.add(number);
      }
      expect(await store.eventCount('asa')).toBe(stored.size);
    }),
    { numRuns: 20 },
  );
}, 120_000);

it("an event whose digest collides with another event's is stored", async () => {
  const { store, db, write } = opened();
  await write([event('first')]);
  for (const tier of [0, 1, 2])
    db.run(`INSERT INTO audit_event_ids_${tier} (digest, seq) VALUES (?, 1)`, eventIdDigest('asa', 'second'));
  expect(await write([event('first'), event('second')])).toBe(1);
  expect(await write([event('first'), event('second')])).toBe(0);
  expect((await store.events({ collector: 'asa', afterSeq: 0 }, 10)).map(({ id }) => id)).toEqual(['first', 'second']);
});

it('an event whose content has changed is rejected, wherever its entry is', async () => {
  const { store, write } = opened();
  for (let from = 0; from < 20_000; from += 1_000) await write(named(from, 1_000));
  const changed = [3, 8_000, 19_999].map((number) => event(`id-${number}`, { timestamp: '2026-01-02T00:00:00Z' }));
  expect(await write(changed)).toBe(0);
  expect(await store.rejectedCount('asa')).toBe(3);
});

it('clearing forgets the ids of that collector, and of no other', async () => {
  const { store, db, write, rows } = opened();
  for (let from = 0; from < 3_000; from += 1_000) {
    await write(named(from, 1_000), 'one');
    await write(named(from, 1_000), 'other');
  }
  await store.clearEvents('one', ['key-1']);
  await inSteps(() => store.removeCleared('one', 400));
  expect(db.get(entriesOfEvents)).toEqual({ events: 3_000, digests: 3_000, entries: 3_000 });
  expect(await write(named(0, 3_000), 'other')).toBe(0);
  expect(await write(named(5_000, 10), 'one')).toBe(10);
  await store.clearEvents('one', ['key-2']);
  await store.clearEvents('other', ['key-3']);
  for (const collector of ['one', 'other']) await inSteps(() => store.removeCleared(collector, 400));
  expect([rows(0), rows(1), rows(2)]).toEqual([0, 0, 0]);
});

it('ids that retention removes are forgotten', async () => {
  const { store, db } = opened();
  const at = (second: number) => BigInt(second) * 1_000_000_000n;
  const events = named(0, 2_500).map((one, second) => ({ ...one, timeNs: at(second) }));
  await store.writePage(page(events, { nextOffset: 'on', more: true }));
  db.run(`INSERT INTO offload_cursors (collector, sink, series, last_seq) VALUES ('asa', 'archive', '', 2500)`);
  const wanted = { collector: 'asa', sinks: ['archive'], beforeNs: at(1_000), eventsMax: 5_000 };
  expect(await store.offload.clearConfirmed(wanted)).toBe(1_000);
  expect(db.get(entriesOfEvents)).toEqual({ events: 1_500, digests: 1_500, entries: 1_500 });
});

it('a copy knows the ids of its events, even if numbers are missing', async () => {
  const [from, to] = [opened(), opened()];
  for (let first = 0; first < 4_000; first += 1_000) {
    await from.write(named(first, 1_000));
    await from.write(named(first, 1_000), 'other');
  }
  from.db.finish(forgetEventIds(`collector = 'asa' AND seq % 3 = 0`));
  from.db.run(`DELETE FROM audit_events WHERE collector = 'asa' AND seq % 3 = 0`);
  await copyStore(from.store, to.store, () => undefined);
  const left = 8_000 - Math.floor(4_000 / 3);
  expect(to.db.get(entriesOfEvents)).toEqual({ events: left, digests: left, entries: left });
  const still = named(0, 4_000).filter((_, index) => (index + 1) % 3 !== 0);
  expect(await to.write([...still, event('new')])).toBe(1);
  expect(to.rows(0)).toBeLessThan(7_000);
});
