import { randomUUID } from 'node:crypto';
import { counted } from '../../counted.js';
import { TrawlError } from '../../errors.js';
import { clearAll, clearable, isSure, lostText } from '../clearing.js';
import type { Context } from '../context.js';
import { print, printJson, tell } from '../output.js';

/**
 * `trawl reset NAME`: U03 Reset Checkpoint. A walk that is under way starts again. With `--rejected`, only as far back as
 * the first page with rejected events that are neither stored nor acknowledged.
 */
export async function reset(
  context: Context,
  name: string,
  { rejected = false, json = false }: { rejected?: boolean; json?: boolean },
): Promise<number> {
  const store = await context.existingStore();
  await context.requireCollector(store, name);
  if (rejected) {
    const isReset = await store.resetToRejected(name, `cli/${randomUUID()}`);
    if (json) await printJson({ collector: name, reset: isReset, to: isReset ? 'first rejected' : null });
    else
      await print(
        isReset
          ? `${name}: checkpoint reset to the first page with rejected events; the next run rereads everything from there\n`
          : `${name}: nothing to do: every rejected event is stored or acknowledged\n`,
      );
    return 0;
  }
  await store.resetCheckpoint(name, [`cli/${randomUUID()}`]);
  if (json) await printJson({ collector: name, reset: true, to: 'beginning' });
  else await print(`${name}: checkpoint reset; the next run rereads everything that the source still holds\n`);
  return 0;
}

/**
 * `trawl clear NAME`: U04 Clear Events Table; asks first.
 * @throws TrawlError INPUT_INVALID without a terminal, unless `--force` or (if every sink has the events) `--yes` is
 *   given.
 */
export async function clear(
  context: Context,
  name: string,
  { yes = false, force = false, json = false }: { yes?: boolean; force?: boolean; json?: boolean },
): Promise<number> {
  const store = await context.existingStore();
  await context.requireCollector(store, name);
  if (!yes && !force && !process.stdin.isTTY) {
    throw new TrawlError('INPUT_INVALID', 'Nothing was deleted: there is no terminal to ask on.', {
      hint: `To delete the events of ${name}: trawl clear ${name} --yes`,
    });
  }
  const found = await clearable(context, store, name);
  const lacks = !force && found.lacking > 0;
  const asks = !force && process.stdin.isTTY && (!yes || lacks);
  const question = `Delete ${counted(found.events, 'event')} of ${name} from the table?${force ? '' : lostText(found)}`;
  if (asks && !(await isSure(question, name))) {
    tell('Nothing was deleted.');
    if (json) await printJson({ collector: name, cleared: 0 });
    return 1;
  }
  // The user has seen what a sink lacks, and has agreed.
  const mayLose = force || (asks && lacks);
  await clearAll(store, name, { sinks: found.sinks, force: mayLose, retry: `trawl clear ${name} --force` });
  if (json) await printJson({ collector: name, cleared: found.events });
  else await print(`${name}: ${counted(found.events, 'event')} cleared\n`);
  return 0;
}
