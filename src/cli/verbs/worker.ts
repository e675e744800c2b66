import { setTimeout as sleep } from 'node:timers/promises';
import { sentence, TrawlError } from '../../errors.js';
import type { Store } from '../../stores/store.js';
import type { Context } from '../context.js';
import { findTemporal } from '../find-temporal.js';
import { interrupted, unless } from '../interrupt.js';
import { startObservedWorker } from '../observed-worker.js';
import { tell } from '../output.js';
import { connectForStore } from '../temporal-session.js';
import { watchWorker } from '../watch-worker.js';

/** Opens the store. Waits for one that is temporarily unavailable, for example after a restart of the host. */
async function openWhenThere(context: Context, ended: Promise<unknown>): Promise<Store | undefined> {
  let over = false;
  void ended.then(() => {
    over = true;
  });
  let store: Store | undefined;
  for (let shown = ''; !over; await Promise.race([ended, sleep(1_000)])) {
    try {
      store ??= await context.openStore(undefined, 'write');
      await store.identity();
      return store;
    } catch (error) {
      if (!(error instanceof TrawlError) || !error.retry) throw error;
      if (error.message !== shown) tell(`Waiting for the store: ${sentence(error)} [${error.code}]`);
      shown = error.message;
    }
  }
  return undefined;
}

/** `trawl worker`: runs a worker for the configured Temporal server, or for that of `trawl up`. */
export async function worker(context: Context): Promise<number> {
  const ended = interrupted();
  context.closeFilesToOthers();
  const address = await unless(ended, findTemporal(context));
  if (typeof address === 'number') return 0;
  if (!address) {
    throw new TrawlError('NOT_RUNNING', 'No Temporal server is configured, and none is running here.', {
      hint: 'Set TEMPORAL_ADDRESS, or use "trawl up", which starts a server and a worker.',
    });
  }
  const store = await openWhenThere(context, ended);
  if (!store) return 0;
  // Explains a failure; the worker's own connection would only report it.
  if (typeof (await unless(ended, connectForStore(context, address, store))) === 'number') return 0;
  await context.tellSigner();
  const running = await startObservedWorker(context, store, address, { measured: context.settings.listen !== null });
  const health = await watchWorker(context, store, running);
  tell(
    `A worker runs for ${address.connection.address ?? 'Temporal'}, namespace ${address.namespace}, on the store ${context.settings.store.name}${health ? `; health at ${health}/healthz` : ''}. Ctrl-C ends it.`,
  );
  const code = await Promise.race([ended, running.done.then(() => 1)]);
  tell('Stopping: the worker finishes its current work …');
  return code === 1 ? 1 : 0;
}
