import type { Client } from '@temporalio/client';
import type { Progress } from '../../../workflows/messages.js';
import type { CollectionHandle } from '../../temporal/collection.js';
import { collectId } from '../../temporal/names.js';
import { hasWorker } from '../../temporal/workers.js';
import type { Context } from '../context.js';
import { chosenCollectors, type EachOptions, eachCollector } from '../each-collector.js';
import { interrupted, unless } from '../interrupt.js';
import { tell } from '../output.js';
import { ProgressLine, utcTime } from '../progress-line.js';
import { runFailed, troublesOf } from '../run-troubles.js';
import { type WatchedRun, watchRun } from '../run-watch.js';
import { type ReadyTemporal, readyTemporal } from '../temporal-session.js';

/**
 * `trawl collect NAME…` or `--all`: one run of M10 now for each collector, side by side. Ends when they are caught up, or
 * when Ctrl-C ends it; the runs go on then.
 */
export async function collect(context: Context, names: readonly string[], options: EachOptions): Promise<number> {
  const known = options.all ? await context.storeIfAny() : undefined;
  const chosen = await chosenCollectors(context, known, names, options.all);
  const ended = interrupted();
  const verb = options.all ? 'collect --all' : `collect ${chosen.join(' ')}`;
  const ready = await unless(
    ended,
    readyTemporal(context, verb, {
      names: chosen,
      settled: (store, name) => context.collectorSettings(store, name),
    }),
  );
  if (typeof ready === 'number') return ready;
  let interruption: number | undefined;
  const code = await eachCollector(chosen, options, async (name) => {
    if (interruption !== undefined) return { json: { collector: name, interrupted: true }, text: null };
    const outcome = await collectOne({ ...ready, ended, name, isAlone: chosen.length === 1 });
    if (typeof outcome !== 'number') return { json: outcome, text: null };
    interruption = outcome;
    return { json: { collector: name, interrupted: true }, text: null };
  });
  if (interruption === undefined) return code;
  tell('Interrupted: the collected events are kept, and the next run continues from there.');
  return interruption;
}

interface OneRun extends ReadyTemporal {
  ended: Promise<number>;
  name: string;
  /** True if this is the only collector: then its line is rewritten. */
  isAlone: boolean;
}

/** @returns what the run did, or the exit code if this process is asked to end first. */
async function collectOne({ client, failed, isOwn, ended, name, isAlone }: OneRun): Promise<object | number> {
  // They need the client, which is loaded only while a server of its own starts.
  const [{ startNow }, { patiently }] = await Promise.all([
    import('../../temporal/collection.js'),
    import('../../temporal/patience.js'),
  ]);
  const startedAt = Date.now();
  const line = new ProgressLine(name, isAlone);
  const handle = await patiently(() => startNow(client, name), tell);
  const done = patiently(() => handle.result(), tell).then(
    (progress) => ({ progress }),
    (error: unknown) => ({ error }),
  );
  let leave = () => {};
  const over = Promise.race([
    done,
    new Promise<void>((resolve) => {
      leave = resolve;
    }),
  ]);
  const watching = watchRun(watched(client, handle), line, over);
  const outcome = await Promise.race([done, failed, ended, watching.then(() => done)]).finally(() => {
    leave();
    line.end();
  });
  if (typeof outcome === 'number') return outcome;
  if ('error' in outcome) {
    const where = isOwn ? '' : ` The run is in the Temporal UI as ${collectId(name)}.`;
    throw await runFailed(outcome.error, 'The run', `The collected events are kept.${where}`);
  }
  line.finish(outcome.progress);
  const { rejected, newest, reached } = outcome.progress;
  if (rejected > 0) tell(`${name}: events that do not fit were kept, and not stored: see "trawl rejected ${name}"`);
  return {
    ...outcome.progress,
    newest: newest && utcTime(newest),
    reached: reached ? utcTime(reached) : null,
    seconds: (Date.now() - startedAt) / 1000,
  };
}

function watched(client: Client, handle: CollectionHandle): WatchedRun {
  return {
    progress: async () => {
      const run = await handle.query<Progress, []>('progress');
      const walk = run.walk ? await client.workflow.getHandle(run.walk).query<Progress, []>('progress') : undefined;
      return walk ? { ...run, ...sum(run, walk) } : run;
    },
    troubles: () => troublesOf(handle),
    hasWorker: () => hasWorker(client),
  };
}

function sum(run: Progress, walk: Progress): Partial<Progress> {
  return {
    state: walk.state,
    pages: run.pages + walk.pages,
    newEvents: run.newEvents + walk.newEvents,
    rejected: run.rejected + walk.rejected,
    eventsRead: (run.eventsRead ?? 0) + (walk.eventsRead ?? 0),
    newest: walk.newest ?? run.newest,
    reached: walk.reached ?? run.reached ?? null,
  };
}
