import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, WorkflowFailedError } from '@temporalio/client';
import type { Progress } from '../../../workflows/messages.js';
import { TrawlError } from '../../errors.js';
import { type CollectionHandle, startNow } from '../../temporal/collection.js';
import { collectId } from '../../temporal/names.js';
import { patiently } from '../../temporal/patience.js';
import type { Context } from '../context.js';
import { interrupted } from '../interrupt.js';
import { printJson, tell } from '../output.js';
import { ProgressLine } from '../progress-line.js';
import { bringUp, connectFor, findTemporal, requireWorker } from '../temporal-session.js';

const pollEveryMs = 500;
/** A worker that lives answers sooner, also when it is busy. */
const silenceMaxMs = 15_000;

/** `trawl collect NAME`: one run of M10 now; ends when it is caught up. */
export async function collect(context: Context, name: string, options: { json?: boolean }): Promise<number> {
  const ended = interrupted();
  const { client, failed } = await readyTemporal(context, name);
  const startedAt = Date.now();
  const line = new ProgressLine(name);
  const handle = await patiently(() => startNow(client, name), tell);
  const result = patiently(() => handle.result(), tell);
  let settled = false;
  const done = result
    .then(
      (progress) => ({ progress }),
      (error: unknown) => ({ error }),
    )
    .finally(() => {
      settled = true;
    });
  const shown = showProgress(client, handle, line, () => settled);
  const outcome = await Promise.race([done, failed, ended]);
  settled = true;
  await shown;
  if (typeof outcome === 'number') {
    line.end();
    tell('Interrupted: what has been collected is kept, and the next run goes on from there.');
    return outcome;
  }
  if ('error' in outcome) {
    line.end();
    throw runError(outcome.error, name);
  }
  line.finish(outcome.progress);
  if (options.json) await printJson({ ...outcome.progress, seconds: (Date.now() - startedAt) / 1000 });
  return 0;
}

/** What runs already, or the embedded server and a worker for as long as this verb runs. */
async function readyTemporal(context: Context, name: string): Promise<{ client: Client; failed: Promise<never> }> {
  const never = new Promise<never>(() => undefined);
  const address = await findTemporal(context);
  if (address) {
    const client = await connectFor(context, address);
    await requireWorker(client, address.connection.address ?? 'the configured Temporal server');
    return { client, failed: never };
  }
  const store = context.openStore();
  await context.collectorSettings(store, name);
  const embedded = await bringUp(context, store, { verb: `collect ${name}`, ui: false, logLevel: 'error' });
  const client = await connectFor(context, embedded.address);
  return { client, failed: Promise.race([embedded.server.failed, embedded.worker.done.then(() => never)]) };
}

async function showProgress(
  client: Client,
  handle: CollectionHandle,
  line: ProgressLine,
  isOver: () => boolean,
): Promise<void> {
  let heardAt = Date.now();
  while (!isOver()) {
    await sleep(pollEveryMs);
    if (isOver()) return;
    await tellTroubles(handle, line).catch(() => undefined);
    if (Date.now() - heardAt > silenceMaxMs) {
      line.trouble(
        'No worker has answered for a while. If none is running, start one ("trawl worker", "trawl up"): the run waits for it.',
      );
    }
    try {
      const run = await handle.query<Progress, []>('progress');
      const walk = run.walk ? await client.workflow.getHandle(run.walk).query<Progress, []>('progress') : undefined;
      heardAt = Date.now();
      if (!isOver()) line.show(walk ? { ...run, ...sum(run, walk) } : run);
    } catch {
      // No answer just now: a worker is starting, or the server is.
    }
  }
}

function sum(run: Progress, walk: Progress): Partial<Progress> {
  return {
    state: walk.state,
    pages: run.pages + walk.pages,
    newEvents: run.newEvents + walk.newEvents,
    rejected: run.rejected + walk.rejected,
    newest: walk.newest ?? run.newest,
  };
}

/** An activity that is being tried again says why. */
async function tellTroubles(handle: CollectionHandle, line: ProgressLine): Promise<void> {
  const { raw } = await handle.describe();
  for (const activity of raw.pendingActivities ?? []) {
    if (activity.lastFailure?.message) {
      line.trouble(
        `${activity.activityType?.name} is tried again (attempt ${activity.attempt}): ${activity.lastFailure.message}`,
      );
    }
  }
}

function runError(error: unknown, name: string): unknown {
  if (!(error instanceof WorkflowFailedError)) return error;
  return new TrawlError('RUN_FAILED', `The run failed: ${error.cause?.message ?? error.message}`, {
    hint: `Nothing that was collected is lost; the run is in the Temporal UI as ${collectId(name)}.`,
    cause: error,
  });
}
