import type { DuckDBConnection, DuckDBInstance, DuckDBValue } from '@duckdb/node-api';
import { counted } from '../counted.js';
import { answering } from './answering.js';
import { countsOf, eventsTable, type GatheredFiles, textOf } from './events-table.js';
import { type ResultPart, written } from './messages.js';
import type { QueryValue } from './result.js';

/** Asked by src/query/duckdb.ts: to make the database from files of events, or to run a query on it. */
export type DuckDbQuestion = { folder: string; database: string } & ({ gather: GatheredFiles } | { sql: string });

const rowsAtOnce = 200;
/** What does not fit is kept in files. By default, DuckDB would take most of the machine's memory. */
const memoryMax = '1GB';

/** DuckDB loads no extension, which could read and write what it likes. */
const noExtensions = { autoinstall_known_extensions: 'false', autoload_known_extensions: 'false' };

async function* answersTo(question: DuckDbQuestion): AsyncGenerator<ResultPart> {
  const { DuckDBInstance: duckdb } = await import('@duckdb/node-api');
  const { folder, database } = question;
  const opened = async (options: Record<string, string>) => {
    const db: DuckDBInstance = await duckdb.create(database, {
      ...noExtensions,
      temp_directory: folder,
      memory_limit: memoryMax,
      ...options,
    });
    return db.connect();
  };
  if ('gather' in question)
    yield* gathered(await opened({ preserve_insertion_order: 'false' }), folder, question.gather);
  else yield* answersOf(await opened({ access_mode: 'READ_ONLY' }), question.sql);
}

async function* gathered(db: DuckDBConnection, folder: string, files: GatheredFiles): AsyncGenerator<ResultPart> {
  await db.run(`SET allowed_directories = [${textOf(`${folder}/`)}]`);
  await lockIn(db);
  await requireCounts(db, files.archive);
  for (const statement of eventsTable(files)) await db.run(statement);
  yield { columns: [] };
  await db.run('CHECKPOINT');
  db.closeSync();
}

/** A file with fewer events must not pass for all of them. */
async function requireCounts(db: DuckDBConnection, files: GatheredFiles['archive']): Promise<void> {
  if (files.length === 0) return;
  const found = await db.runAndReadAll(countsOf(files.map(({ path }) => path)));
  const counts = new Map(found.getRows().map(([path, events]) => [path, events]));
  const wrong = files.find(({ path, events }) => counts.get(path) !== events);
  if (wrong)
    throw new Error(
      `${wrong.path} has ${counted(Number(counts.get(wrong.path)), 'event')}, not the ${wrong.events} that were sent`,
    );
}

/** From now on, SQL neither reaches files outside nor gives itself the right to. */
async function lockIn(db: DuckDBConnection): Promise<void> {
  for (const setting of [`TimeZone = 'UTC'`, 'enable_external_access = false', 'lock_configuration = true'])
    await db.run(`SET ${setting}`);
}

async function* answersOf(db: DuckDBConnection, sql: string): AsyncGenerator<ResultPart> {
  const { DuckDBTimestampTZValue, StatementType } = await import('@duckdb/node-api');
  // Of the texts of moments; the setting TimeZone is that of functions.
  DuckDBTimestampTZValue.timezoneOffsetInMinutes = 0;
  await lockIn(db);
  const statements = await db.extractStatements(sql);
  if (statements.count !== 1) throw new Error('it is not one statement');
  const statement = await statements.prepare(0);
  // Others could write into the temporary folder, also those that EXPLAIN ANALYZE runs.
  if (statement.statementType !== StatementType.SELECT) throw new Error('it may only select');
  const result = await statement.stream();
  yield { columns: result.columnNames() };
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    const rows = chunk.getRows().map((row) => row.map((value) => written(queryValue(value))));
    for (let at = 0; at < rows.length; at += rowsAtOnce) yield { rows: rows.slice(at, at + rowsAtOnce) };
  }
}

function queryValue(value: DuckDBValue): QueryValue {
  if (typeof value !== 'object' || value === null) return value;
  if ('bytes' in value && value.bytes instanceof Uint8Array) return value.bytes;
  return String(value);
}

await answering(answersTo, (reason) => reason.split('\n')[0]!);
