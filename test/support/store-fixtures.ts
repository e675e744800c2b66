import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import pg from 'pg';
import { root } from '../../scripts/setup.mjs';
import { DatabaseSync } from '../../src/sqlite-driver.js';

/** The demo team from which the fixtures' stores were collected, in pages of 100. */
export const fixtureDemo = { events: 250, anchorMs: Date.parse('2026-11-01T00:00:00Z') };

/** Output of the version that made a store, about that store. */
export interface Told {
  /** Lines of `trawl events asa --format ndjson`. */
  events: string[];
  log: unknown[];
  env: unknown;
}

type Rows = Record<string, unknown[]>;

export interface StoreFixture extends Told {
  /** For SQLite: the file. */
  file?: Buffer;
  /** For PostgreSQL: the rows of each table. */
  tables?: Rows;
}

function fixturePath(kind: 'sqlite' | 'postgres', version: number, extension = 'json'): string {
  return join(root, 'test', 'fixtures', 'stores', `${kind}-v${version}.${extension}.gz`);
}

export function hasFixture(kind: 'sqlite' | 'postgres', version: number): boolean {
  return existsSync(fixturePath(kind, version));
}

export function readFixture(kind: 'sqlite' | 'postgres', version: number): StoreFixture {
  const unpacked = (extension: string) => gunzipSync(readFileSync(fixturePath(kind, version, extension)));
  const contents = JSON.parse(unpacked('json').toString()) as StoreFixture;
  return kind === 'sqlite' ? { ...contents, file: unpacked('db') } : contents;
}

export function writeFixture(kind: 'sqlite' | 'postgres', version: number, { file, ...contents }: StoreFixture): void {
  const packed = (extension: string, content: string | Buffer) =>
    writeFileSync(fixturePath(kind, version, extension), gzipSync(content, { level: 9 }));
  packed('json', JSON.stringify(contents));
  if (file) packed('db', file);
}

/** The version of a file's schema, and its bytes with nothing left in the WAL. */
export function sqliteFile(path: string): { version: number; file: Buffer } {
  const db = new DatabaseSync(path);
  const version = Number(db.prepare('PRAGMA user_version').get().user_version);
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  db.close();
  return { version, file: readFileSync(path) };
}

const tablesSql = `SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'trawl_schema' ORDER BY 1`;

export async function postgresRows(url: string): Promise<{ version: number; tables: Rows }> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const tables: Rows = {};
    // As texts: a number of JSON loses the last digits of a time in nanoseconds.
    const texts = '(SELECT json_object_agg(key, value) FROM json_each_text(row_to_json(t)))';
    for (const { name } of (await client.query(tablesSql)).rows)
      tables[name] = (
        await client.query(`SELECT coalesce(json_agg(${texts}), '[]') AS rows FROM "${name}" t`)
      ).rows[0].rows;
    const { version } = (await client.query('SELECT max(version) AS version FROM trawl_schema')).rows[0];
    return { version, tables };
  } finally {
    await client.end();
  }
}

/** A database as a version left it: the schema from the first migrations, and the rows. */
export async function restoreRows(url: string, migrations: readonly string[], tables: Rows): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(
      'CREATE TABLE trawl_schema (version integer PRIMARY KEY, migrated_at timestamptz NOT NULL DEFAULT now())',
    );
    for (const [index, sql] of migrations.entries()) {
      await client.query(sql);
      await client.query('INSERT INTO trawl_schema (version) VALUES ($1)', [index + 1]);
    }
    for (const [name, rows] of Object.entries(tables)) {
      await client.query(`DELETE FROM "${name}"`);
      await client.query(`INSERT INTO "${name}" SELECT * FROM json_populate_recordset(NULL::"${name}", $1)`, [
        JSON.stringify(rows),
      ]);
    }
    await client.query(
      `SELECT setval(pg_get_serial_sequence('execution_log', 'line'), (SELECT coalesce(max(line), 1) FROM execution_log))`,
    );
  } finally {
    await client.end();
  }
}
