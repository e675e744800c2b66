import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { settingsChange } from '../../src/settings/change.js';
import { migrations } from '../../src/stores/postgres/migrations.js';
import { ownerFunctions } from '../../src/stores/postgres/owner-functions.js';
import { PostgresStore } from '../../src/stores/postgres/store.js';
import { fixed } from '../conformance/offload-suite.js';
import { event, idleRun, page } from '../conformance/pages.js';
import { TestCollection } from '../support/collection.js';
import { blockThatBegins } from '../support/doc-blocks.js';
import { createDatabase, onServer } from '../support/postgres.js';
import { createRoles, type RolesDatabase } from '../support/postgres-roles.js';
import { restoreRows } from '../support/store-fixtures.js';

let roles: RolesDatabase;
beforeAll(async () => {
  roles = await createRoles(inject('postgresUrl'));
});
afterAll(() => roles.remove());

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

async function opened(url: string): Promise<PostgresStore> {
  const store = await PostgresStore.open({ url, name: 'the test database', pool: 4 });
  onTestFinished(() => store.close());
  return store;
}

/** A copy of the database, with a store and a connection for the collector's role. */
async function copied() {
  const urls = await roles.copy();
  onTestFinished(urls.remove);
  return { ...urls, store: await opened(urls.collector), client: await connected(urls.collector) };
}

/** The first of the month that is so many months after the present one. */
function monthFromNow(months: number): Date {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + months, 1));
}

const dayOf = (month: Date) => month.toISOString().slice(0, 10);
const partOf = (month: Date) => `audit_events_${dayOf(month).slice(0, 7).replace('-', '_')}`;

async function write(store: PostgresStore, id: string, month: Date): Promise<void> {
  const { lastOffset: offset, generation } = await store.checkpoint('asa');
  const one = event(id, { timestamp: month.toISOString(), timeNs: BigInt(month.getTime()) * 1_000_000n });
  const written = await store.writePage(page([one], { key: id, offset, generation, nextOffset: id }));
  expect(written.outcome).toBe('written');
}

const partitionsOf = async (client: pg.Client) =>
  (
    await client.query<{ name: string }>(
      `SELECT relname AS name FROM pg_inherits JOIN pg_class ON oid = inhrelid WHERE inhparent = 'audit_events'::regclass`,
    )
  ).rows.map(({ name }) => name);

const refused = { code: '42501' };

