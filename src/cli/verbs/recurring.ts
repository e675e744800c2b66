import type { Client } from '@temporalio/client';
import { TrawlError } from '../../errors.js';
import { type Recurrence, recurringState, startRecurring, stopRecurring } from '../../temporal/collection.js';
import { recurringId } from '../../temporal/names.js';
import type { Context } from '../context.js';
import { checkCron, wrongCallOf } from '../cron-option.js';
import { chosenCollectors, type EachOptions, eachCollector } from '../each-collector.js';
import { findTemporal } from '../find-temporal.js';
import { tell } from '../output.js';
import { requireTemporal } from '../temporal-session.js';
import { WrongCall } from '../wrong-call.js';

interface StartOptions extends EachOptions {
  cron?: string;
  /** False for a workflow on cron. If absent, an existing collection stays as it is, and a new one is on cron. */
  schedule?: boolean;
  /** ms */
  jitter?: number;
  catchupWindow?: number;
}

/**
 * `trawl start NAME…` or `--all`: starts the recurring collections, on cron or by a Schedule. Options that are not
 * given leave existing collections unchanged.
 */
export async function start(context: Context, names: readonly string[], options: StartOptions): Promise<number> {
  checkCron(options.cron);
  const store = await context.storeIfAny();
  const chosen = await chosenCollectors(context, store, names, options.all);
  for (const name of names)
    await (store ? context.requireCollector(store, name) : context.requireReachable(store, name));
  const client = await requireTemporal(context);
  return eachCollector(chosen, options, async (name) => {
    const recurrence = await recurrenceOf(client, name, options);
    const { cron: wanted, jitter: jitterMs, catchupWindow: catchupWindowMs } = options;
    const outcome = await startRecurring(client, name, { recurrence, cron: wanted, jitterMs, catchupWindowMs }).catch(
      (error: unknown) => {
        throw wrongCallOf(error);
      },
    );
    const state = await recurringState(client, name);
    const cron = state?.cron ?? '';
    // Runs are expected from now on, even if no worker ever begins one.
    await store?.expectRuns(name, { cron, tick: null });
    const nextRun = state?.nextRun ?? null;
    const next = nextRun ? `, next run at ${nextRun}` : '';
    return {
      json: { collector: name, workflowId: recurringId(name), recurrence, cron, outcome, nextRun },
      text: `${recurringId(name)}: ${outcome}, ${recurrence} "${cron}"${next}`,
    };
  });
}

/** @throws WrongCall if options of a Schedule are given for a workflow on cron. */
async function recurrenceOf(client: Client, name: string, options: StartOptions): Promise<Recurrence> {
  const recurrence =
    options.schedule === undefined
      ? ((await recurringState(client, name))?.recurrence ?? 'cron')
      : options.schedule
        ? 'schedule'
        : 'cron';
  if (recurrence === 'cron' && (options.jitter !== undefined || options.catchupWindow !== undefined))
    throw new WrongCall('--jitter and --catchup-window require a Schedule.', 'Add --schedule.');
  return recurrence;
}

/**
 * `trawl stop NAME…` or `--all`: ends the recurring collections. No further run is expected; stored events stay. Without
 * a Temporal server, only the latter is noted.
 */
export async function stop(context: Context, names: readonly string[], options: EachOptions): Promise<number> {
  const store = await context.storeIfAny();
  const address = await findTemporal(context);
  const client = address || !store ? await requireTemporal(context) : undefined;
  const chosen = await chosenCollectors(context, store, names, options.all);
  const code = await eachCollector(chosen, options, async (name) => {
    const state = client ? await recurringState(client, name) : null;
    // A server may still run one that is not set up any more.
    if (!state) await context.requireReachable(store, name);
    const standing = (await store?.standings(name))?.[0];
    // To stop a collector also says that its last failure needs nobody any more.
    const isWatched = Boolean(standing?.due ?? standing?.failure);
    const idle = (!state || state.state === 'paused') && !isWatched;
    if (idle && !options.all) {
      throw new TrawlError('NOT_RUNNING', `The recurring collection of ${name} is not running.`, {
        hint: '"trawl status" shows the running ones.',
      });
    }
    const outcome =
      client && state && !idle ? await stopRecurring(client, name, 'Stopped with "trawl stop"') : 'stopped';
    await store?.expectRuns(name, null);
    return {
      json: { collector: name, workflowId: recurringId(name), outcome },
      text: `${recurringId(name)}: ${outcome === 'stopped' ? outcome : 'will stop as soon as a worker runs'}`,
    };
  });
  if (!client && code === 0)
    tell(
      'No Temporal server is running here, and none is configured: no run is expected from now on. "trawl up" starts the collections again.',
    );
  return code;
}
