import { existsSync } from 'node:fs';
import type { Client } from '@temporalio/client';
import { startDemo } from '../../../demo/demo.js';
import { defaultCron } from '../../default-cron.js';
import { reasonOf, sentence, TrawlError } from '../../errors.js';
import { collectorNames } from '../../settings/names.js';
import { sourceKinds } from '../../sources/kinds.js';
import type { Store } from '../../stores/store.js';
import { recurringState, startNow, startRecurring } from '../../temporal/collection.js';
import { CollectionWatch } from '../collection-watch.js';
import type { Context } from '../context.js';
import { checkCron, wrongCallOf } from '../cron-option.js';
import { leavesTheDemo } from '../demo-beside.js';
import { interrupted, unless } from '../interrupt.js';
import { print, tell } from '../output.js';
import { demoFolder } from '../process-settings.js';
import { bringUp } from '../temporal-session.js';
import { banner } from '../up-banner.js';
import { watchWorker } from '../watch-worker.js';

interface UpOptions {
  port?: number;
  uiPort?: number;
  cron?: string;
}

/** `trawl up`: runs everything on this machine until Ctrl-C. */
export async function up(context: Context, options: UpOptions): Promise<number> {
  checkCron(options.cron);
  const { env, demo: nothingSetUp } = context.settings;
  const ended = interrupted();
  context.closeFilesToOthers();
  await context.signNewStore();
  const store = await context.openStore();
  const names = nothingSetUp ? ['asa'] : collectorNames(sourceKinds, await store.settings(), env);
  if (!nothingSetUp) await tellOfMove(context, store);
  if (names.length === 0) await refuseToForget(context, store);
  await context.tellSigner();
  if (env.TEMPORAL_ADDRESS) {
    tell(
      'TEMPORAL_ADDRESS is set, but "trawl up" starts its own server. To use that one, run "trawl worker" and "trawl start NAME".',
    );
  }
  const demo = nothingSetUp ? await startDemo(context.settings.dataDir) : undefined;
  context.onClose(async () => demo?.close());
  const embedded = await unless(
    ended,
    bringUp(context, store, { verb: 'up', ui: true, ...options, demoEnv: demo?.env }),
  );
  if (typeof embedded === 'number') return 0;
  const health = await watchWorker(context, store, embedded.worker, { ...env, ...demo?.env });
  const { client } = embedded;
  const cron = options.cron ?? (demo ? '* * * * *' : defaultCron);
  const watch = new CollectionWatch(store);
  await watch.start(names);
  context.onClose(async () => watch.stop());
  await startAll(client, names, cron, options.cron !== undefined);
  await print(banner({ ...embedded, health, settings: context.settings, names, cron, demo }));
  const code = await Promise.race([ended, embedded.server.failed, embedded.worker.done.then(() => 1)]);
  tell('Stopping: the worker finishes its current work …');
  return code === 130 || code === 143 || code === 129 ? 0 : code;
}

/** The first start after the demo says that this is no longer the demo. */
async function tellOfMove({ settings: { dataDir, store: place } }: Context, store: Store): Promise<void> {
  const demoDir = demoFolder(dataDir);
  if (existsSync(demoDir) && (await store.collectors()).length === 0) tell(leavesTheDemo(place.name, demoDir));
}

/** Lost settings must not turn a real collection into a demo. */
async function refuseToForget(context: Context, store: Store): Promise<never> {
  const known = await store.collectors();
  const holds = known.length === 0 ? '' : ` that has events of ${known.join(', ')}`;
  throw new TrawlError(
    'SETTINGS_INVALID',
    `No collector is set up for the store ${context.settings.store.name}${holds}.`,
    {
      hint: 'Put the settings into .env (docs/settings.md lists them for each source), or use another TRAWL_DATA.',
    },
  );
}

/** A collection that fails to start does not hold up the others. @throws the first failure if none could be started. */
async function startAll(client: Client, names: readonly string[], cron: string, asked: boolean): Promise<void> {
  const failures: [string, unknown][] = [];
  for (const name of names) {
    try {
      const recurrence = (await recurringState(client, name))?.recurrence;
      // An existing collection keeps its times, unless others are requested.
      const wanted = asked || recurrence === undefined ? cron : undefined;
      await startRecurring(client, name, { recurrence, cron: wanted });
      // The first tick of a cron may be minutes away.
      await startNow(client, name);
    } catch (error) {
      failures.push([name, wrongCallOf(error)]);
    }
  }
  if (failures.length === names.length) throw failures[0]![1];
  for (const [name, error] of failures) {
    tell(`${name} was not started: ${error instanceof TrawlError ? sentence(error) : reasonOf(error)}`);
  }
}
