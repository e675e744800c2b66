import pg from 'pg';
import { afterAll, beforeAll, expect, inject, it, onTestFinished } from 'vitest';
import { PostgresStore } from '../../src/stores/postgres/store.js';
import { until } from '../support/collection.js';
import { createDatabase, onServer } from '../support/postgres.js';
import { createRoles, LentDatabases, type RolesDatabase } from '../support/postgres-roles.js';
import { anchorsSuite } from './anchors-suite.js';
import { clearingSuite } from './clearing-suite.js';
import { eventsSuite } from './events-suite.js';
import { fixed, offloadSuite } from './offload-suite.js';
import { event, page } from './pages.js';
import { proofFactsSuite } from './proof-facts-suite.js';
import { proofSuite } from './proof-suite.js';
import { provenFilesSuite } from './proven-files-suite.js';
import { type StoreUnderTest, storeSuite } from './store-suite.js';

let roles: RolesDatabase;
let databases: LentDatabases;
beforeAll(async () => {
  roles = await createRoles(inject('postgresUrl'));
  databases = new LentDatabases(roles);
});
afterAll(async () => {
  await databases.remove();
  await roles.remove();
});

/** With the rights that docs/postgres.md grants to workers, so that every statement of the store is tried with them. */
async function create(): Promise<StoreUnderTest> {
  const { collector, owner, giveBack } = await databases.lend();
  return {
    open: () => PostgresStore.open({ url: collector, name: 'the test database', pool: 4 }),
    openAsOwner: () => PostgresStore.open({ url: owner, name: 'the test database', pool: 4 }),
    execute: (sql) => onServer(owner, sql),
    remove: giveBack,
  };
}

storeSuite('PostgreSQL', create);
eventsSuite('PostgreSQL', create);
offloadSuite('PostgreSQL', create);
proofSuite('PostgreSQL', create);
anchorsSuite('PostgreSQL', create);
provenFilesSuite('PostgreSQL', create);
proofFactsSuite('PostgreSQL', create);
clearingSuite('PostgreSQL', create, 15);

it('what a repetition is just fixing is not cleared meanwhile', async () => {
  const database = await createDatabase(inject('postgresUrl'));
  onTestFinished(database.remove);
  const store = await PostgresStore.open({ url: database.url, name: 'the test database', pool: 4 });
  onTestFinished(() => store.close());
  const events = Array.from({ length: 100 }, (_, at) => event(`e${at}`));
  await store.writePage(page(events, { nextOffset: 'next' }));
  const sink = { collector: 'asa', sink: 'siem' };
  const fix = (series: string) => fixed(store, { ...sink, series, eventsMax: 1_000 });
  await store.offload.confirmBatch((await fix(''))!, { objects: [], bytes: 0, refused: [], goneEvents: 0 });

  // Stops the fixing between its choice of events and the row of its batch.
  const other = new pg.Client({ connectionString: database.url });
  await other.connect();
  onTestFinished(() => other.end());
  await other.query('BEGIN; LOCK TABLE offload_batches IN SHARE MODE');
  const waiting = async () =>
    Number((await other.query('SELECT count(*) AS n FROM pg_locks WHERE NOT granted')).rows[0].n);
  const fixing = fix('january');
  await until('the fixing waits', async () => (await waiting()) > 0);
  let cleared: number | undefined;
  const clear = { collector: 'asa', sinks: ['siem'], beforeNs: 2n ** 62n, eventsMax: 1_000 };
  const clearing = store.offload.clearConfirmed(clear).then((count) => {
    cleared = count;
  });
  await until('the clearing waits or is done', async () => cleared !== undefined || (await waiting()) > 1);
  await other.query('COMMIT');
  const batch = (await fixing)!;
  await clearing;
  expect({ events: batch.events, stored: (await store.offload.batchEvents(batch)).length }).toEqual({
    events: 100,
    stored: 100,
  });
});