describe("the collector's role of docs/postgres.md", () => {
  it('collects, offloads and clears over months, and keeps the log for as long as it should', async () => {
    const { store, client, owner } = await copied();
    const collection = await TestCollection.start({ events: 300 }, {}, store);
    await collection.collect();
    await collection.expectComplete();
    await store.resetCheckpoint('asa', ['reset']);
    const [past, present] = [monthFromNow(-30), monthFromNow(0)];
    await write(store, 'past', past);
    await write(store, 'present', present);
    expect(await partitionsOf(client)).toEqual(expect.arrayContaining([partOf(past), partOf(present)]));
    for (let batch = await fixed(store, { eventsMax: 1_000 }); batch; batch = await fixed(store, { eventsMax: 1_000 }))
      await store.offload.confirmBatch(batch, { objects: [], bytes: 0, refused: [], goneEvents: 0 });
    const beforeNs = BigInt(monthFromNow(-29).getTime()) * 1_000_000n;
    const clearing = { collector: 'asa', sinks: ['archive'], beforeNs, eventsMax: 1_000 };
    expect(await store.offload.clearConfirmed(clearing)).toBe(1);
    await store.offload.shrink();
    const left = await partitionsOf(client);
    expect(left).toContain(partOf(present));
    expect(left).not.toContain(partOf(past));

    await onServer(owner, "UPDATE execution_log SET datetime = '2020-01-01T00:00:00.000Z' WHERE key = 'reset'");
    const lines = async () => (await store.executionLog({ limit: 100 })).length;
    const before = await lines();
    await store.offload.prune('asa', { before: { log: new Date().toISOString() }, rowsMax: 100 });
    expect(await lines()).toBe(before - 1);
    expect(await store.removeCollector('asa', settingsChange('a test', 'remove', []))).toBe(true);
  });

  it('changes no event, no row of the ledger and no line of the log, and touches no table', async () => {
    const { client, store } = await copied();
    await write(store, 'one', monthFromNow(0));
    const tries = [
      "UPDATE audit_events SET actor = 'nobody'",
      `UPDATE ${partOf(monthFromNow(0))} SET actor = 'nobody'`,
      `DELETE FROM ${partOf(monthFromNow(0))}`,
      'UPDATE audit_event_ids SET seq = 0',
      'UPDATE audit_pages SET new_events = 0',
      'DELETE FROM audit_pages',
      "UPDATE execution_log SET notes = ''",
      'DELETE FROM execution_log',
      // Later lines would come before this one.
      "INSERT INTO execution_log (line, collector, datetime, events_written, notes) VALUES (9e15, 'asa', '', 0, '')",
      "SELECT setval('execution_log_line_seq', 1)",
      "UPDATE rejected_events SET raw = ''",
      'DELETE FROM rejected_events',
      'DELETE FROM refused_events',
      'DELETE FROM retention_gaps',
      'DELETE FROM audit_checkpoints',
      'UPDATE trawl_schema SET version = 0',
      'UPDATE store_identity SET id = id',
      'TRUNCATE audit_events',
      'ALTER TABLE audit_events ADD COLUMN more text',
      'DROP TABLE audit_events_other',
      'CREATE TABLE more ()',
      'CREATE FUNCTION more() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
      'CREATE TRIGGER more BEFORE INSERT ON audit_events EXECUTE FUNCTION suppress_redundant_updates_trigger()',
      'CREATE OR REPLACE FUNCTION prune_execution_log(text, text, bigint) RETURNS bigint LANGUAGE sql AS $$ SELECT 1 $$',
    ];
    for (const sql of tries) await expect(client.query(sql), sql).rejects.toMatchObject(refused);
    await expect(client.query('DELETE FROM audit_events')).resolves.toMatchObject({ rowCount: 1 });
  });
});

it("the reader's role of docs/postgres.md reads what was collected, but no settings, and writes nothing", async () => {
  const urls = await copied();
  await write(urls.store, 'one', monthFromNow(0));
  const reader = await connected(urls.reader);
  const { rows } = await reader.query(
    'SELECT e.id, p.number FROM audit_events e JOIN audit_pages p ON e.seq BETWEEN p.first_seq AND p.last_seq',
  );
  expect(rows).toEqual([{ id: 'one', number: '1' }]);
  for (const table of ['execution_log', 'audit_checkpoints', 'rejected_events', 'offload_batches', 'clearings'])
    await reader.query(`SELECT * FROM ${table}`);
  const tables = await reader.query<{ name: string }>(
    "SELECT relname AS name FROM pg_class WHERE relnamespace = 'audit'::regnamespace AND relkind IN ('r', 'p')",
  );
  expect(tables.rows.length).toBeGreaterThan(15);
  const can = 'bool_or(has_table_privilege($1, privilege)) AS can';
  for (const { name } of tables.rows) {
    const { rows } = await reader.query(
      `SELECT ${can} FROM unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER', 'REFERENCES']) AS privilege`,
      [name],
    );
    expect(rows, name).toEqual([{ can: false }]);
  }
  for (const sql of [
    'SELECT value FROM environment_variables',
    'SELECT body FROM staged_pages',
    "SELECT prune_execution_log('asa', '2000-01-01T00:00:00Z', 1)",
    "SELECT drop_empty_events_partition('2000-01-01')",
    "SELECT make_events_partition('2026-01-01', 'create')",
  ])
    await expect(reader.query(sql), sql).rejects.toMatchObject(refused);
});

