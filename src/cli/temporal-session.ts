import type { Client } from '@temporalio/client';
import { TrawlError } from '../errors.js';
import type { Store } from '../stores/store.js';
import { temporalCli } from '../temporal/cli-binary.js';
import { encrypting, localTemporal, type TemporalAddress } from '../temporal/connection.js';
import { type DevServer, startDevServer } from '../temporal/dev-server.js';
import { lockInstance, readInstance } from '../temporal/instance.js';
import { taskQueue } from '../temporal/names.js';
import { hasWorker, requireSameStore } from '../temporal/workers.js';
import type { Context } from './context.js';
import { findTemporal } from './find-temporal.js';
import type { ObservedWorker } from './observed-worker.js';
import { tell } from './output.js';

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

/** Connects for as long as the verb runs. @param answerMaxMs as for `connect`. */
export async function connectFor(context: Context, address: TemporalAddress, answerMaxMs?: number): Promise<Client> {
  // A server of its own can be launched before the client is loaded.
  const { connect } = await import('../temporal/connect.js');
  const client = await connect(address, answerMaxMs);
  context.onClose(() => client.connection.close());
  return client;
}

/**
 * Connects to a server whose workers use this store, so that runs started there collect into it and into no other.
 * @param store undefined if there is none yet.
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

/** @throws TrawlError NO_WORKER if no worker would carry out a run. */
async function requireWorker(client: Client, where: string): Promise<void> {
  if (await hasWorker(client)) return;
  throw new TrawlError('NO_WORKER', `No worker polls the task queue ${taskQueue} at ${where}.`, {
    hint: 'Start one with "trawl worker" where the store is.',
  });
}

/**
 * How long a server may take to end. It has committed everything that it has acknowledged, so only one that people may be
 * looking at is given time to close its connections.
 */
const serverEndMs = 10_000;

export interface Embedded {
  /** Path of the temporal command. */
  cli: string;
  server: DevServer;
  client: Client;
  worker: ObservedWorker;
}

interface EmbeddedOptions {
  verb: string;
  ui: boolean;
  port?: number | undefined;
  uiPort?: number | undefined;
  /** Used if TRAWL_LOG_LEVEL is not set; default info. */
  logLevel?: string;
  /** Settings of the demo team, if one runs too. */
  demoEnv?: Record<string, string> | undefined;
}

/**
 * Starts the embedded server and a worker for as long as the verb runs. They end with it in the right order: the worker
 * drains first.
 * @throws TrawlError ALREADY_RUNNING, TEMPORAL_CLI_MISSING, TEMPORAL_SERVER_FAILED, PORT_TAKEN
 */
export async function bringUp(context: Context, store: Store, options: EmbeddedOptions): Promise<Embedded> {
  const { dataDir } = context.settings;
  const before = readInstance(dataDir);
  const lock = lockInstance(dataDir, options.verb);
  context.onClose(async () => lock.release());
  const cli = await temporalCli(context.settings.env, tell);
  let loading: Promise<typeof import('./observed-worker.js')> | undefined;
  const loadWorker = () => {
    loading ??= import('./observed-worker.js');
    return loading;
  };
  const server = await startDevServer({
    cli,
    dataDir,
    port: options.port ?? portOf(before?.address) ?? 7233,
    uiPort: options.uiPort ?? portOf(before?.uiUrl) ?? 8233,
    ui: options.ui,
    tell,
    // Both take about as long.
    launched: () => void loadWorker().catch(() => undefined),
  });
  context.onClose(() => server.stop(options.ui ? serverEndMs : 0));
  const address = await encrypting(localTemporal(server.address), context.settings.payloadKeys);
  const client = await connectForStore(context, address, store);
  const { clusterId } = await client.workflowService.getClusterInfo({});
  const { startObservedWorker } = await loadWorker();
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

/** What a verb needs that waits for a run. */
export interface ReadyTemporal {
  client: Client;
  /** Rejects if the server or the worker ends that this verb has started. */
  failed: Promise<never>;
  /** True if the verb has started them, so that they end with it. */
  isOwn: boolean;
}

/** Collectors that a verb is for. */
interface Needed {
  names: readonly string[];
  /** Throws if a collector's settings do not allow what the verb is for. Asked before a server is started. */
  settled(store: Store, name: string): Promise<unknown>;
}

/**
 * Connects to a running server, or starts the embedded server and a worker for as long as this verb runs.
 * @throws TrawlError COLLECTOR_UNKNOWN for a name that no worker can know, SETTINGS_INVALID
 */
export async function readyTemporal(
  context: Context,
  verb: string,
  { names, settled }: Needed,
): Promise<ReadyTemporal> {
  const never = new Promise<never>(() => undefined);
  const address = await findTemporal(context);
  if (address) {
    const known = await context.storeIfAny();
    for (const name of names) await context.requireReachable(known, name);
    const client = await connectForStore(context, address, known);
    await requireWorker(client, address.connection.address ?? 'the configured Temporal server');
    return { client, failed: never, isOwn: false };
  }
  context.closeFilesToOthers();
  const store = await context.openStore();
  const resolved = await Promise.allSettled(names.map((name) => settled(store, name)));
  // Of several, those that can run do; the runs of the others say what is wrong.
  const refused = resolved.filter((one) => one.status === 'rejected');
  if (refused.length === names.length) throw refused[0]!.reason;
  const embedded = await bringUp(context, store, { verb, ui: false, logLevel: 'error' });
  const { client, server, worker } = embedded;
  return { client, failed: Promise.race([server.failed, worker.done.then(() => never)]), isOwn: true };
}

/** A restart reuses the previous ports, so that bookmarks and shells keep working. */
function portOf(place: string | undefined): number | undefined {
  const port = Number(place?.split(':').at(-1));
  return Number.isInteger(port) && port > 0 ? port : undefined;
}
