import pg from 'pg';
import { expect, inject, it, onTestFinished } from 'vitest';
import { PostgresStore } from '../../src/stores/postgres/store.js';
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
  /** Index entries read from these tables. Closes the store, since connections report statistics when they end. */
  const entriesRead = async (tables: string[]): Promise<number> => {
    await store.close();
    const { rows } = await client.query(
      'SELECT sum(idx_tup_read)::int AS entries FROM pg_stat_user_indexes WHERE relname LIKE ANY($1)',
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
  const entries = await entriesRead(['audit_events%']);
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
