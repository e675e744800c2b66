import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { NativeConnection, Worker } from '@temporalio/worker';
import { createActivities } from '../activities/index.js';
import type { Environment } from './environment.js';
import { TrawlError } from './errors.js';
import { HttpClient } from './http/client.js';
import { observingActivities } from './metrics/activity-interceptor.js';
import type { Observer } from './metrics/observer.js';
import { sources as allSources } from './sources/registry.js';
import type { Source } from './sources/source.js';
import type { Store } from './stores/store.js';
import type { TemporalAddress } from './temporal/connection.js';
import { taskQueue as defaultTaskQueue } from './temporal/names.js';
import { workerIdentity } from './temporal/workers.js';
import type { Tracing } from './tracing/start.js';
import { defaultTuning, type WorkerTuning } from './worker-tuning.js';

/** Built by `npm run build` from workflows/index.ts: beside the compiled code, or seen from the sources. */
function bundlePath(name: string): string | undefined {
  return [`../${name}`, `../dist/${name}`]
    .map((path) => fileURLToPath(new URL(path, import.meta.url)))
    .find((path) => existsSync(path));
}

export interface WorkerSettings {
  temporal: TemporalAddress;
  /** Stays open when the worker ends: it is the caller's. */
  store: Store;
  env: Environment;
  /** The kinds of source it knows. Default: all. */
  sources?: readonly Source[];
  tuning?: WorkerTuning;
  /** Is told what it does. */
  observer?: Observer;
  tracing?: Tracing | null;
  /** The one that all workers share, unless several of them are to be kept apart. */
  taskQueue?: string;
}

export interface RunningWorker {
  /** Whether it takes work. */
  working(): boolean;
  /** Whether the Temporal server answers it. */
  temporalUp(): Promise<boolean>;
  /** Resolves when the worker has ended after `stop`; rejects where it failed. */
  done: Promise<void>;
  /** Takes no new work, and ends when the work in hand is done. */
  stop(): Promise<void>;
}

/**
 * By how much the heap may grow between two collections of garbage. Pages live too long for the young generation, and V8
 * on its own lets the heap grow to four times what is alive before it looks for dead ones.
 */
const heapGrowingPercent = 50;

/** A server that takes longer to answer does not answer. */
const answerMaxMs = 2_000;

/** Runs a worker for all workflows and activities. */
export async function startWorker({
  temporal,
  store,
  env,
  sources = allSources,
  tuning = defaultTuning,
  observer,
  tracing = null,
  taskQueue = defaultTaskQueue,
}: WorkerSettings): Promise<RunningWorker> {
  const codePath = bundlePath(tracing ? 'workflow-bundle.traced.js' : 'workflow-bundle.js');
  if (codePath === undefined) {
    throw new TrawlError('SETTINGS_INVALID', 'The workflow bundle has not been built.', {
      hint: 'Run "npm run build".',
    });
  }
  setFlagsFromString(`--heap-growing-percent=${heapGrowingPercent}`);
  // What has been opened is closed however this ends: an open connection keeps the process alive.
  const opened: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const each of opened.splice(0).reverse()) await each();
  };
  const open = async () => {
    const http = new HttpClient({}, env);
    opened.push(() => http.close());
    const connection = await NativeConnection.connect(temporal.connection);
    opened.push(() => connection.close());
    const worker = await Worker.create({
      connection,
      namespace: temporal.namespace,
      taskQueue,
      identity: await workerIdentity(store),
      workflowBundle: { codePath },
      ...(temporal.dataConverter ? { dataConverter: temporal.dataConverter } : {}),
      activities: createActivities({ store, sources, http, env, observer }),
      interceptors: { activity: [observingActivities(observer), ...(tracing?.activityInterceptors ?? [])] },
      ...(tracing ? { sinks: tracing.sinks } : {}),
      maxCachedWorkflows: tuning.cachedWorkflows,
      maxConcurrentActivityTaskExecutions: tuning.activities,
      // A worker that was killed holds up its workflows for so long.
      stickyQueueScheduleToStartTimeout: '5s',
      maxHeartbeatThrottleInterval: '2s',
      shutdownGraceTime: '10s',
      shutdownForceTime: '30s',
    });
    return { connection, worker, done: worker.run().finally(close) };
  };
  const { connection, worker, done } = await open().catch(async (error: unknown) => {
    await close();
    throw error;
  });
  done.catch(() => undefined);
  return {
    working: () => worker.getState() === 'RUNNING',
    temporalUp: () =>
      connection
        .withDeadline(Date.now() + answerMaxMs, () => connection.workflowService.getSystemInfo({}))
        .then(
          () => true,
          () => false,
        ),
    done,
    stop: async () => {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await done;
    },
  };
}
