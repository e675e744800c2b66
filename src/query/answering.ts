import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { reasonOf } from '../errors.js';
import type { Answer, ResultPart } from './messages.js';

const askerEveryMs = 1_000;

/**
 * The work of a process that answers one question: reads it from standard input, since others see command lines, and
 * writes the answers to standard output.
 */
export async function answering<Question>(
  answersTo: (question: Question) => Iterable<ResultPart> | AsyncIterable<ResultPart>,
  inWords: (reason: string) => string = (reason) => reason,
): Promise<void> {
  const asker = process.ppid;
  // If that is killed, nobody ends this process.
  setInterval(() => process.ppid === asker || process.exit(1), askerEveryMs).unref();
  const question = JSON.parse(await text(process.stdin)) as Question;
  try {
    for await (const part of answersTo(question)) await say(part);
    await say({ done: true });
  } catch (error) {
    await say({ error: inWords(reasonOf(error)) });
  }
}

async function say(answer: Answer): Promise<void> {
  if (!process.stdout.write(`${JSON.stringify(answer)}\n`)) await once(process.stdout, 'drain');
}
