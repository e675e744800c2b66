import type { Client } from '@temporalio/client';
import type { Progress } from '../../../workflows/messages.js';
import type { CollectionHandle } from '../../temporal/collection.js';
import { collectId } from '../../temporal/names.js';
import { hasWorker } from '../../temporal/workers.js';
import type { Context } from '../context.js';
import { interrupted, unless } from '../interrupt.js';
import { printJson, tell } from '../output.js';
import { ProgressLine } from '../progress-line.js';
import { runFailed, troublesOf } from '../run-troubles.js';
import { type WatchedRun, watchRun } from '../run-watch.js';
import { readyTemporal } from '../temporal-session.js';

/** `trawl collect NAME`: one run of M10 now. Ends when it is caught up. */
export async function collect(context: Context, name: string, options: { json?: boolean }): Promise<number> {
  const ended = interrupted();
  const ready = await unless(
    ended,
    readyTemporal(context, `collect ${name}`, (store) => context.collectorSettings(store, name)),
  );
  if (typeof ready === 'number') return ready;
  const { client, failed, isOwn } = ready;
  // They need the client, which is loaded only while a server of its own starts.
  const [{ startNow }, { patiently }] = await Promise.all([
    import('../../temporal/collection.js'),
    import('../../temporal/patience.js'),
  ]);
  const startedAt = Date.now();
  const line = new ProgressLine(name);
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
  if (typeof outcome === 'number') {
    tell('Interrupted: the collected events are kept, and the next run continues from there.');
    return outcome;
  }
  if ('error' in outcome) {
    const where = isOwn ? '' : ` The run is in the Temporal UI as ${collectId(name)}.`;
    throw await runFailed(outcome.error, 'The run', `The collected events are kept.${where}`);
  }
  line.finish(outcome.progress);
  const { rejected } = outcome.progress;
  if (rejected > 0) tell(`${name}: events that do not fit were kept, and not stored: see "trawl rejected ${name}"`);
  if (options.json) await printJson({ ...outcome.progress, seconds: (Date.now() - startedAt) / 1000 });
  return 0;
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
