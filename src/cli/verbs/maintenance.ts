import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline/promises';
import { TrawlError } from '../../errors.js';
import { collectorRows } from '../../settings/collector.js';
import { neededSinks } from '../../settings/offload.js';
import { inSteps, removedAtOnce } from '../../stores/in-steps.js';
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
  const count = await store.eventCount(name);
  const sinks = neededSinks(name, collectorRows(await store.settings(), name), context.settings.env);
  const lacking = !force && sinks.length > 0 ? await store.offload.backlog(name, sinks, Number.MAX_SAFE_INTEGER) : 0;
  const asks = !force && process.stdin.isTTY && (!yes || lacking > 0);
  if (asks && !(await isSure(name, count, lacking, sinks))) {
    tell('Nothing was deleted.');
    if (json) await printJson({ collector: name, cleared: 0 });
    return 1;
  }
  // The user has seen what a sink lacks, and has agreed.
  const knows = asks && lacking > 0;
  const refusal = await store.clearEvents(name, [`cli/${randomUUID()}`], sinks, force || knows);
  if (refusal !== null) {
    throw new TrawlError('INPUT_INVALID', `${refusal}.`, {
      hint: `Offload them first ("trawl offload ${name}"). To delete them anyway: trawl clear ${name} --force`,
    });
  }
  await inSteps(() => store.removeCleared(name, removedAtOnce));
  if (json) await printJson({ collector: name, cleared: count });
  else await print(`${name}: ${count} events cleared\n`);
  return 0;
}

async function isSure(name: string, count: number, lacking: number, sinks: readonly string[]): Promise<boolean> {
  const lost = lacking > 0 ? ` ${lacking} of them have not reached every sink (${sinks.join(', ')}).` : '';
  const dialogue = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await dialogue.question(
    `Delete the ${count} events of ${name} from the table?${lost} Type its name to continue: `,
  );
  dialogue.close();
  return answer.trim() === name;
}
