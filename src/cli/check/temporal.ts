import { connect } from '../../temporal/connection.js';
import { hasWorker } from '../../temporal/workers.js';
import type { Context } from '../context.js';
import { findTemporal } from '../temporal-session.js';
import type { CheckLines } from './lines.js';

/** The server and its namespace, and whether anything takes work there. */
export async function checkTemporal(context: Context, lines: CheckLines): Promise<void> {
  try {
    const address = await findTemporal(context, 0);
    if (!address) {
      lines.passed('Temporal', 'none is running here or configured; "trawl up" brings its own');
      lines.skipped('worker', 'there is no Temporal server yet');
      return;
    }
    const client = await connect(address);
    context.onClose(() => client.connection.close());
    lines.passed('Temporal', `${address.connection.address}, namespace ${address.namespace}`);
    if (await hasWorker(client)) lines.passed('worker', 'one takes work');
    else lines.warning('worker', 'none takes work. Start one with "trawl worker" where the store is.');
  } catch (error) {
    lines.failed('Temporal', error);
    lines.skipped('worker', 'Temporal does not answer');
  }
}
