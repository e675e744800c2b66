import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { TrawlError } from '../errors.js';
import { isAlive } from '../processes.js';
import type { Store } from '../stores/store.js';
import { taskQueue } from './names.js';
import { epochMsOf } from './times.js';

/** An idle worker polls once a minute. A worker that has not polled for longer than this has ended. */
const silentMaxMs = 70_000;

interface Poller {
  identity: string;
  /** Epoch ms. */
  askedMs: number;
  /** Trawl's version, as the worker tells it to the server; null if it does not. */
  release: string | null;
}

/** A connection that can ask for the pollers of a task queue. */
type Asking = Pick<Client['workflowService'], 'describeTaskQueue'>;

async function pollersOf(workflowService: Asking, namespace: string, name: string): Promise<Poller[]> {
  const { pollers } = await workflowService.describeTaskQueue({ namespace, taskQueue: { name }, taskQueueType: 1 });
  return (pollers ?? []).map(({ identity, lastAccessTime, deploymentOptions, workerVersionCapabilities }) => ({
    identity: identity ?? '',
    askedMs: epochMsOf(lastAccessTime),
    // Servers from before deployments tell the second.
    release: deploymentOptions?.buildId || workerVersionCapabilities?.buildId || null,
  }));
}

function pollers({ workflowService, options }: Client): Promise<Poller[]> {
  return pollersOf(workflowService, options.namespace, taskQueue);
}

/** True if a worker polls the task queue. A killed worker still counts for a minute. */
export async function hasWorker({ workflowService, options }: Client, queue = taskQueue): Promise<boolean> {
  const since = Date.now() - silentMaxMs;
  return (await pollersOf(workflowService, options.namespace, queue)).some(({ askedMs }) => askedMs > since);
}

/** Releases that poll a task queue besides `own`. Workers from before releases were told are all one: "unknown". */
export async function releasesBeside(
  own: string,
  workflowService: Asking,
  { namespace, queue }: { namespace: string; queue: string },
): Promise<string[]> {
  const since = Date.now() - silentMaxMs;
  const polling = (await pollersOf(workflowService, namespace, queue)).filter(({ askedMs }) => askedMs > since);
  const releases = polling.map(({ release }) => release ?? 'unknown').filter((release) => release !== own);
  return [...new Set(releases)];
}

/** The workers that use a different store. */
export async function workersElsewhere(client: Client, store: Store): Promise<string[]> {
  const own = await store.identity();
  const since = Date.now() - silentMaxMs;
  const strange = (await pollers(client)).filter(
    (poller) => poller.askedMs > since && isStrange(poller, own, store.shared) && runsHere(poller) !== false,
  );
  return strange.map(({ identity }) => identity);
}

/** A worker's identity on the Temporal server: process, host and store. */
export async function workerIdentity(store: Store): Promise<string> {
  return `${process.pid}@${hostname()}/${await store.identity()}`;
}

/**
 * Checks that no other worker of the task queue uses a different store, or the same SQLite file on another host: each
 * would collect from its own checkpoint. A worker that polled recently may have ended since. On this host its process
 * is looked up; otherwise this waits until the worker polls again or counts as ended.
 *
 * @param store undefined if there is none yet; then every worker uses a different one.
 * @throws TrawlError STORES_DIFFER
 */
export async function requireSameStore(
  client: Client,
  store: Store | undefined,
  tell: (line: string) => void,
): Promise<void> {
  const [own, shared] = [(await store?.identity()) ?? '', store?.shared ?? false];
  const begunMs = Date.now();
  let announced = false;
  for (;;) {
    const since = Date.now() - silentMaxMs;
    const other = (await pollers(client)).find(
      (poller) => poller.askedMs > since && isStrange(poller, own, shared) && runsHere(poller) !== false,
    );
    if (!other) return;
    if (other.askedMs > begunMs || runsHere(other))
      throw storesDiffer(other.identity, shared, store !== undefined && other.identity.endsWith(`/${own}`));
    if (!announced)
      tell(`Waiting to see whether the worker ${other.identity}, which uses a different store, has ended.`);
    announced = true;
    await sleep(1_000);
  }
}

/** A worker whose identity has another form does not belong to Trawl, or to an earlier version of it. */
function isStrange({ identity }: Poller, own: string, shared: boolean): boolean {
  const [, host, store] = /^\d+@(.*)\/([0-9a-f]{16})$/.exec(identity) ?? [];
  if (store === undefined) return false;
  return store !== own || (!shared && host !== hostname());
}

/** Undefined for a worker on another host. In a container, this process may have the same id as its predecessor. */
function runsHere({ identity }: Poller): boolean | undefined {
  const [, pid, host] = /^(\d+)@(.*)\//.exec(identity) ?? [];
  if (host !== hostname()) return undefined;
  return Number(pid) !== process.pid && isAlive(Number(pid));
}

function storesDiffer(other: string, shared: boolean, sameFile: boolean): TrawlError {
  const what = sameFile
    ? `The worker ${other} uses the same SQLite file on another host.`
    : `The worker ${other} uses the same task queue with a different store.`;
  return new TrawlError('STORES_DIFFER', what, {
    hint: shared
      ? 'Give all workers of this Temporal namespace the same TRAWL_STORE, or use another namespace.'
      : 'SQLite serves the workers of one host. For several hosts, give all of them the same PostgreSQL in TRAWL_STORE, or use another Temporal namespace.',
  });
}