describe('the SQL of docs/postgres.md', () => {
  it('sets up a database in which its owner makes the tables', async () => {
    const server = inject('postgresUrl');
    // A name of its own, since roles and databases belong to the whole server. Each statement runs by itself, as in psql.
    const name = `one_${randomBytes(8).toString('hex')}`;
    const block = blockThatBegins('docs/postgres.md', '-- One role')
      .replaceAll('trawl', name)
      .replaceAll('…', 'secret');
    onTestFinished(() => onServer(server, `DROP DATABASE IF EXISTS ${name}`, `DROP ROLE IF EXISTS ${name}`));
    await onServer(server, ...block.split(/(?<=;)\n/).filter((each) => each !== ''));
    const url = Object.assign(new URL(server), { username: name, password: 'secret', pathname: `/${name}` }).href;
    const store = await PostgresStore.open({ url, name: 'the test database', pool: 4 });
    try {
      await write(store, 'one', monthFromNow(0));
    } finally {
      await store.close();
    }
  });

  it('drops a month with all that is known of its events, and no other', async () => {
    const urls = await copied();
    const store = await opened(urls.owner);
    const months = ['2024-04', '2024-05', '2024-06'].map((month) => new Date(`${month}-01T00:00:00Z`));
    for (const [at, month] of months.entries()) await write(store, `event ${at}`, month);
    await write(store, 'last of the month', new Date('2024-05-31T23:59:59.999Z'));
    await roles.run('Dropping a month', urls.owner);
    const { rows } = await urls.client.query(
      'SELECT e.id, i.event_time IS NOT NULL AS known FROM audit_events e FULL JOIN audit_event_ids i USING (seq) ORDER BY 1',
    );
    expect(rows).toEqual(['event 0', 'event 2'].map((id) => ({ id, known: true })));
  });
});

it('repeating the grants takes away what a role had before', async () => {
  const urls = await createRoles(inject('postgresUrl'));
  onTestFinished(urls.remove);
  const { username } = new URL(urls.collector);
  await onServer(urls.owner, `GRANT ALL ON ALL TABLES IN SCHEMA audit TO ${username}`);
  await urls.run('Grants', urls.owner);
  const client = await connected(urls.collector);
  await expect(client.query('UPDATE audit_events SET actor = actor')).rejects.toMatchObject(refused);
});

