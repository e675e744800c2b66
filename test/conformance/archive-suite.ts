import { describe, expect, it } from 'vitest';
import type { EnrichedEvent } from '../../src/domain.js';
import { files } from '../../src/sinks/files/sink.js';
import type { Store } from '../../src/stores/store.js';
import { gathered, sendAll, temporary } from '../support/archive.js';
import { open } from '../unit/sinks/support.js';
import { event, page } from './pages.js';

const dayNs = 86_400_000_000_000n;

/** An event of a day of January. */
export function ofDay(day: number, more: Partial<EnrichedEvent> = {}): EnrichedEvent {
  const timeNs = 1_767_225_600_000_000_000n + BigInt(day - 1) * dayNs + 1n;
  return event(`e${day}`, {
    timestamp: `2026-01-${String(day).padStart(2, '0')}T00:00:00.000000001Z`,
    timeNs,
    ...more,
  });
}

export async function clearBefore(store: Store, day: number): Promise<void> {
  const beforeNs = ofDay(day).timeNs;
  await store.offload.clearConfirmed({ collector: 'asa', sinks: ['archive'], beforeNs, eventsMax: 1_000 });
}

/** `trawl query --archive` beside a kind of store. */
export function archiveSuite(name: string, create: () => Promise<Store>): void {
  describe(`an archive beside ${name}`, () => {
    it('has each event once: those of both, of the archive alone, of the store alone, and of repetitions', async () => {
      const store = await create();
      const client = open(files, { PATH: temporary() });
      const days = Array.from({ length: 8 }, (_, at) => ofDay(at + 1));
      await store.writePage(page(days, { nextOffset: 'next', more: true }));
      await sendAll(store, client);
      const range = { sinceNs: ofDay(1).timeNs, untilNs: ofDay(6).timeNs };
      await sendAll(store, client, { series: 'again', range, form: { format: 'parquet' } });
      const before = await store.events({ collector: 'asa', afterSeq: 0 }, 100);
      await clearBefore(store, 5);
      await store.writePage(page([ofDay(9), ofDay(10)], { offset: 'next', nextOffset: 'next' }));
      expect((await store.events({ collector: 'asa', afterSeq: 0 }, 100)).map(({ seq }) => seq)).toEqual([
        5, 6, 7, 8, 9, 10,
      ]);

      const { answer, fetched } = await gathered({ store, client });
      const { columns, rows } = await answer('SELECT * FROM events ORDER BY seq');
      expect(columns).toEqual([
        ...['collector', 'seq', 'id', 'timestamp', 'time_ns', 'type', 'actor', 'user', 'client', 'gateway', 'group'],
        ...['project', 'server', 'hostname', 'from_addr', 'raw_event', 'extra', 'collected_at', 'time'],
      ]);
      const all = [...before, ...(await store.events({ collector: 'asa', afterSeq: 8 }, 100))];
      expect(rows.map((row) => Object.fromEntries(columns.map((column, at) => [column, row[at]])))).toEqual(
        all.map(({ fromAddr, rawEvent, collectedAt, ...same }, at) => ({
          ...{ ...same, from_addr: fromAddr, raw_event: rawEvent, collected_at: collectedAt },
          time_ns: ofDay(at + 1).timeNs,
          time: `2026-01-${String(at + 1).padStart(2, '0')} 00:00:00+00`,
        })),
      );
      // The last batch is in the store as a whole.
      expect(fetched.filter((object) => object.includes('dt=2026-01-07'))).toEqual([]);
      expect(fetched.length).toBeGreaterThan(6);

      const some = await gathered({ store, client, more: { sinceNs: ofDay(3).timeNs, untilNs: ofDay(6).timeNs - 1n } });
      expect((await some.answer('SELECT id FROM events ORDER BY seq')).rows.flat()).toEqual(['e3', 'e4', 'e5']);
      expect(new Set(some.fetched.map((object) => /dt=([\d-]+)/.exec(object)?.[1]))).toEqual(
        new Set(['2026-01-03', '2026-01-04', '2026-01-05']),
      );
    });
  });
}
