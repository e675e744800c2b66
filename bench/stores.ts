import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { DatabaseSync } from '../src/sqlite-driver.js';
import { type StorePlace, storePlace } from '../src/stores/place.js';
import { createDatabase, startPostgres, type TestPostgres } from '../test/support/postgres.js';
import type { StoreKind } from './sizes.js';

export const storeNames: Readonly<Record<StoreKind, string>> = { sqlite: 'SQLite', postgres: 'PostgreSQL' };

/** An empty store for one measurement. */
export interface BenchStore {
  kind: StoreKind;
  /** In the form of TRAWL_STORE. */
  text: string;
  place: StorePlace;
  remove(): Promise<void>;
}

/** Makes stores, and starts a PostgreSQL server (`fsync` on) when the first one needs it. */
export class Stores {
  #postgres: TestPostgres | undefined;

  async make(kind: StoreKind): Promise<BenchStore> {
    if (kind === 'postgres') {
      this.#postgres ??= await startPostgres({ fsync: 'on' });
      const { url, remove } = await createDatabase(this.#postgres.url);
      return { kind, text: url, place: storePlace(url, '/', 10)!, remove };
    }
    const folder = mkdtempSync(join(tmpdir(), 'trawl-bench-store-'));
    const text = `sqlite:${join(folder, 'trawl.db')}`;
    const remove = async () => rmSync(folder, { recursive: true, force: true });
    return { kind, text, place: storePlace(text, '/', 1)!, remove };
  }

  /** Process id of the PostgreSQL server. */
  pid(): number | undefined {
    return this.#postgres?.pid();
  }

  async close(): Promise<void> {
    await this.#postgres?.remove();
  }
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

/** Collects steps that close things again, last first, whatever happens. */
export class Closing {
  readonly #steps: (() => unknown)[] = [];

  later(step: () => unknown): void {
    this.#steps.unshift(step);
  }

  async close(): Promise<void> {
    for (const step of this.#steps.splice(0)) await step();
  }
}

/** Runs `body`, and afterwards closes what it registered. */
export async function closing<T>(body: (closing: Closing) => Promise<T>): Promise<T> {
  const all = new Closing();
  try {
    return await body(all);
  } finally {
    await all.close();
  }
}
