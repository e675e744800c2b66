import type { Column, CopiedRow, CopiedTable, CopyMark, CopySide } from '../copied-tables.js';
import { type Dialect, namesOf, type Row } from './dialect.js';
import { all, changes, first, insert, type Steps } from './steps.js';

const castTo = { integer: 'bigint', text: 'text', bytes: 'bytea' } as const;

/** Access to the rows of any database for copying. */
export function copySide(dialect: Dialect): CopySide {
  /** Qualified with `held`, since the select list has a text of the same name. */
  const ordered = ({ name, type }: Column) => `held."${name}"${type === 'text' ? dialect.byBytes : ''}`;
  const textOf = ({ name, type }: Column) => {
    const held = `held."${name}"`;
    return `${type === 'bytes' ? dialect.hexOf(held) : `CAST(${held} AS text)`} AS "${name}"`;
  };
  const textsOf = (columns: readonly Column[]) => columns.map(textOf).join(', ');
  return {
    rows: ({ name, key, columns }, after, limit) => {
      const order = key.map(ordered).join(', ');
      const places = key.map(({ type }, index) => `CAST($${index + 1} AS ${castTo[type]})`).join(', ');
      const sql = `SELECT ${textsOf(columns)} FROM ${name} AS held
        ${after === null ? '' : `WHERE (${order}) > (${places})`} ORDER BY ${order} LIMIT ${limit}`;
      return dialect.run(all<CopiedRow>(sql, ...(after === null ? [] : key.map((column) => after[column.name]!))));
    },
    lastKey: async ({ name, key }) => {
      const order = key.map((column) => `${ordered(column)} DESC`).join(', ');
      const sql = `SELECT ${textsOf(key)} FROM ${name} AS held ORDER BY ${order} LIMIT 1`;
      return (await dialect.run(first<CopiedRow>(sql))) ?? null;
    },
    insert: async (table, rows) => {
      if (table.name !== 'audit_events') return dialect.transaction(insertCopied(dialect, table, rows));
      const times = rows.map((row) => BigInt(row.time_ns!));
      await dialect.makeRoom(times, new Date());
      await dialect.transaction(dialect.insertCopiedEvents(table, rows));
    },
    copyMark: async () => {
      const row = await dialect.run(
        first<{ source: string; finished: boolean | number }>('SELECT source, finished FROM store_copy'),
      );
      return row ? { source: row.source, finished: Boolean(row.finished) } : null;
    },
    setCopyMark: (mark) => dialect.transaction(setCopyMark(mark)),
  };
}

/** Tables whose `id` comes from a source. */
const withIds: ReadonlySet<string> = new Set(['audit_related_objects', 'cleared_event_ids', 'offloaded_event_ids']);

function* insertCopied(dialect: Dialect, table: CopiedTable, rows: readonly CopiedRow[]): Steps<void> {
  const hasIds = withIds.has(table.name);
  const others = table.columns.filter(({ name }) => !hasIds || name !== 'id');
  const columns = hasIds ? [...others, ...dialect.ids.columns] : others;
  const names = namesOf(columns);
  yield* dialect.insertRows({
    rows: bytesOf(table, hasIds ? rows.map((row) => dialect.ids.withKey(row)) : rows),
    columns,
    shared: [],
    insert: (source) =>
      `INSERT INTO ${table.name} (${names}) SELECT ${names} FROM ${source} WHERE true ON CONFLICT DO NOTHING`,
  });
  if (table.name === 'execution_log') yield* dialect.goOnAfterLastLine();
}

function bytesOf({ columns }: CopiedTable, rows: readonly Row[]): readonly Row[] {
  const bytes = columns.filter(({ type }) => type === 'bytes');
  if (bytes.length === 0) return rows;
  return rows.map((row) => ({
    ...row,
    ...Object.fromEntries(bytes.map(({ name }) => [name, Buffer.from(String(row[name]), 'hex')])),
  }));
}

function* setCopyMark({ source, finished }: CopyMark): Steps<void> {
  yield* changes('DELETE FROM store_copy');
  yield* insert('store_copy', { source, finished });
}
