import pg from 'pg';
import { expect, inject, it, onTestFinished } from 'vitest';
import { PostgresStore } from '../../src/stores/postgres/store.js';
import { event, page } from '../conformance/pages.js';
import { until } from '../support/collection.js';
import { createDatabase } from '../support/postgres.js';

async function freshStore() {
  const { url, remove } = await createDatabase(inject('postgresUrl'));
  onTestFinished(remove);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  const open = async () => {
    const store = await PostgresStore.open({ url, name: 'the test database', pool: 4 });
    onTestFinished(() => store.close().catch(() => undefined));
    return store;
  };
  /** The partitions in which events are, and those that are empty. */
  const partitions = async () =>
    (
      await client.query<{ name: string }>(
        `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'audit_events'::regclass ORDER BY 1`,
      )
    ).rows.map(({ name }) => name);
  const partOf = async (id: string) =>
    (await client.query('SELECT tableoid::regclass::text AS part FROM audit_events WHERE id = $1', [id])).rows[0]?.part;
  return { url, client, open, partitions, partOf };
}

/** The first of the month that is so many months after the present one. */
function monthFromNow(months: number): Date {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + months, 1));
}

const nameOf = (month: Date) => `audit_events_${month.toISOString().slice(0, 7).replace('-', '_')}`;

async function write(store: PostgresStore, id: string, month: Date, collector = 'asa') {
  const { lastOffset: offset, generation } = await store.checkpoint(collector);
  const one = event(id, { timestamp: month.toISOString(), timeNs: BigInt(month.getTime()) * 1_000_000n });
  return store.writePage(page([one], { collector, offset, generation, nextOffset: id, more: true }));
}

it('makes the partitions of the coming months before anything happens in them', async () => {
  const { open, partitions, partOf } = await freshStore();
  const store = await open();
  await write(store, 'now', monthFromNow(0));
  await store.close();
  expect(await partitions()).toEqual(
    ['audit_events_other', ...[0, 1, 2, 3].map((each) => nameOf(monthFromNow(each)))].sort(),
  );
  const later = await open();
  await write(later, 'next', monthFromNow(1));
  expect(await partOf('next')).toBe(nameOf(monthFromNow(1)));
});

it('goes on while a dump or a long query reads the table, also with the first event of a month, and drops nothing then', async () => {
  const { client, open, partitions, partOf } = await freshStore();
  const store = await open();
  await write(store, 'old', monthFromNow(-2));
  await write(store, 'now', monthFromNow(0));
  await store.close();
  const reopened = await open();
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
  await client.query('SELECT count(*) FROM audit_events');
  const strange = monthFromNow(-9);
  const [written] = await Promise.all([
    write(reopened, 'strange', strange),
    write(reopened, 'beside', monthFromNow(0), 'other'),
    reopened.events({ collector: 'asa', afterSeq: 0 }, 10),
  ]);
  expect(written.outcome).toBe('written');
  expect(await write(reopened, 'again', strange)).toMatchObject({ outcome: 'written' });
  await reopened.clearEvents('asa', ['k']);
  while (await reopened.removeCleared('asa', 10));
  await reopened.offload.shrink();
  await client.query('COMMIT');
  expect(await partitions()).toContain(nameOf(monthFromNow(-2)));
  expect(await partitions()).not.toContain(nameOf(strange));
  await write(reopened, 'late', strange);
  expect(await partOf('late')).toBe('audit_events_other');
  await reopened.offload.shrink();
  expect(await partitions()).not.toContain(nameOf(monthFromNow(-2)));
});

it('makes partitions ahead also where the one for others is large, without reading it while others wait', async () => {
  const { client, open, partitions } = await freshStore();
  const store = await open();
  await client.query(
    `INSERT INTO audit_events_other
     SELECT 'asa', number, number::text, '', timestamptz '1990-01-01', 631152000000000000, '', '', '', '', '', '', '', '', '', '',
       repeat('x', 1000), NULL, '' FROM generate_series(1, 20000) AS number`,
  );
  // As a process has left it that died meanwhile.
  const left = nameOf(monthFromNow(1)).replace('audit_events_', 'audit_events_other_excludes_');
  await client.query(
    `ALTER TABLE audit_events_other ADD CONSTRAINT ${left} CHECK (event_time < '2020-01-01') NOT VALID`,
  );
  const past = monthFromNow(-5);
  expect(await write(store, 'past', past, 'other')).toMatchObject({ outcome: 'written' });
  const ahead = [1, 2, 3].map((each) => nameOf(monthFromNow(each)));
  let made: string[] = [];
  await until('they are there', async () => {
    made = await partitions();
    return ahead.every((name) => made.includes(name));
  });
  await store.close();
  expect(made).not.toContain(nameOf(past));
  const { rows } = await client.query(`SELECT 1 FROM pg_constraint WHERE conname LIKE 'audit_events_other_excludes%'`);
  expect(rows).toEqual([]);
});
