import { existsSync } from 'node:fs';
import { TrawlError } from '../../errors.js';
import { recurringState, startRecurring, stopRecurring } from '../../temporal/collection.js';
import { defaultCron, recurringId } from '../../temporal/names.js';
import type { Context } from '../context.js';
import { print, printJson } from '../output.js';
import { requireTemporal } from '../temporal-session.js';
import { cronRefusal } from '../wrong-call.js';

/** `trawl start NAME`: the recurring collection, on cron or by a Schedule. */
export async function start(
  context: Context,
  name: string,
  options: { cron?: string; schedule?: boolean; json?: boolean },
): Promise<number> {
  const cron = options.cron ?? defaultCron;
  const recurrence = options.schedule ? 'schedule' : 'cron';
  const store = existsSync(context.settings.storePath) ? context.openStore() : undefined;
  if (store) await context.requireCollector(store, name);
  const client = await requireTemporal(context);
  const outcome = await startRecurring(client, name, cron, recurrence).catch((error: unknown) => {
    throw cronRefusal(error, cron);
  });
  const state = await recurringState(client, name);
  // Runs are expected from now on, also where no worker ever begins one.
  await store?.expectRuns(name, { cron: state?.cron || cron, tick: null });
  const nextRun = state?.nextRun ?? null;
  if (options.json)
    await printJson({ collector: name, workflowId: recurringId(name), recurrence, cron, outcome, nextRun });
  else {
    const next = nextRun ? `, next run at ${nextRun}` : '';
    await print(`${recurringId(name)}: ${outcome}, ${recurrence} "${cron}"${next}\n`);
  }
  return 0;
}

/** `trawl stop NAME`: ends the recurring collection, and no run is expected any more; what is collected stays. */
export async function stop(context: Context, name: string, options: { json?: boolean }): Promise<number> {
  const store = existsSync(context.settings.storePath) ? context.openStore() : undefined;
  const client = await requireTemporal(context);
  const state = await recurringState(client, name);
  const wasDue = (await store?.standings(name))?.[0]?.due ?? null;
  if (!state && !wasDue) {
    throw new TrawlError('NOT_RUNNING', `The recurring collection of ${name} is not running.`, {
      hint: '"trawl status" shows what is.',
    });
  }
  const outcome = state ? await stopRecurring(client, name, 'Stopped with "trawl stop"') : 'stopped';
  await store?.expectRuns(name, null);
  if (options.json) await printJson({ collector: name, workflowId: recurringId(name), outcome });
  else await print(`${recurringId(name)}: ${outcome === 'stopped' ? outcome : 'will stop as soon as a worker runs'}\n`);
  return 0;
}
