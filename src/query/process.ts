import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { TrawlError } from '../errors.js';
import { startProcess } from '../processes.js';
import { queryInterrupted, queryRefused, queryTooSlow } from './errors.js';
import { type Answer, readValue } from './messages.js';
import type { QueryResult } from './result.js';

interface Bounds {
  /** Time for all of it, in ms; without it, it may take as long as it needs. */
  withinMs?: number;
  signal?: AbortSignal | undefined;
}

/** Asks a program that uses `answering`, hands its result to `read`, and ends its process, whatever happens. */
export async function runInProcess<T>(
  program: URL,
  question: object,
  { withinMs, signal }: Bounds,
  read: (result: QueryResult) => Promise<T>,
): Promise<T> {
  const child = startProcess(process.execPath, [fileURLToPath(program)], { stdio: ['pipe', 'pipe', 'ignore'] });
  let ending: 'too slow' | 'interrupted' | undefined;
  const end = (why: typeof ending) => {
    ending ??= why;
    child.kill('SIGKILL');
  };
  const timer = withinMs === undefined ? undefined : setTimeout(end, withinMs, 'too slow');
  const interrupt = () => end('interrupted');
  signal?.addEventListener('abort', interrupt, { once: true });
  const closed = once(child, 'close').catch(() => undefined);
  try {
    if (signal?.aborted) interrupt();
    const input = child.stdin as Writable;
    // It may have been ended before it has read anything.
    input.on('error', () => undefined);
    input.end(JSON.stringify(question));
    const answers = answersOf(child.stdout as Readable, () => {
      if (ending === 'too slow') throw queryTooSlow(withinMs!);
      if (ending === 'interrupted') throw queryInterrupted();
    });
    const { value: head } = await answers.next();
    if (!head || !('columns' in head)) throw died();
    return await read({
      columns: head.columns,
      rows: (async function* () {
        for await (const answer of answers) {
          if ('rows' in answer) yield answer.rows.map((row) => row.map(readValue));
          if ('done' in answer) return;
        }
        throw died();
      })(),
    });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', interrupt);
    child.kill('SIGKILL');
    await closed;
  }
}

async function* answersOf(output: Readable, ended: () => void): AsyncGenerator<Exclude<Answer, { error: string }>> {
  for await (const line of createInterface({ input: output, crlfDelay: Number.POSITIVE_INFINITY })) {
    ended();
    const answer = JSON.parse(line) as Answer;
    if ('error' in answer) throw queryRefused(answer.error);
    yield answer;
  }
  ended();
}

/** A part of a result must not look like all of it. */
function died(): TrawlError {
  return queryRefused('the process that runs it has ended, perhaps for lack of memory');
}
