import { TrawlError } from '../../errors.js';
import { installTemporalLogger } from '../../log.js';
import { connect } from '../../temporal/connection.js';
import { startWorker } from '../../worker.js';
import type { Context } from '../context.js';
import { interrupted } from '../interrupt.js';
import { tell } from '../output.js';
import { findTemporal } from '../temporal-session.js';
import { watchWorker } from '../watch-worker.js';

/** `trawl worker`: a worker for the Temporal server that is configured, or that `trawl up` runs. */
export async function worker(context: Context): Promise<number> {
  const ended = interrupted();
  const address = await findTemporal(context);
  if (!address) {
    throw new TrawlError('NOT_RUNNING', 'No Temporal server is configured, and none is running here.', {
      hint: 'Set TEMPORAL_ADDRESS, or use "trawl up", which brings server and worker.',
    });
  }
  const store = context.openStore(undefined, 'write');
  // Says what is wrong in words; the worker's own connection would only fail.
  await (await connect(address)).connection.close();
  installTemporalLogger(context.logger());
  const running = await startWorker({ temporal: address, store, env: context.settings.env });
  context.onClose(() => running.stop().catch(() => undefined));
  const health = await watchWorker(context, store, running);
  tell(
    `A worker runs for ${address.connection.address ?? 'Temporal'}, namespace ${address.namespace}, on the store ${context.settings.storePath}${health ? `; health at ${health}/healthz` : ''}. Ctrl-C ends it.`,
  );
  const code = await Promise.race([ended, running.done.then(() => 1)]);
  tell('Stopping: the worker finishes what it has in hand …');
  return code === 1 ? 1 : 0;
}
