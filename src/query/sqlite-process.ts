import { constants, DatabaseSync } from '../sqlite-driver.js';
import { answering } from './answering.js';
import { type ResultPart, written } from './messages.js';
import type { QueryValue } from './result.js';

/** Asked by src/query/sqlite.ts. */
export interface SqliteQuestion {
  path: string;
  sql: string;
}

const rowsAtOnce = 200;
const busyTimeoutMs = 2_000;

/** Statements about the database that change nothing. */
const readingPragmas = ['table_info', 'table_xinfo', 'table_list', 'index_list', 'index_info', 'index_xinfo'];

/** SQLite's calls cannot be interrupted, but a process can be ended. */
function* answersTo({ path, sql }: SqliteQuestion): Generator<ResultPart> {
  const db = new DatabaseSync(path, { readOnly: true, timeout: busyTimeoutMs, defensive: true });
  db.setAuthorizer((action, first, second) => (mayDo(action, first, second) ? constants.SQLITE_OK : denied));
  const statement = db.prepare(sql);
  statement.setReadBigInts(true);
  statement.setReturnArrays(true);
  yield { columns: statement.columns().map(({ name }) => name) };
  let rows: ReturnType<typeof written>[][] = [];
  for (const row of statement.iterate() as IterableIterator<QueryValue[]>) {
    rows.push(row.map(written));
    if (rows.length < rowsAtOnce) continue;
    yield { rows };
    rows = [];
  }
  yield { rows };
}

const denied = constants.SQLITE_DENY;
const reading: readonly number[] = [constants.SQLITE_SELECT, constants.SQLITE_READ, constants.SQLITE_RECURSIVE];

/** A file that is opened for reading could still attach another one. */
function mayDo(action: number, first: string | null, second: string | null): boolean {
  if (reading.includes(action)) return true;
  if (action === constants.SQLITE_PRAGMA) return readingPragmas.includes(String(first).toLowerCase());
  return action === constants.SQLITE_FUNCTION && second?.toLowerCase() !== 'load_extension';
}

await answering(answersTo, (reason) =>
  reason.replace(/^(not authorized|authorization denied)$/, 'it may only read this store'),
);
