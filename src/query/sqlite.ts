import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { startProcess } from '../processes.js';
import { queryInterrupted, queryRefused, queryTooSlow } from './errors.js';
import type { RunQuery } from './result.js';
import { readValue, type SqliteAnswer, type SqliteQuestion } from './sqlite-messages.js';
import { notOneStatement } from './statement.js';

const program = fileURLToPath(new URL('./sqlite-process.js', import.meta.url));

/** Runs a query on an SQLite file, in a process that ends with it. Writers go on meanwhile. */
export const runOnSqlite: RunQuery<'sqlite'> = async ({ path }, { sql, withinMs, signal }, read) => {
  const problem = notOneStatement(sql);
  if (problem !== undefined) throw queryRefused(problem);
  const child = startProcess(process.execPath, [program], { stdio: ['pipe', 'pipe', 'ignore'] });
  let ending: 'too slow' | 'interrupted' | undefined;
  const end = (why: typeof ending) => {
    ending ??= why;
    child.kill('SIGKILL');
  };
  const timer = setTimeout(end, withinMs, 'too slow');
  const interrupt = () => end('interrupted');
  signal?.addEventListener('abort', interrupt, { once: true });
  const closed = once(child, 'close').catch(() => undefined);
  try {
    if (signal?.aborted) interrupt();
    const input = child.stdin as Writable;
    // It may have been ended before it has read anything.
    input.on('error', () => undefined);
    input.end(JSON.stringify({ path, sql } satisfies SqliteQuestion));
    const answers = answersOf(child.stdout as Readable, () => {
      if (ending === 'too slow') throw queryTooSlow(withinMs);
      if (ending === 'interrupted') throw queryInterrupted();
    });
    const { value: head } = await answers.next();
    if (!head || !('columns' in head)) throw queryRefused('the process that reads the file has ended');
    return await read({
      columns: head.columns,
      rows: (async function* () {
        for await (const answer of answers) if ('rows' in answer) yield answer.rows.map((row) => row.map(readValue));
      })(),
    });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', interrupt);
    child.kill('SIGKILL');
    await closed;
  }
};

async function* answersOf(
  output: Readable,
  ended: () => void,
): AsyncGenerator<Exclude<SqliteAnswer, { error: string }>> {
  for await (const line of createInterface({ input: output, crlfDelay: Number.POSITIVE_INFINITY })) {
    ended();
    const answer = JSON.parse(line) as SqliteAnswer;
    if ('error' in answer) throw queryRefused(answer.error);
    yield answer;
  }
  ended();
}
