import pg from 'pg';
import { inject } from 'vitest';
import { PostgresStore } from '../../src/stores/postgres/store.js';
import { createDatabase } from '../support/postgres.js';
import { offloadSuite } from './offload-suite.js';
import { type StoreUnderTest, storeSuite } from './store-suite.js';

async function create(): Promise<StoreUnderTest> {
  const database = await createDatabase(inject('postgresUrl'));
  return {
    open: () => PostgresStore.open({ url: database.url, name: 'the test database', pool: 4 }),
    execute: async (sql) => {
      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      await client.query(sql).finally(() => client.end());
    },
    remove: database.remove,
  };
}

storeSuite('PostgreSQL', create);
offloadSuite('PostgreSQL', create);
