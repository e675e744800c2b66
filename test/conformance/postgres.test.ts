import { inject } from 'vitest';
import { PostgresStore } from '../../src/stores/postgres/store.js';
import { createDatabase } from '../support/postgres.js';
import { storeSuite } from './store-suite.js';

storeSuite('PostgreSQL', async () => {
  const database = await createDatabase(inject('postgresUrl'));
  return {
    open: () => PostgresStore.open({ url: database.url, name: 'the test database', pool: 4 }),
    remove: database.remove,
  };
});
