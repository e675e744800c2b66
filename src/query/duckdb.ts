import { createRequire } from 'node:module';
import { TrawlError } from '../errors.js';
import type { DuckDbQuestion } from './duckdb-process.js';
import { queryRefused } from './errors.js';
import type { GatheredFiles } from './events-table.js';
import { runInProcess } from './process.js';
import type { QueryOptions, QueryResult } from './result.js';
import { notOneSelect } from './statement.js';

const program = new URL('./duckdb-process.js', import.meta.url);

/** A folder of its own for a database, and for what does not fit into memory. */
export interface DuckDbPlace {
  folder: string;
  database: string;
}

/**
 * DuckDB is not a dependency: it takes more room than everything else, and only an archive needs it.
 * @throws TrawlError QUERY_REFUSED if it is not installed
 */
export function requireDuckDb(find: (name: string) => unknown = createRequire(import.meta.url).resolve): void {
  try {
    find('@duckdb/node-api');
  } catch (cause) {
    throw new TrawlError('QUERY_REFUSED', 'A query of an archive needs DuckDB, which is not installed.', {
      hint: 'Install it beside Trawl: npm install @duckdb/node-api (with -g if Trawl was installed so).',
      cause,
    });
  }
}

/** Makes a database with the table `events` from files. @throws TrawlError QUERY_REFUSED */
export async function gatherEvents(place: DuckDbPlace, gather: GatheredFiles, signal: AbortSignal): Promise<void> {
  const question: DuckDbQuestion = { ...place, gather };
  await runInProcess(program, question, { signal }, async ({ rows }) => {
    // It is done once there are no more.
    for await (const _ of rows);
  });
}

/** Runs one statement that selects from `events`, in a process that reaches no other file and ends with it. */
export async function runOnDuckDb<T>(
  place: DuckDbPlace,
  { sql, ...bounds }: QueryOptions,
  read: (result: QueryResult) => Promise<T>,
): Promise<T> {
  const problem = notOneSelect(sql);
  if (problem !== undefined) throw queryRefused(problem);
  return runInProcess(program, { ...place, sql } satisfies DuckDbQuestion, bounds, read);
}
