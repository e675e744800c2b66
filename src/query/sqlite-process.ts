import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { reasonOf } from '../errors.js';
import { constants, DatabaseSync } from '../sqlite-driver.js';
import type { QueryValue } from './result.js';
import { type SqliteAnswer, type SqliteQuestion, written } from './sqlite-messages.js';

const rowsAtOnce = 200;
const busyTimeoutMs = 2_000;

/** Statements about the database that change nothing. */
const readingPragmas = ['table_info', 'table_xinfo', 'table_list', 'index_list', 'index_info', 'index_xinfo'];

/**
 * Runs one query on an SQLite file, in a process of its own: SQLite's calls cannot be interrupted, but a process can be
 * ended. Reads the question from standard input, since others see command lines, and writes rows to standard output.
 */
async function main(): Promise<void> {
  const { path, sql } = JSON.parse(await text(process.stdin)) as SqliteQuestion;
  try {
    for (const answer of answersTo(path, sql)) await say(answer);
  } catch (error) {
    await say({
      error: reasonOf(error).replace(/^(not authorized|authorization denied)$/, 'it may only read this store'),
    });
  }
}

function* answersTo(path: string, sql: string): Generator<SqliteAnswer> {
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

async function say(answer: SqliteAnswer): Promise<void> {
  if (!process.stdout.write(`${JSON.stringify(answer)}\n`)) await once(process.stdout, 'drain');
}

await main();
