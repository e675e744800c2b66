import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { TrawlError } from '../errors.js';
import { isAlive } from '../processes.js';
import type { Store } from '../stores/store.js';
import { taskQueue } from './names.js';
import { epochMsOf } from './times.js';

/** A worker that has nothing to do asks for work once a minute: one that has not for longer than this has ended. */
const silentMaxMs = 70_000;

interface Poller {
  identity: string;
  /** Epoch ms. */
  askedMs: number;
}

async function pollers(client: Client): Promise<Poller[]> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: 1,
  });
  return (pollers ?? []).map(({ identity, lastAccessTime }) => ({
    identity: identity ?? '',
    askedMs: epochMsOf(lastAccessTime),
  }));
}

/** Whether a worker takes work from the task queue. One that was killed counts for a minute yet. */
export async function hasWorker(client: Client): Promise<boolean> {
  const since = Date.now() - silentMaxMs;
  return (await pollers(client)).some(({ askedMs }) => askedMs > since);
}

/** The workers that take work for another store than this one. */
export async function workersElsewhere(client: Client, store: Store): Promise<string[]> {
  const own = await store.identity();
  const since = Date.now() - silentMaxMs;
  const strange = (await pollers(client)).filter(
    (poller) => poller.askedMs > since && isStrange(poller, own, store.shared) && runsHere(poller) !== false,
  );
  return strange.map(({ identity }) => identity);
}

/** What a worker calls itself on the Temporal server: process, host and store. */
export async function workerIdentity(store: Store): Promise<string> {
  return `${process.pid}@${hostname()}/${await store.identity()}`;
}

/**
 * Sees that no other worker of the task queue has another store, or the same SQLite file on another host: each would
 * collect from a checkpoint of its own. One that asked for work lately may have ended since: it is waited for until it
 * asks again, or counts as gone; on this host it is looked up.
 *
 * @param store undefined where there is none yet: then every worker has another one.
 * @throws TrawlError STORES_DIFFER
 */
export async function requireSameStore(
  client: Client,
  store: Store | undefined,
  tell: (line: string) => void,
): Promise<void> {
  const [own, shared] = [(await store?.identity()) ?? '', store?.shared ?? false];
  const begunMs = Date.now();
  let told = false;
  for (;;) {
    const since = Date.now() - silentMaxMs;
    const other = (await pollers(client)).find(
      (poller) => poller.askedMs > since && isStrange(poller, own, shared) && runsHere(poller) !== false,
    );
    if (!other) return;
    if (other.askedMs > begunMs || runsHere(other))
      throw storesDiffer(other.identity, shared, store !== undefined && other.identity.endsWith(`/${own}`));
    if (!told) tell(`Waiting to see whether the worker ${other.identity}, which has another store, has ended.`);
    told = true;
    await sleep(1_000);
  }
}

/** One whose name is not of this form is no worker of Trawl, or of an earlier version. */
function isStrange({ identity }: Poller, own: string, shared: boolean): boolean {
  const [, host, store] = /^\d+@(.*)\/([0-9a-f]{16})$/.exec(identity) ?? [];
  if (store === undefined) return false;
  return store !== own || (!shared && host !== hostname());
}

/** Undefined where it is on another host. A process of the same number as this one was its last life in a container. */
function runsHere({ identity }: Poller): boolean | undefined {
  const [, pid, host] = /^(\d+)@(.*)\//.exec(identity) ?? [];
  if (host !== hostname()) return undefined;
  return Number(pid) !== process.pid && isAlive(Number(pid));
}

function storesDiffer(other: string, shared: boolean, sameFile: boolean): TrawlError {
  const what = sameFile
    ? `The worker ${other} has the same SQLite file on another host.`
    : `The worker ${other} takes work from the same task queue with another store.`;
  return new TrawlError('STORES_DIFFER', what, {
    hint: shared
      ? 'Give all workers of this Temporal namespace the same TRAWL_STORE, or use another namespace.'
      : 'SQLite serves the workers of one host. For several hosts, give all of them one PostgreSQL in TRAWL_STORE; or use another Temporal namespace.',
  });
}
