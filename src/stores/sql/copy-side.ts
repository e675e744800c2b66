import type { Column, CopiedRow, CopiedTable, CopyMark, CopySide } from '../copied-tables.js';
import { type Dialect, namesOf } from './dialect.js';
import { all, changes, first, type Steps } from './steps.js';

const castTo = { integer: 'bigint', text: 'text' } as const;

/** A copy's side in any database. */
export class SqlCopySide implements CopySide {
  readonly #dialect: Dialect;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  async rows({ name, key, columns }: CopiedTable, after: CopiedRow | null, limit: number): Promise<CopiedRow[]> {
    const order = key.map((column) => this.#ordered(column)).join(', ');
    const places = key.map(({ type }, index) => `CAST($${index + 1} AS ${castTo[type]})`).join(', ');
    return this.#dialect.run(
      all<CopiedRow>(
        `SELECT ${textsOf(columns)} FROM ${name} AS held
         ${after === null ? '' : `WHERE (${order}) > (${places})`} ORDER BY ${order} LIMIT ${limit}`,
        ...(after === null ? [] : key.map((column) => after[column.name]!)),
      ),
    );
  }

  async lastKey({ name, key }: CopiedTable): Promise<CopiedRow | null> {
    const order = key.map((column) => `${this.#ordered(column)} DESC`).join(', ');
    const row = await this.#dialect.run(
      first<CopiedRow>(`SELECT ${textsOf(key)} FROM ${name} AS held ORDER BY ${order} LIMIT 1`),
    );
    return row ?? null;
  }

  async insert(table: CopiedTable, rows: readonly CopiedRow[]): Promise<void> {
    if (table.name !== 'audit_events') return this.#dialect.transaction(insertCopied(this.#dialect, table, rows));
    const times = rows.map((row) => BigInt(row.time_ns!));
    await this.#dialect.makeRoom(times, new Date());
    await this.#dialect.transaction(this.#dialect.insertCopiedEvents(table, rows));
  }

  async copyMark(): Promise<CopyMark | null> {
    const row = await this.#dialect.run(
      first<{ source: string; finished: boolean | number }>('SELECT source, finished FROM store_copy'),
    );
    return row ? { source: row.source, finished: Boolean(row.finished) } : null;
  }

  async setCopyMark(mark: CopyMark): Promise<void> {
    await this.#dialect.transaction(setCopyMark(mark));
  }

  /** Not the text that is selected under the same name. */
  #ordered({ name, type }: Column): string {
    return `held."${name}"${type === 'text' ? this.#dialect.byBytes : ''}`;
  }
}

function textsOf(columns: readonly Column[]): string {
  return columns.map(({ name }) => `CAST(held."${name}" AS text) AS "${name}"`).join(', ');
}

/** Those whose `id` a source gave. */
const withIds: ReadonlySet<string> = new Set(['audit_related_objects', 'cleared_event_ids', 'offloaded_event_ids']);

function* insertCopied(dialect: Dialect, table: CopiedTable, rows: readonly CopiedRow[]): Steps<void> {
  const hasIds = withIds.has(table.name);
  const others = table.columns.filter(({ name }) => !hasIds || name !== 'id');
  const columns = hasIds ? [...others, ...dialect.ids.columns] : others;
  const names = namesOf(columns);
  yield* dialect.insertRows({
    rows: hasIds ? rows.map((row) => dialect.ids.withKey(row)) : rows,
    columns,
    shared: [],
    insert: (source) =>
      `INSERT INTO ${table.name} (${names}) SELECT ${names} FROM ${source} WHERE true ON CONFLICT DO NOTHING`,
  });
  if (table.name === 'execution_log') yield* dialect.goOnAfterLastLine();
}

function* setCopyMark({ source, finished }: CopyMark): Steps<void> {
  yield* changes('DELETE FROM store_copy');
  yield* changes('INSERT INTO store_copy (source, finished) VALUES ($1, $2)', source, finished);
}
