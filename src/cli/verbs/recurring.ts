import type { Client } from '@temporalio/client';
import { TrawlError } from '../../errors.js';
import { type Recurrence, recurringState, startRecurring, stopRecurring } from '../../temporal/collection.js';
import { defaultCron, recurringId } from '../../temporal/names.js';
import type { Context } from '../context.js';
import { print, printJson } from '../output.js';
import { requireTemporal } from '../temporal-session.js';
import { cronRefusal, WrongCall } from '../wrong-call.js';

export interface StartOptions {
  cron?: string;
  /** False for a workflow on cron; left out, what there is stays, and a new one is on cron. */
  schedule?: boolean;
  /** ms */
  jitter?: number;
  catchupWindow?: number;
  json?: boolean;
}

/** `trawl start NAME`: the recurring collection, on cron or by a Schedule. Only what is asked for is changed. */
export async function start(context: Context, name: string, options: StartOptions): Promise<number> {
  const store = await context.storeIfAny();
  if (store) await context.requireCollector(store, name);
  const client = await requireTemporal(context);
  const recurrence = await recurrenceOf(client, name, options);
  const { cron: wanted, jitter: jitterMs, catchupWindow: catchupWindowMs } = options;
  const outcome = await startRecurring(client, name, { recurrence, cron: wanted, jitterMs, catchupWindowMs }).catch(
    (error: unknown) => {
      throw cronRefusal(error, wanted ?? defaultCron);
    },
  );
  const state = await recurringState(client, name);
  const cron = state?.cron ?? '';
  // Runs are expected from now on, also where no worker ever begins one.
  await store?.expectRuns(name, { cron, tick: null });
  const nextRun = state?.nextRun ?? null;
  if (options.json)
    await printJson({ collector: name, workflowId: recurringId(name), recurrence, cron, outcome, nextRun });
  else {
    const next = nextRun ? `, next run at ${nextRun}` : '';
    await print(`${recurringId(name)}: ${outcome}, ${recurrence} "${cron}"${next}\n`);
  }
  return 0;
}

/** @throws WrongCall where what only a Schedule has is asked of a workflow on cron. */
async function recurrenceOf(client: Client, name: string, options: StartOptions): Promise<Recurrence> {
  const recurrence =
    options.schedule === undefined
      ? ((await recurringState(client, name))?.recurrence ?? 'cron')
      : options.schedule
        ? 'schedule'
        : 'cron';
  if (recurrence === 'cron' && (options.jitter !== undefined || options.catchupWindow !== undefined))
    throw new WrongCall('--jitter and --catchup-window are of a Schedule.', 'Ask for one with --schedule.');
  return recurrence;
}

/** `trawl stop NAME`: ends the recurring collection, and no run is expected any more; what is collected stays. */
export async function stop(context: Context, name: string, options: { json?: boolean }): Promise<number> {
  const store = await context.storeIfAny();
  const client = await requireTemporal(context);
  const state = await recurringState(client, name);
  const wasDue = (await store?.standings(name))?.[0]?.due ?? null;
  if ((!state || state.state === 'paused') && !wasDue) {
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
