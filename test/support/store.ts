import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { inject, onTestFinished } from 'vitest';
import { DatabaseSync } from '../../src/sqlite-driver.js';
import { type StorePlace, storePlace } from '../../src/stores/place.js';
import { createDatabase } from './postgres.js';

/** The kind of store that this run of the tests uses. */
export const testStore = process.env.TEST_STORE === 'postgres' ? 'postgres' : 'sqlite';

export interface TestStorePlace {
  place: StorePlace;
  /** In the form of TRAWL_STORE. */
  text: string;
  remove(): Promise<void>;
}

/** A place for a new store; the caller removes it after the store is closed. */
export async function makeStorePlace(
  folder = mkdtempSync(join(tmpdir(), 'trawl-test-')),
  kind: StorePlace['kind'] = testStore,
): Promise<TestStorePlace> {
  if (kind === 'postgres') {
    const { url, remove } = await createDatabase(inject('postgresUrl'));
    return { place: storePlace(url, '/', 10)!, text: url, remove };
  }
  const text = `sqlite:${join(folder, 'trawl.db')}`;
  return {
    place: storePlace(text, '/', 1)!,
    text,
    remove: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The same, removed when the test ends, after anything registered later. */
export async function storePlaceOfTest(): Promise<TestStorePlace> {
  const made = await makeStorePlace();
  onTestFinished(made.remove);
  return made;
}

/** Queries the store as another program would. */
export async function query<Row>(place: StorePlace, sql: string): Promise<Row[]> {
  if (place.kind === 'sqlite') {
    const db = new DatabaseSync(place.path, { readOnly: true });
    try {
      return db.prepare(sql).all() as Row[];
    } finally {
      db.close();
    }
  }
  const client = new pg.Client({ connectionString: place.url });
  await client.connect();
  try {
    return (await client.query(sql)).rows as Row[];
  } finally {
    await client.end();
  }
}
