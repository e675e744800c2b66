import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { QueryOptions as Bounds, QueryResult } from '../../query/result.js';
import { runQuery } from '../../query/run.js';
import type { Store } from '../../stores/store.js';
import type { Context } from '../context.js';
import { errorReport, inWords } from '../error-report.js';
import { interrupted } from '../interrupt.js';
import { tell } from '../output.js';
import type { ArchiveOptions } from '../query-archive.js';
import { type QueryForm, writeResult } from '../query-writers.js';
import { WrongCall } from '../wrong-call.js';

interface QueryOptions extends Partial<ArchiveOptions> {
  json?: boolean;
  csv?: boolean;
  /** Time for each statement. */
  seconds: number;
}

type Run = (options: Bounds, read: (result: QueryResult) => Promise<void>) => Promise<void>;

/** `trawl query [SQL]`: runs one statement that only reads, or asks for statements on a terminal. */
export async function query(context: Context, sql: string | undefined, options: QueryOptions): Promise<number> {
  if (options.json && options.csv) throw new WrongCall('Both --json and --csv are given.', 'Choose one of them.');
  refuseWithoutArchive(options);
  const form: QueryForm = options.json ? 'json' : options.csv ? 'csv' : 'table';
  // Says what is wrong with the store, or that there is none.
  const store = await context.existingStore();
  const isPrompt = sql === undefined && process.stdin.isTTY === true;
  const ending = new AbortController();
  const { signal } = ending;
  // A prompt hears Ctrl-C itself, and has nothing to clear away.
  const code: Promise<number> = isPrompt && !options.archive ? new Promise(() => undefined) : interrupted();
  void code.then(() => ending.abort());
  const work = async () => {
    const run = await runnerOf(context, store, options, signal);
    const answer = (statement: string, ends: AbortSignal) =>
      run({ sql: statement, withinMs: options.seconds * 1_000, signal: ends }, writeResult[form]);
    if (!isPrompt) return answer(sql ?? (await text(process.stdin)), signal);
    const { prompt } = await import('../query-prompt.js');
    await prompt(join(context.settings.dataDir, 'query-history'), (statement, ends) =>
      answer(statement, AbortSignal.any([ends, signal])).catch((error: unknown) =>
        tell(`error: ${inWords(errorReport(error))}`),
      ),
    );
  };
  return Promise.race([work().then(() => 0), code]);
}

function refuseWithoutArchive({ archive, collector, since, until, megabytes }: QueryOptions): void {
  if (archive !== undefined || [collector, since, until, megabytes].every((option) => option === undefined)) return;
  throw new WrongCall(
    '--collector, --since, --until and --megabytes say what --archive takes.',
    'Leave them out, and select in the SQL itself; or name a sink with --archive.',
  );
}

/** Without an archive, the database itself answers. */
async function runnerOf(context: Context, store: Store, options: QueryOptions, signal: AbortSignal): Promise<Run> {
  const { archive } = options;
  if (archive === undefined) return (asked, read) => runQuery(context.settings.store, asked, read);
  const [{ gatherArchive }, { runOnDuckDb }] = await Promise.all([
    import('../query-archive.js'),
    import('../../query/duckdb.js'),
  ]);
  const place = await gatherArchive(context, store, { ...options, archive }, signal);
  return (asked, read) => runOnDuckDb(place, asked, read);
}
