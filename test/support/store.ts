import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import pg from 'pg';
import { inject, onTestFinished } from 'vitest';
import { type StorePlace, storePlace } from '../../src/stores/place.js';
import { createDatabase } from './postgres.js';

/** Which store the tests of this run use. */
export const testStore = process.env.TEST_STORE === 'postgres' ? 'postgres' : 'sqlite';

export interface TestStorePlace {
  place: StorePlace;
  /** As TRAWL_STORE names it. */
  text: string;
  remove(): Promise<void>;
}

/** A place for a store of its own; to be removed when the store is closed. */
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

/** The same, removed when the test ends, after what is registered later. */
export async function storePlaceOfTest(): Promise<TestStorePlace> {
  const made = await makeStorePlace();
  onTestFinished(made.remove);
  return made;
}

/** What another program reads there. */
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
