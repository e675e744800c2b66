import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { google } from '@temporalio/proto';
import { inject, onTestFinished } from 'vitest';
import type { DemoAsa, DemoAsaOptions } from '../../demo/asa/server.js';
import { taskQueue } from '../../src/temporal/names.js';
import { Place } from './cli.js';
import { until } from './collection.js';

/** Output of the temporal command on the tests' server. */
export async function temporal(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(
    inject('temporalCli'),
    [...args, '--address', inject('temporalAddress')],
    { maxBuffer: 64 * 1024 * 1024 },
  );
  return stdout;
}

/** A namespace of its own, on the tests' server. */
export async function makeNamespace(): Promise<string> {
  const namespace = `test-${randomUUID()}`;
  const connection = await Connection.connect({ address: inject('temporalAddress') });
  try {
    const { workflowService } = connection;
    await workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: google.protobuf.Duration.fromObject({ seconds: 86_400 }),
    });
    // It is not known everywhere at once.
    const asked = { namespace, taskQueue: { name: taskQueue }, taskQueueType: 1 } as const;
    const isKnown = () =>
      Promise.all([workflowService.describeTaskQueue(asked), workflowService.countWorkflowExecutions({ namespace })]);
    await until('the namespace is known', () =>
      isKnown().then(
        () => true,
        () => false,
      ),
    );
  } finally {
    await connection.close();
  }
  return namespace;
}

/** A place whose Temporal server is configured, in a namespace of its own, and has no worker. */
export async function placeWithoutWorker(
  options: DemoAsaOptions,
): Promise<{ place: Place; demo: DemoAsa; namespace: string }> {
  const namespace = await makeNamespace();
  const { place, demo } = await Place.withDemo(options, {
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TEMPORAL_NAMESPACE: namespace,
    SEARCH_COUNT: '100',
  });
  return { place, demo, namespace };
}

/** A client for it, closed when the test ends. */
export async function clientOf(namespace: string): Promise<Client> {
  const connection = await Connection.connect({ address: inject('temporalAddress') });
  onTestFinished(() => connection.close());
  return new Client({ connection, namespace });
}
