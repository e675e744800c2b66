import type { Client } from '@temporalio/client';
import { reasonOf, TrawlError } from '../../errors.js';
import type { Store } from '../../stores/store.js';
import { hasWorker, workersElsewhere } from '../../temporal/workers.js';
import type { Context } from '../context.js';
import { findTemporal } from '../find-temporal.js';
import { connectFor } from '../temporal-session.js';
import type { CheckLines } from './lines.js';

const answerMaxMs = 10_000;

/** Checks the server and its namespace, and whether a worker runs for it. */
export async function checkTemporal(context: Context, lines: CheckLines, store: Store | undefined): Promise<void> {
  let client: Client | undefined;
  try {
    client = await reached(context, lines);
  } catch (error) {
    lines.failed('Temporal', error);
  }
  if (!client) {
    lines.skipped('worker', 'no Temporal server can be reached');
    return;
  }
  try {
    await client.withDeadline(Date.now() + answerMaxMs, () => checkWorker(client, lines, store));
  } catch (error) {
    lines.failed('worker', error instanceof TrawlError ? error : silent(error));
  }
}

/** @returns undefined if no server runs here or is configured. */
async function reached(context: Context, lines: CheckLines): Promise<Client | undefined> {
  const address = await findTemporal(context, 0);
  if (!address) {
    lines.passed('Temporal', 'none is running here or configured; "trawl up" starts its own');
    return undefined;
  }
  const client = await connectFor(context, address);
  lines.passed('Temporal', `${address.connection.address}, namespace ${address.namespace}`);
  return client;
}

function silent(cause: unknown): TrawlError {
  return new TrawlError('TEMPORAL_UNREACHABLE', `Temporal does not report whether a worker runs: ${reasonOf(cause)}.`, {
    hint: 'Look at the Temporal server.',
    cause,
  });
}

async function checkWorker(client: Client, lines: CheckLines, store: Store | undefined): Promise<void> {
  if (!(await hasWorker(client))) {
    lines.warning('worker', 'none is running. Start one with "trawl worker" where the store is.');
    return;
  }
  const [elsewhere] = store ? await workersElsewhere(client, store) : [];
  if (elsewhere === undefined) lines.passed('worker', 'running');
  else
    lines.warning(
      'worker',
      `the worker ${elsewhere} uses a different store. Make sure that TRAWL_STORE and TRAWL_DATA are the same here and there.`,
    );
}
