import { queryRefused } from './errors.js';
import { runInProcess } from './process.js';
import type { RunQuery } from './result.js';
import type { SqliteQuestion } from './sqlite-process.js';
import { notOneStatement } from './statement.js';

const program = new URL('./sqlite-process.js', import.meta.url);

/** Runs a query on an SQLite file, in a process that ends with it. Writers go on meanwhile. */
export const runOnSqlite: RunQuery<'sqlite'> = async ({ path }, { sql, ...bounds }, read) => {
  const problem = notOneStatement(sql);
  if (problem !== undefined) throw queryRefused(problem);
  return runInProcess(program, { path, sql } satisfies SqliteQuestion, bounds, read);
};
