import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { inject, onTestFinished } from 'vitest';
import type { DemoAsa, DemoAsaOptions } from '../../demo/asa/server.js';
import { Place } from './cli.js';
import { until } from './collection.js';

/** What the temporal command writes, on the tests' server. */
export async function temporal(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(
    inject('temporalCli'),
    [...args, '--address', inject('temporalAddress')],
    { maxBuffer: 64 * 1024 * 1024 },
  );
  return stdout;
}

/** A place whose Temporal server is configured, in a namespace of its own, and has no worker. */
export async function placeWithoutWorker(
  options: DemoAsaOptions,
): Promise<{ place: Place; demo: DemoAsa; namespace: string }> {
  const namespace = `test-${randomUUID()}`;
  await temporal('operator', 'namespace', 'create', '--namespace', namespace);
  const { place, demo } = await Place.withDemo(options, {
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TEMPORAL_NAMESPACE: namespace,
    SEARCH_COUNT: '100',
  });
  // A namespace is not known everywhere at once.
  await until('the namespace is there', async () => (await place.run('collect', 'asa')).stderr.includes('NO_WORKER'));
  return { place, demo, namespace };
}

/** A client for it, as long as the test runs. */
export async function clientOf(namespace: string): Promise<Client> {
  const connection = await Connection.connect({ address: inject('temporalAddress') });
  onTestFinished(() => connection.close());
  return new Client({ connection, namespace });
}
