import { counted } from '../../counted.js';
import { TrawlError } from '../../errors.js';
import { type Copy, copiesOf } from '../../stores/copies.js';
import { epochNanoseconds } from '../../timestamp.js';
import { isSure, sinksOf } from '../clearing.js';
import type { Context } from '../context.js';
import { print, printable, printJson, tell } from '../output.js';
import { caller } from '../user-name.js';
import { WrongCall } from '../wrong-call.js';

interface EraseOptions {
  seq: number;
  reason: string;
  yes?: boolean;
  json?: boolean;
}

/** Characters of a reason, so that the journal has it in words. */
const reasonMax = 1_000;

/**
 * `trawl erase NAME --seq N --reason TEXT`: deletes one event, for a person's right to be forgotten. Its hash stays, so that
 * the proof of the others does. Asks first. Names the files that still have the event.
 * @throws TrawlError as `Store.eraseEvent`; INPUT_INVALID without a terminal, unless `--yes` is given
 */
export async function erase(
  context: Context,
  name: string,
  { seq, reason: given, yes = false, json = false }: EraseOptions,
): Promise<number> {
  const reason = given.trim();
  if (reason === '' || reason.length > reasonMax)
    throw new WrongCall(`--reason has 1 to ${reasonMax} characters.`, 'Say why, without naming the person.');
  const store = await context.existingStore();
  await context.requireCollector(store, name);
  if (!yes && !process.stdin.isTTY)
    throw new TrawlError('INPUT_INVALID', 'Nothing was erased: there is no terminal to ask on.', {
      hint: `To erase event ${seq} of ${name}, add --yes.`,
    });
  const [event] = await store.events({ collector: name, afterSeq: seq - 1, upToSeq: seq }, 1);
  const timeNs = event ? (epochNanoseconds(event.timestamp) ?? undefined) : undefined;
  const copies = await copiesOf(store, { collector: name, seq, timeNs });
  if (event && !yes) {
    const { timestamp, type, actor } = event;
    const what = [timestamp, type, actor].filter((text) => text !== '').join(', ');
    if (!(await isSure(printable(`Erase event ${seq} of ${name} for good (${what})?`), name))) {
      tell('Nothing was erased.');
      if (json) await printJson({ collector: name, seq, erased: false });
      return 1;
    }
  }
  const sinks = await sinksOf(context, store, name);
  const { at, by, ...said } = await store
    .eraseEvent({ collector: name, seq, reason, by: caller(), sinks })
    .catch((error: unknown) => {
      // Not of the event, but where it went is known.
      if (error instanceof TrawlError && error.code === 'EVENT_UNKNOWN' && copies.length > 0) tell(copiesText(copies));
      throw error;
    });
  if (json) await printJson({ collector: name, seq, erased: true, at, by, reason: said.reason, copies });
  else await print(`${printable(`${name}: event ${seq} erased at ${at} by ${by}: ${said.reason}`)}\n`);
  if (!json && copies.length > 0) await print(copiesText(copies));
  return 0;
}

function copiesText(copies: readonly Copy[]): string {
  const lines = copies.map(({ sink, file }) => `  ${printable(`${sink}  ${file ?? '(no file)'}`)}\n`);
  return `${counted(copies.length, 'copy is', 'copies are')} left:\n${lines.join('')}`;
}
