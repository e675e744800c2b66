import { isDeepStrictEqual } from 'node:util';
import type { Worker } from 'node:worker_threads';
import { ThreadedVMWorkflowCreator } from '@temporalio/worker/lib/workflow/threaded-vm.js';

type Wanted = Parameters<typeof ThreadedVMWorkflowCreator.create>[0];

interface Idle {
  wanted: Omit<Wanted, 'logger'>;
  threads: ThreadedVMWorkflowCreator;
}

/** The parts of it that the SDK does not publish. */
interface ThreadClient {
  workerThread: Worker;
  workerExited: boolean;
  getActiveWorkflowCount(): number;
}

function clientsOf(threads: ThreadedVMWorkflowCreator): readonly ThreadClient[] {
  return (threads as unknown as { workerThreadClients: readonly ThreadClient[] }).workerThreadClients;
}

/** Returns whether they run, and hold no workflow. */
function areUnused(threads: ThreadedVMWorkflowCreator): boolean {
  return clientsOf(threads).every((each) => each.getActiveWorkflowCount() === 0 && !each.workerExited);
}

const { create } = ThreadedVMWorkflowCreator;
const { destroy } = ThreadedVMWorkflowCreator.prototype;

/**
 * Leaves the threads of a worker that has ended to the next one with the same workflows, since loading them costs more
 * than most tests do. Workers that run at the same time share none, as in production.
 */
export function reuseWorkflowThreads(): void {
  // Files of a process share the SDK, but not this module.
  if (Object.hasOwn(ThreadedVMWorkflowCreator, 'idle')) return;
  const idle: Idle[] = [];
  const lent = new WeakMap<ThreadedVMWorkflowCreator, Idle['wanted']>();
  ThreadedVMWorkflowCreator.create = async ({ logger, ...wanted }) => {
    const at = idle.findIndex((each) => areUnused(each.threads) && isDeepStrictEqual(each.wanted, wanted));
    const threads =
      at < 0 ? await create.call(ThreadedVMWorkflowCreator, { logger, ...wanted }) : idle.splice(at, 1)[0]!.threads;
    for (const { workerThread } of clientsOf(threads)) workerThread.ref();
    lent.set(threads, wanted);
    return threads;
  };
  ThreadedVMWorkflowCreator.prototype.destroy = async function () {
    const wanted = lent.get(this);
    if (!wanted || !areUnused(this)) return destroy.call(this);
    lent.delete(this);
    // They keep no process alive.
    for (const { workerThread } of clientsOf(this)) workerThread.unref();
    idle.push({ wanted, threads: this });
  };
  Object.defineProperty(ThreadedVMWorkflowCreator, 'idle', { value: idle });
}
