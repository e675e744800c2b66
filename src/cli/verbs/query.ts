import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { runQuery } from '../../query/run.js';
import type { Context } from '../context.js';
import { errorReport, inWords } from '../error-report.js';
import { interrupted } from '../interrupt.js';
import { tell } from '../output.js';
import { type QueryForm, writeResult } from '../query-writers.js';
import { WrongCall } from '../wrong-call.js';

interface QueryOptions {
  json?: boolean;
  csv?: boolean;
  /** Time for each statement. */
  seconds: number;
}

/** `trawl query [SQL]`: runs one statement that only reads, or asks for statements on a terminal. */
export async function query(context: Context, sql: string | undefined, options: QueryOptions): Promise<number> {
  if (options.json && options.csv) throw new WrongCall('Both --json and --csv are given.', 'Choose one of them.');
  const form: QueryForm = options.json ? 'json' : options.csv ? 'csv' : 'table';
  // Says what is wrong with the store, or that there is none.
  await context.existingStore();
  const { store, dataDir } = context.settings;
  const withinMs = options.seconds * 1_000;
  const run = (statement: string, signal: AbortSignal) =>
    runQuery(store, { sql: statement, withinMs, signal }, writeResult[form]);
  if (sql === undefined && process.stdin.isTTY) {
    const { prompt } = await import('../query-prompt.js');
    await prompt(join(dataDir, 'query-history'), (statement, signal) =>
      run(statement, signal).catch((error: unknown) => tell(`error: ${inWords(errorReport(error))}`)),
    );
    return 0;
  }
  const ending = new AbortController();
  const code = interrupted().then((interruption) => {
    ending.abort();
    return interruption;
  });
  const statement = sql ?? (await text(process.stdin));
  return Promise.race([run(statement, ending.signal).then(() => 0), code]);
}
