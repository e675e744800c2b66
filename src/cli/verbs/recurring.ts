import type { Client } from '@temporalio/client';
import { sentence, TrawlError } from '../../errors.js';
import type { Store } from '../../stores/store.js';
import { type Recurrence, recurringState, startRecurring, stopRecurring } from '../../temporal/collection.js';
import { recurringId } from '../../temporal/names.js';
import type { Context } from '../context.js';
import { print, printJson, tell } from '../output.js';
import { requireTemporal } from '../temporal-session.js';
import { checkCron, WrongCall, wrongCallOf } from '../wrong-call.js';

/** Options of verbs that accept several collectors. */
interface EachOptions {
  all?: boolean;
  json?: boolean;
}

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
  if (store) for (const name of names) await context.requireCollector(store, name);
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

/** `trawl stop NAME…` or `--all`: ends the recurring collections. No further run is expected; stored events stay. */
export async function stop(context: Context, names: readonly string[], options: EachOptions): Promise<number> {
  const store = await context.storeIfAny();
  const client = await requireTemporal(context);
  const chosen = await chosenCollectors(context, store, names, options.all);
  return eachCollector(chosen, options, async (name) => {
    const state = await recurringState(client, name);
    const standing = (await store?.standings(name))?.[0];
    // To stop a collector also says that its last failure needs nobody any more.
    const isWatched = Boolean(standing?.due ?? standing?.failure);
    const idle = (!state || state.state === 'paused') && !isWatched;
    if (idle && !options.all) {
      throw new TrawlError('NOT_RUNNING', `The recurring collection of ${name} is not running.`, {
        hint: '"trawl status" shows the running ones.',
      });
    }
    const outcome = state && !idle ? await stopRecurring(client, name, 'Stopped with "trawl stop"') : 'stopped';
    await store?.expectRuns(name, null);
    return {
      json: { collector: name, workflowId: recurringId(name), outcome },
      text: `${recurringId(name)}: ${outcome === 'stopped' ? outcome : 'will stop as soon as a worker runs'}`,
    };
  });
}

async function chosenCollectors(
  context: Context,
  store: Store | undefined,
  names: readonly string[],
  all = false,
): Promise<string[]> {
  if (all === names.length > 0) throw new WrongCall('Name the collectors, or all of them with --all.', 'See --help.');
  if (!all) return [...new Set(names)];
  if (!store) throw new WrongCall('There is no store yet, so no collector is known.', 'Name the collectors.');
  return context.collectors(store);
}

interface CollectorAnswer {
  json: object;
  text: string;
}

const atOneTime = 8;

/**
 * Does the same for each collector, and reports the results in order. A failure for one of several does not stop the
 * others.
 */
async function eachCollector(
  names: readonly string[],
  { json, all }: EachOptions,
  act: (name: string) => Promise<CollectorAnswer>,
): Promise<number> {
  const answers: CollectorAnswer[] = [];
  let failed = 0;
  for (let first = 0; first < names.length; first += atOneTime) {
    const group = names.slice(first, first + atOneTime);
    for (const [place, result] of (await Promise.allSettled(group.map(act))).entries()) {
      if (result.status === 'rejected') {
        if (names.length === 1 || !(result.reason instanceof TrawlError)) throw result.reason;
        failed += 1;
        tell(`${group[place]}: ${sentence(result.reason)} [${result.reason.code}]`);
      } else if (json) answers.push(result.value);
      else await print(`${result.value.text}\n`);
    }
  }
  if (json) {
    const values = answers.map((answer) => answer.json);
    await printJson(names.length === 1 && !all ? values[0] : values);
  }
  return failed > 0 ? 1 : 0;
}
