import type { Column, CopiedRow, CopiedTable, CopyMark, CopySide } from '../copied-tables.js';
import { type PostgresDatabase, type Queries, withoutNul } from './database.js';
import { monthOf, type Partitions } from './partitions.js';
import { idDigest } from './rows.js';

/** PostgreSQL's side of a copy (see `CopySide`). Tables that find an id by its digest get that too. */
export class PostgresCopySide implements CopySide {
  readonly #db: PostgresDatabase;
  readonly #partitions: Partitions;

  constructor(db: PostgresDatabase, partitions: Partitions) {
    this.#db = db;
    this.#partitions = partitions;
  }

  async rows(table: CopiedTable, after: CopiedRow | null, limit: number): Promise<CopiedRow[]> {
    const values = table.key.map(({ type }, index) => `$${index + 1}${type === 'integer' ? '::bigint' : ''}`);
    const where = after === null ? '' : `WHERE (${table.key.map(ordered).join(', ')}) > (${values.join(', ')})`;
    return this.#db.all<CopiedRow>(
      `SELECT ${table.columns.map(({ name }) => `held."${name}"::text AS "${name}"`).join(', ')} FROM ${table.name} AS held
       ${where} ORDER BY ${table.key.map(ordered).join(', ')} LIMIT ${limit}`,
      ...(after === null ? [] : table.key.map(({ name }) => after[name]!)),
    );
  }

  async lastKey(table: CopiedTable): Promise<CopiedRow | null> {
    const row = await this.#db.get<CopiedRow>(
      `SELECT ${table.key.map(({ name }) => `held."${name}"::text AS "${name}"`).join(', ')} FROM ${table.name} AS held
       ORDER BY ${table.key.map((column) => `${ordered(column)} DESC`).join(', ')} LIMIT 1`,
    );
    return row ?? null;
  }

  async insert(table: CopiedTable, rows: readonly CopiedRow[]): Promise<void> {
    if (table.name === 'audit_events')
      await this.#partitions.make(new Set(rows.map((row) => monthOf(BigInt(row.time_ns!)))), new Date());
    const sent = JSON.stringify(rows.map((row) => sendable(row, hasDigest(table))));
    const names = table.columns.map(({ name }) => `"${name}"`).join(', ');
    const withDigest = hasDigest(table) && table.name !== 'audit_events';
    await this.#db.transaction(async (queries) => {
      await queries.run(
        `WITH page AS MATERIALIZED (
           SELECT * FROM json_to_recordset($1::json) AS row (${[...table.columns.map(({ name, type }) => `"${name}" ${type === 'integer' ? 'bigint' : 'text'}`), 'id_digest text'].join(', ')})
         )${table.name === 'audit_events' ? eventIds : ''}
         INSERT INTO ${table.name} (${names}${withDigest ? ', digest' : ''}${table.name === 'audit_events' ? ', event_time' : ''})
         SELECT ${names}${withDigest ? `, decode(id_digest, 'hex')` : ''}${table.name === 'audit_events' ? `, ${eventTime}` : ''}
         FROM page ${table.name === 'audit_events' ? '' : 'ON CONFLICT DO NOTHING'}`,
        sent,
      );
      if (table.name === 'execution_log') await afterLastLine(queries);
    });
  }

  async copyMark(): Promise<CopyMark | null> {
    return (await this.#db.get<CopyMark>('SELECT source, finished FROM store_copy')) ?? null;
  }

  async setCopyMark({ source, finished }: CopyMark): Promise<void> {
    await this.#db.transaction(async (queries) => {
      await queries.run('DELETE FROM store_copy');
      await queries.run('INSERT INTO store_copy (source, finished) VALUES ($1, $2)', source, finished);
    });
  }
}

const eventTime = `timestamptz 'epoch' + (time_ns / 1000) * interval '1 microsecond'`;

/** A batch that was inserted before is refused here as a whole, by the primary key. */
const eventIds = `, ids AS (
  INSERT INTO audit_event_ids (collector, digest, seq, event_time)
  SELECT collector, decode(id_digest, 'hex'), seq, ${eventTime} FROM page
)`;

/** Texts in the order of their bytes, as SQLite has them. */
function ordered({ name, type }: Column): string {
  return type === 'text' ? `held."${name}" COLLATE "C"` : `held."${name}"`;
}

const digested: ReadonlySet<string> = new Set([
  'audit_events',
  'audit_related_objects',
  'cleared_event_ids',
  'offloaded_event_ids',
]);

function hasDigest({ name }: CopiedTable): boolean {
  return digested.has(name);
}

function sendable(row: CopiedRow, digested: boolean): Record<string, string | null> {
  const values = Object.entries(row).map(([name, value]) => [name, value === null ? null : withoutNul(value)]);
  return { ...Object.fromEntries(values), ...(digested ? { id_digest: idDigest(row.id!).toString('hex') } : {}) };
}

async function afterLastLine(queries: Queries): Promise<void> {
  await queries.run(
    `SELECT setval(pg_get_serial_sequence('execution_log', 'line'), (SELECT max(line) FROM execution_log))`,
  );
}
