import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { TrawlError } from '../errors.js';
import type { Store } from '../stores/store.js';
import { temporalCli } from '../temporal/cli-binary.js';
import {
  configuredTemporal,
  connect,
  encrypting,
  localTemporal,
  type TemporalAddress,
} from '../temporal/connection.js';
import { type DevServer, startDevServer } from '../temporal/dev-server.js';
import { type InstanceInfo, lockInstance, readInstance, runningInstance } from '../temporal/instance.js';
import { taskQueue } from '../temporal/names.js';
import { hasWorker, requireSameStore } from '../temporal/workers.js';
import type { Context } from './context.js';
import { type ObservedWorker, startObservedWorker } from './observed-worker.js';
import { tell } from './output.js';

const instanceStartMaxMs = 60_000;

/**
 * The Temporal server that Temporal's settings name, or that a running `trawl up` has; null where there is neither.
 * @param startMaxMs how long one that is being started is waited for.
 */
export async function findTemporal(context: Context, startMaxMs = instanceStartMaxMs): Promise<TemporalAddress | null> {
  const { env, dataDir, payloadKeys } = context.settings;
  const configured = configuredTemporal(env);
  if (configured) return encrypting(configured, payloadKeys);
  const instance = await startedInstance(dataDir, startMaxMs);
  return instance?.address ? encrypting(localTemporal(instance.address, instance.clusterId), payloadKeys) : null;
}

/** A client for verbs that need a running server. @throws TrawlError NOT_RUNNING, TEMPORAL_UNREACHABLE */
export async function requireTemporal(context: Context): Promise<Client> {
  const address = await findTemporal(context);
  if (!address) {
    throw new TrawlError('NOT_RUNNING', 'No Temporal server is running here, and none is configured.', {
      hint: 'Start one with "trawl up", or set TEMPORAL_ADDRESS.',
    });
  }
  return connectFor(context, address);
}

/** @param answerMaxMs as of `connect`. */
export async function connectFor(context: Context, address: TemporalAddress, answerMaxMs?: number): Promise<Client> {
  const client = await connect(address, answerMaxMs);
  context.onClose(() => client.connection.close());
  return client;
}

/**
 * A client of a server whose workers have this store: what is started there is collected into it, and into no other.
 * @param store undefined where there is none yet.
 * @throws TrawlError STORES_DIFFER, TEMPORAL_UNREACHABLE
 */
export async function connectForStore(
  context: Context,
  address: TemporalAddress,
  store: Store | undefined,
): Promise<Client> {
  const client = await connectFor(context, address);
  await requireSameStore(client, store, tell);
  return client;
}

/** Waits while a `trawl up` that runs is still starting its server. */
async function startedInstance(dataDir: string, startMaxMs: number): Promise<InstanceInfo | null> {
  const until = Date.now() + startMaxMs;
  for (;;) {
    const instance = runningInstance(dataDir);
    if (!instance || instance.address || Date.now() >= until) return instance;
    await sleep(100);
  }
}

/** @throws TrawlError NO_WORKER where nothing would carry out what is started. */
export async function requireWorker(client: Client, where: string): Promise<void> {
  if (await hasWorker(client)) return;
  throw new TrawlError('NO_WORKER', `No worker takes work from the task queue ${taskQueue} at ${where}.`, {
    hint: 'Start one with "trawl worker" where the store is.',
  });
}

export interface Embedded {
  /** Path of the temporal command. */
  cli: string;
  server: DevServer;
  client: Client;
  worker: ObservedWorker;
}

export interface EmbeddedOptions {
  verb: string;
  ui: boolean;
  port?: number | undefined;
  uiPort?: number | undefined;
  /** Where TRAWL_LOG_LEVEL does not say; default info. */
  logLevel?: string;
  /** Settings of the demo team, where one runs along. */
  demoEnv?: Record<string, string> | undefined;
}

/**
 * Brings up the embedded server and a worker for as long as the verb runs. They end in the right order with it: the
 * worker drains first.
 * @throws TrawlError ALREADY_RUNNING, TEMPORAL_CLI_MISSING, TEMPORAL_SERVER_FAILED, PORT_TAKEN
 */
export async function bringUp(context: Context, store: Store, options: EmbeddedOptions): Promise<Embedded> {
  const { dataDir } = context.settings;
  const before = readInstance(dataDir);
  const lock = lockInstance(dataDir, options.verb);
  context.onClose(async () => lock.release());
  const cli = await temporalCli(context.settings.env, tell);
  const server = await startDevServer({
    cli,
    dataDir,
    port: options.port ?? portOf(before?.address) ?? 7233,
    uiPort: options.uiPort ?? portOf(before?.uiUrl) ?? 8233,
    ui: options.ui,
    tell,
  });
  context.onClose(() => server.stop());
  const address = encrypting(localTemporal(server.address), context.settings.payloadKeys);
  const client = await connectForStore(context, address, store);
  const { clusterId } = await client.workflowService.getClusterInfo({});
  const worker = await startObservedWorker(context, store, address, {
    env: { ...context.settings.env, ...options.demoEnv },
    logLevel: options.logLevel,
    measured: options.verb === 'up' && context.settings.listen !== null,
  });
  lock.publish({
    address: server.address,
    clusterId,
    ...(server.uiUrl ? { uiUrl: server.uiUrl } : {}),
    ...(options.demoEnv ? { demoEnv: options.demoEnv } : {}),
  });
  return { cli, server, client, worker };
}

/** What runs already, or the embedded server and a worker for as long as this verb runs. */
export async function readyTemporal(
  context: Context,
  verb: string,
  name: string,
): Promise<{ client: Client; failed: Promise<never> }> {
  const never = new Promise<never>(() => undefined);
  const address = await findTemporal(context);
  if (address) {
    const client = await connectForStore(context, address, await context.storeIfAny());
    await requireWorker(client, address.connection.address ?? 'the configured Temporal server');
    return { client, failed: never };
  }
  context.closeFilesToOthers();
  const store = await context.openStore();
  await context.collectorSettings(store, name);
  const embedded = await bringUp(context, store, { verb, ui: false, logLevel: 'error' });
  const { client, server, worker } = embedded;
  return { client, failed: Promise.race([server.failed, worker.done.then(() => never)]) };
}

/** A restart takes the ports of the last time, so that bookmarks and shells stay right. */
function portOf(place: string | undefined): number | undefined {
  const port = Number(place?.split(':').at(-1));
  return Number.isInteger(port) && port > 0 ? port : undefined;
}
