import type { Column, CopiedRow, CopiedTable, CopyMark, CopySide } from '../copied-tables.js';
import type { SqliteDatabase } from './database.js';
import { eventIdDigest, moveEventIdsOn, noteEventIds } from './event-ids.js';

/** SQLite's side of a copy (see `CopySide`). */
export class SqliteCopySide implements CopySide {
  readonly #db: SqliteDatabase;

  constructor(db: SqliteDatabase) {
    this.#db = db;
  }

  async rows(table: CopiedTable, after: CopiedRow | null, limit: number): Promise<CopiedRow[]> {
    const values = table.key.map(({ type }) => (type === 'integer' ? 'CAST(? AS INTEGER)' : '?'));
    const where = after === null ? '' : `WHERE (${columnsOf(table.key)}) > (${values.join(', ')})`;
    return this.#db.all<CopiedRow>(
      `SELECT ${table.columns.map(({ name }) => `CAST("${name}" AS TEXT) AS "${name}"`).join(', ')} FROM ${table.name} AS held
       ${where} ORDER BY ${columnsOf(table.key)} LIMIT ${limit}`,
      ...(after === null ? [] : table.key.map(({ name }) => after[name]!)),
    );
  }

  async lastKey(table: CopiedTable): Promise<CopiedRow | null> {
    const row = this.#db.get<CopiedRow>(
      `SELECT ${table.key.map(({ name }) => `CAST("${name}" AS TEXT) AS "${name}"`).join(', ')} FROM ${table.name} AS held
       ORDER BY ${table.key.map(({ name }) => `held."${name}" DESC`).join(', ')} LIMIT 1`,
    );
    return row ?? null;
  }

  async insert(table: CopiedTable, rows: readonly CopiedRow[]): Promise<void> {
    const names = table.columns.map(({ name }) => `"${name}"`).join(', ');
    const values = table.columns.map(({ type }) => (type === 'integer' ? 'CAST(? AS INTEGER)' : '?')).join(', ');
    this.#db.transaction(() => {
      for (const row of rows)
        this.#db.run(
          `INSERT INTO ${table.name} (${names}) VALUES (${values}) ON CONFLICT DO NOTHING`,
          ...table.columns.map(({ name }) => row[name] ?? null),
        );
      if (table.name === 'audit_events') noteCopied(this.#db, rows);
    });
  }

  async copyMark(): Promise<CopyMark | null> {
    const row = this.#db.get<{ source: string; finished: number }>('SELECT source, finished FROM store_copy');
    return row ? { source: row.source, finished: row.finished === 1 } : null;
  }

  async setCopyMark({ source, finished }: CopyMark): Promise<void> {
    this.#db.transaction(() => {
      this.#db.run('DELETE FROM store_copy');
      this.#db.run('INSERT INTO store_copy (source, finished) VALUES (?, ?)', source, finished ? 1 : 0);
    });
  }
}

/** Of events, which come in the order of collector and sequence number; numbers of cleared ones are missing. */
function noteCopied(db: SqliteDatabase, rows: readonly CopiedRow[]): void {
  let run: { collector: string; digests: number[]; lastSeq: number } | undefined;
  for (const { collector, seq, id } of rows as readonly Record<'collector' | 'seq' | 'id', string>[]) {
    const follows =
      run !== undefined && run.collector === collector && Number(seq) === run.lastSeq + run.digests.length + 1;
    if (!follows) {
      if (run) noteEventIds(db, run.digests, run.lastSeq);
      run = { collector, digests: [], lastSeq: Number(seq) - 1 };
    }
    run!.digests.push(eventIdDigest(collector, id));
  }
  if (run) noteEventIds(db, run.digests, run.lastSeq);
  moveEventIdsOn(db, rows.length);
}

/** Not the texts that are selected under the same names. */
function columnsOf(columns: readonly Column[]): string {
  return columns.map(({ name }) => `held."${name}"`).join(', ');
}
