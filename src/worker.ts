import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { Client } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { createActivities } from '../activities/index.js';
import type { LocalActivities } from '../activities/types.js';
import type { Environment } from './environment.js';
import { TrawlError } from './errors.js';
import { answerBounds, HttpClient } from './http/client.js';
import { observingActivities } from './metrics/activity-interceptor.js';
import type { Observer } from './metrics/observer.js';
import type { TemporalSettings } from './settings/through-temporal.js';
import { sources as allSources } from './sources/registry.js';
import type { Source } from './sources/source.js';
import type { Store } from './stores/store.js';
import type { TemporalAddress } from './temporal/connection.js';
import { taskQueue as defaultTaskQueue } from './temporal/names.js';
import { knownCommandsSentTo } from './temporal/waiting-commands.js';
import { releasesBeside, workerIdentity } from './temporal/workers.js';
import type { Tracing } from './tracing/start.js';
import { packageVersion } from './version.js';
import { defaultTuning, type WorkerTuning } from './worker-tuning.js';

/** Path of the bundle that `npm run build` makes of workflows/index.ts, seen from the compiled code or the sources. */
function bundlePath(name: string): string | undefined {
  return [`../${name}`, `../dist/${name}`]
    .map((path) => fileURLToPath(new URL(path, import.meta.url)))
    .find((path) => existsSync(path));
}

interface WorkerSettings {
  temporal: TemporalAddress;
  /** Stays open when the worker ends: the caller closes it. */
  store: Store;
  env: Environment;
  /** Supported kinds of source. Default: all. */
  sources?: readonly Source[];
  tuning?: WorkerTuning;
  /** Settings and commands that it accepts through Temporal. Default: `safe`. */
  temporalSettings?: TemporalSettings;
  /** Receives what the worker does, for metrics. */
  observer?: Observer;
  tracing?: Tracing | null;
  /** Default: the one that all workers share. */
  taskQueue?: string;
  /** Tests replace it, to run workers of two releases in one process. Default: this one. */
  release?: Release;
}

/** The code that carries out workflows. */
interface Release {
  version: string;
  /** Path of the bundle. */
  workflows: string;
  /** The server keeps one poller for each identity. */
  identity: string;
}

export interface RunningWorker {
  /** True while the worker accepts tasks. */
  working(): boolean;
  /** True if the Temporal server answers the worker. */
  temporalUp(): Promise<boolean>;
  /** Resolves when the worker has ended after `stop`; rejects if it failed. */
  done: Promise<void>;
  /** Accepts no new tasks, and ends when the current ones are done. */
  stop(): Promise<void>;
}

/**
 * Limits how much the heap grows between two garbage collections. Pages live too long for the young generation, and by
 * default V8 lets the heap grow to four times its live size before it collects.
 */
const heapGrowingPercent = 30;

/** A server that takes longer counts as not answering. */
const answerMaxMs = 2_000;

/** Runs a worker for all workflows and activities. */
export async function startWorker({
  temporal,
  store,
  env,
  sources = allSources,
  tuning = defaultTuning,
  temporalSettings = 'safe',
  observer,
  tracing = null,
  taskQueue = defaultTaskQueue,
  release,
}: WorkerSettings): Promise<RunningWorker> {
  const codePath = release?.workflows ?? bundlePath(tracing ? 'workflow-bundle.traced.js' : 'workflow-bundle.js');
  const version = release?.version ?? packageVersion();
  if (codePath === undefined) {
    throw new TrawlError('SETTINGS_INVALID', 'The workflow bundle has not been built.', {
      hint: 'Run "npm run build".',
    });
  }
  await store.beginWork();
  setFlagsFromString(`--heap-growing-percent=${heapGrowingPercent}`);
  // Everything opened here is closed on every path: an open connection keeps the process alive.
  const opened: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const each of opened.splice(0).reverse()) await each();
  };
  const open = async () => {
    const http = new HttpClient(answerBounds(tuning.answerSeconds), env);
    opened.push(() => http.close());
    const connection = await NativeConnection.connect(temporal.connection);
    opened.push(() => connection.close());
    const { namespace, dataConverter } = temporal;
    const client = new Client({ connection, namespace, ...(dataConverter ? { dataConverter } : {}) });
    const worker = await Worker.create({
      connection,
      namespace,
      taskQueue,
      identity: release?.identity ?? (await workerIdentity(store)),
      workflowBundle: { codePath },
      ...(dataConverter ? { dataConverter } : {}),
      // Tells the server, and so the workers beside it, which release this is. It does not version any run.
      workerDeploymentOptions: { version: { deploymentName: 'trawl', buildId: version }, useWorkerVersioning: false },
      activities: {
        ...createActivities({
          ...{ store, sources, http, env, observer, temporalSettings },
          commandsSentTo: (collector, run) => knownCommandsSentTo(client, collector, run),
        }),
        ...({
          otherReleases: () => releasesBeside(version, connection.workflowService, { namespace, queue: taskQueue }),
        } satisfies LocalActivities),
      },
      interceptors: { activity: [observingActivities(observer), ...(tracing?.activityInterceptors ?? [])] },
      ...(tracing ? { sinks: tracing.sinks } : {}),
      maxCachedWorkflows: tuning.cachedWorkflows,
      maxConcurrentActivityTaskExecutions: tuning.activities,
      // Limits how long the workflows of a killed worker wait.
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
