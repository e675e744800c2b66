import { afterAll, beforeAll, beforeEach, inject } from 'vitest';
import { PostgresStore } from '../../src/stores/postgres/store.js';
import { createDatabase, onServer } from '../support/postgres.js';
import { archiveSuite } from './archive-suite.js';
import { querySuite } from './query-suite.js';

let database: Awaited<ReturnType<typeof createDatabase>>;
let store: PostgresStore;
beforeAll(async () => {
  database = await createDatabase(inject('postgresUrl'));
  store = await PostgresStore.open({ url: database.url, name: 'the test database', pool: 2 });
});
afterAll(async () => {
  await store.close();
  await database.remove();
});
beforeEach(() => onServer(database.url, 'TRUNCATE audit_events, audit_event_ids, audit_checkpoints, audit_pages'));

querySuite(
  'PostgreSQL',
  async () => ({ store, place: { kind: 'postgres', name: 'the test database', url: database.url, pool: 2 } }),
  [
    'SET TRANSACTION READ WRITE',
    'DO $$ BEGIN SET TRANSACTION READ WRITE; DELETE FROM audit_events; END $$',
    'COMMIT',
    'LOCK TABLE audit_events IN EXCLUSIVE MODE',
    "SELECT nextval('nowhere')",
    "COPY audit_events TO '/tmp/trawl-must-not-be-there'",
  ],
);

archiveSuite('PostgreSQL', async () => store);