describe('the functions that run as the owner', () => {
  it('find nothing by name but what belongs to PostgreSQL, and are for granted roles only', async () => {
    const { client } = await copied();
    const { rows } = await client.query(
      `SELECT proname AS name, proconfig AS config, has_function_privilege('public', oid, 'EXECUTE') AS "forAll"
       FROM pg_proc WHERE prosecdef AND pronamespace = 'audit'::regnamespace ORDER BY proname`,
    );
    expect(rows.map(({ name }) => name)).toEqual([
      'drop_empty_events_partition',
      'make_events_partition',
      'prune_execution_log',
    ]);
    for (const { config, forAll } of rows) {
      expect(config).toContain('search_path=pg_catalog, pg_temp');
      expect(forAll).toBe(false);
    }
  });

  it('do not run what another role has put beside the tables', async () => {
    const { client, owner, collector, store } = await copied();
    const { username } = new URL(collector);
    // As PostgreSQL 14 lets everybody do in the schema public.
    await onServer(owner, `GRANT CREATE ON SCHEMA audit TO ${username}`);
    const planted = [
      ['to_char', 'date, text', 'text', "'2026_01'::text"],
      ['abs', 'double precision', 'double precision', '0::float8'],
      ['format', 'text, text', 'text', "''::text"],
    ];
    for (const [name, parameters, result, value] of planted)
      await client.query(
        `CREATE FUNCTION audit.${name}(${parameters}) RETURNS ${result} LANGUAGE plpgsql AS $$ BEGIN
           RAISE EXCEPTION 'runs as %', current_user; RETURN ${value}; END $$`,
      );
    const month = monthFromNow(-40);
    await client.query("SELECT make_events_partition($1, 'create')", [dayOf(month)]);
    await client.query('SELECT drop_empty_events_partition($1)', [dayOf(month)]);
    await client.query("SELECT prune_execution_log('asa', '2000-01-01T00:00:00Z', 1)");
    await write(store, 'one', monthFromNow(0));
  });

  it('make a partition only of a near month, by a known step', async () => {
    const { client } = await copied();
    const make = (month: string | null, step: string | null) =>
      client.query('SELECT make_events_partition($1, $2)', [month, step]);
    for (const [month, step] of [
      ['1900-01-01', 'create'],
      ['9999-01-01', 'create'],
      [null, 'create'],
      ['2026-01-01', 'drop'],
      ['2026-01-01', null],
    ] as const)
      await expect(make(month, step)).rejects.toMatchObject({ code: '22023' });
  });

  it('drop a partition only if it is empty, its month is over, and nothing can have come in unseen', async () => {
    const { client, store, collector } = await copied();
    const [past, empty] = [monthFromNow(-3), monthFromNow(-4)];
    await write(store, 'past', past);
    await client.query("SELECT make_events_partition($1, 'create')", [dayOf(empty)]);
    const drop = async (month: string | null, by = client) =>
      (await by.query('SELECT drop_empty_events_partition($1) AS dropped', [month])).rows[0].dropped;
    const kept = [dayOf(past), dayOf(monthFromNow(0)), dayOf(monthFromNow(1)), '1990-01-01', null];
    for (const month of kept) expect(await drop(month), String(month)).toBe(false);
    const other = await connected(collector);
    await other.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await expect(drop(dayOf(empty), other)).rejects.toMatchObject({ code: '25001' });
    expect(await drop(dayOf(empty))).toBe(true);
    expect(await store.eventCount('asa')).toBe(1);
  });

  it('drop partitions for a store whose database has another isolation by default', async () => {
    const { superuser, collector, client } = await copied();
    await onServer(
      superuser,
      `ALTER DATABASE ${new URL(superuser).pathname.slice(1)} SET default_transaction_isolation = 'serializable'`,
    );
    const empty = monthFromNow(-4);
    await client.query("SELECT make_events_partition($1, 'create')", [dayOf(empty)]);
    await (await opened(collector)).offload.shrink();
    expect(await partitionsOf(client)).not.toContain(partOf(empty));
  });

  it('delete no line of the last day, of another collector, or without a time and a number', async () => {
    const { client, store } = await copied();
    await idleRun(store, 'asa', 'a');
    await idleRun(store, 'other', 'b');
    const prune = async (collector: string | null, before: string | null, linesMax: number | null) =>
      (await client.query('SELECT prune_execution_log($1, $2, $3) AS n', [collector, before, linesMax])).rows[0].n;
    expect(await prune('asa', '9999-01-01T00:00:00Z', 100)).toBe('0');
    expect(await prune('other', new Date().toISOString(), 100)).toBe('0');
    expect(await prune(null, '9999-01-01T00:00:00Z', 100)).toBe('0');
    for (const [before, linesMax] of [
      ['~', 1],
      ['', 1],
      [null, 1],
      ['9999-01-01T00:00:00Z', 0],
      ['9999-01-01T00:00:00Z', 1e9],
      ['9999-01-01T00:00:00Z', null],
    ] as const)
      await expect(prune('asa', before, linesMax)).rejects.toMatchObject({ code: '22023' });
    expect(await store.executionLog({ limit: 10 })).toHaveLength(2);
  });

  it('come with an upgrade for the roles that could do the same before', async () => {
    const { url, remove } = await createDatabase(inject('postgresUrl'));
    const name = new URL(url).pathname.slice(1);
    onTestFinished(() => onServer(inject('postgresUrl'), `DROP ROLE IF EXISTS worker_${name}, unrelated_${name}`));
    onTestFinished(remove);
    await restoreRows(url, migrations.slice(0, migrations.indexOf(ownerFunctions)), {});
    await onServer(
      url,
      `CREATE ROLE worker_${name} LOGIN PASSWORD 'secret'`,
      `CREATE ROLE unrelated_${name}`,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO worker_${name}`,
      `GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO worker_${name}`,
      `GRANT SELECT ON ALL TABLES IN SCHEMA public TO unrelated_${name}`,
      "INSERT INTO execution_log (collector, datetime, events_written, notes) VALUES ('asa', '2020-01-01T00:00:00Z', 0, '')",
    );
    await opened(url);
    const store = await opened(Object.assign(new URL(url), { username: `worker_${name}`, password: 'secret' }).href);
    await write(store, 'one', monthFromNow(0));
    await store.offload.prune('asa', { before: { log: '2021-01-01T00:00:00.000Z' }, rowsMax: 10 });
    expect(await store.executionLog({ limit: 10 })).toHaveLength(1);
    await store.offload.shrink();
    const client = await connected(url);
    const { rows } = await client.query(
      `SELECT has_function_privilege($1, oid, 'EXECUTE') AS can FROM pg_proc WHERE prosecdef`,
      [`unrelated_${name}`],
    );
    expect(rows).toEqual([{ can: false }, { can: false }, { can: false }]);
  });
});
