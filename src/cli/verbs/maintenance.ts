import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline/promises';
import { TrawlError } from '../../errors.js';
import type { Context } from '../context.js';
import { print, tell } from '../output.js';

/** `trawl reset NAME`: U03 Reset Checkpoint. A walk that is under way begins again. */
export async function reset(context: Context, name: string): Promise<number> {
  const store = await context.existingStore();
  await context.requireCollector(store, name);
  await store.resetCheckpoint(name, [`cli/${randomUUID()}`]);
  await print(`${name}: checkpoint reset; the next run reads everything again that the source still holds\n`);
  return 0;
}

/**
 * `trawl clear NAME`: U04 Clear Events Table; asks first.
 * @throws TrawlError INPUT_INVALID where there is no terminal to ask on, and no `--yes`.
 */
export async function clear(context: Context, name: string, options: { yes?: boolean }): Promise<number> {
  const store = await context.existingStore();
  await context.requireCollector(store, name);
  if (!options.yes && !process.stdin.isTTY) {
    throw new TrawlError('INPUT_INVALID', 'Nothing was deleted: there is no terminal to ask on.', {
      hint: `If the events of ${name} are to go, say so: trawl clear ${name} --yes`,
    });
  }
  const count = await store.eventCount(name);
  if (!options.yes) {
    const dialogue = createInterface({ input: process.stdin, output: process.stderr });
    const answer = await dialogue.question(
      `Delete the ${count} events of ${name} from the table? Type its name to go on: `,
    );
    dialogue.close();
    if (answer.trim() !== name) {
      tell('Nothing was deleted.');
      return 1;
    }
  }
  await store.clearEvents(name, [`cli/${randomUUID()}`]);
  await print(`${name}: ${count} events cleared\n`);
  return 0;
}
