import pg from 'pg';
import { expect, inject, it, onTestFinished } from 'vitest';
import type { OwnFilter } from '../../src/filter/filter.js';
import { parseFilter } from '../../src/filter/parse.js';
import { PostgresStore } from '../../src/stores/postgres/store.js';
import { until } from '../support/collection.js';
import { createDatabase } from '../support/postgres.js';
import { event, page } from './pages.js';

const pageEvents = 500;

async function freshStore() {
  const database = await createDatabase(inject('postgresUrl'));
  onTestFinished(database.remove);
  const store = await PostgresStore.open({ url: database.url, name: 'the test database', pool: 2 });
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  onTestFinished(() => client.end());
  /** Index entries read from these tables and their indexes. Closes the store, since connections report statistics when they end. */
  const entriesRead = async (tables: string[]): Promise<number> => {
    await store.close();
    const connected = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
      AND application_name = 'trawl'`;
    await until('its connections have ended', async () => (await client.query(connected)).rows.length === 0);
    const { rows } = await client.query(
      `SELECT (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname LIKE ANY($1))::int
         + (SELECT sum(seq_tup_read) FROM pg_stat_user_tables WHERE relname LIKE ANY($1))::int AS entries`,
      [tables],
    );
    return rows[0].entries;
  };
  return { store, client, entriesRead };
}

it('reads a page of events without scanning all later ones, even if the server has no statistics', async () => {
  const { store, entriesRead } = await freshStore();
  for (let number = 0; number < 20; number += 1) {
    const events = Array.from({ length: pageEvents }, (_, index) => event(`${number} ${index}`));
    const { lastOffset: offset } = await store.checkpoint('asa');
    await store.writePage(page(events, { offset, nextOffset: `${number}` }));
  }
  for (let afterSeq = 0; afterSeq < 20 * pageEvents; afterSeq += pageEvents) {
    expect(await store.events({ collector: 'asa', afterSeq }, pageEvents)).toHaveLength(pageEvents);
    expect((await store.eventLines({ collector: 'asa', afterSeq }, pageEvents)).events).toBe(pageEvents);
  }
  // The same of the newest, and of single events.
  const all = { collector: 'asa', afterSeq: 0 };
  for (let number = 0; number < 20; number += 1) {
    expect(await store.latestEvents({ ...all, sinceNs: 0n }, 20)).toHaveLength(20);
    const where = parseFilter(`id:"${number} 7"`) as OwnFilter;
    expect(await store.events({ ...all, where }, 2)).toMatchObject([{ seq: number * pageEvents + 8 }]);
    expect(await store.latestEvents({ ...all, where }, 2)).toHaveLength(1);
  }
  // A type that most events have is not sorted for its newest.
  const common = parseFilter(`type:${event('any').type}`) as OwnFilter;
  for (let again = 0; again < 3; again += 1)
    expect(await store.latestEvents({ ...all, where: common }, 20)).toHaveLength(20);
  const entries = await entriesRead(['audit_events%', 'audit_event_ids%']);
  expect(entries).toBeGreaterThan(0);
  expect(entries).toBeLessThan(3 * 20 * pageEvents);
});

it('reads only what a page needs, however much is stored, for a collector without statistics', async () => {
  const { store, client, entriesRead } = await freshStore();
  const write = async (collector: string, number: number) => {
    const { lastOffset: offset, generation } = await store.checkpoint(collector);
    const events = Array.from({ length: pageEvents }, (_, index) => event(`${collector} ${number} ${index}`));
    const { newEvents } = await store.writePage(
      page(events, { collector, offset, generation, nextOffset: `${number}` }),
    );
    return newEvents;
  };

  for (let number = 0; number < 10; number += 1) await write('known', number);
  await client.query('VACUUM ANALYZE');
  for (let number = 0; number < 10; number += 1) expect(await write('new', number)).toBe(pageEvents);
  for (let number = 0; number < 4; number += 1) expect(await write('new', number)).toBe(0);
  const entries = await entriesRead(['audit_event_ids%', 'audit_events%']);
  const read = 4 * pageEvents;
  expect(entries).toBeGreaterThan(0);
  expect(entries).toBeLessThan(4 * read);
});

it('finds the collectors without reading their logs', async () => {
  const { store, client, entriesRead } = await freshStore();
  await store.logFailedRun('never', 'its key is wrong', 'k');
  await client.query(
    `INSERT INTO execution_log (collector, datetime, events_written, notes)
     SELECT 'c' || number % 5, '2026-01-01T00:00:00.000Z', 0, 'No new events' FROM generate_series(1, 20000) AS number`,
  );
  await client.query('ANALYZE execution_log');
  expect(await store.collectors()).toEqual(['c0', 'c1', 'c2', 'c3', 'c4', 'never']);
  expect(await entriesRead(['execution_log'])).toBeLessThan(100);
});
