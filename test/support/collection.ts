import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { expect, inject, onTestFinished } from 'vitest';
import { type DemoAsa, type DemoAsaOptions, startDemoAsa } from '../../demo/asa/server.js';
import type { StoredEvent } from '../../src/domain.js';
import type { TemporalSettings } from '../../src/settings/through-temporal.js';
import type { StorePlace } from '../../src/stores/place.js';
import { openStore } from '../../src/stores/registry.js';
import type { Store } from '../../src/stores/store.js';
import { localTemporal, type TemporalAddress } from '../../src/temporal/connection.js';
import { type RunningWorker, startWorker } from '../../src/worker.js';
import { defaultTuning, type WorkerTuning } from '../../src/worker-tuning.js';
import type { Progress } from '../../workflows/messages.js';
import { quietTemporal } from './quiet.js';
import { makeStorePlace } from './store.js';

/** A demo team, a store, a worker and a client, on their own task queue; all of it ends with the test. */
export class TestCollection {
  readonly demo: DemoAsa;
  readonly store: Store;
  readonly place: StorePlace;
  readonly client: Client;
  readonly taskQueue: string;
  readonly temporal: TemporalAddress;
  readonly env: Record<string, string>;
  #worker: RunningWorker | undefined;
  #tuning = defaultTuning;
  #temporalSettings: TemporalSettings = 'safe';

  private constructor(demo: DemoAsa, client: Client, store: Store, place: StorePlace, env: Record<string, string>) {
    this.temporal = { ...localTemporal(inject('temporalAddress')), namespace: client.options.namespace };
    this.demo = demo;
    this.client = client;
    this.place = place;
    this.store = store;
    this.env = env;
    this.taskQueue = `test-${randomUUID()}`;
  }

  /**
   * @param own a store that the test has opened; it stays the test's.
   * @param more a namespace is needed where runs are on the task queue that all workers of one share.
   */
  static async start(
    demoOptions: DemoAsaOptions = {},
    settings: Record<string, string> = {},
    own?: Store,
    more: { tuning?: WorkerTuning; namespace?: string; temporalSettings?: TemporalSettings } = {},
  ): Promise<TestCollection> {
    quietTemporal();
    const demo = await startDemoAsa({ events: 2_500, ...demoOptions });
    const connection = await Connection.connect({ address: inject('temporalAddress') });
    const { place, remove } = await makeStorePlace();
    const store = own ?? (await openStore(place));
    const env = {
      ASA_TEAM: demo.team,
      ASA_KEY_ID: demo.keyId,
      ASA_KEY_SECRET: demo.keySecret,
      ASA_BASE_URL: demo.baseUrl,
      ...settings,
    };
    const collection = new TestCollection(
      demo,
      new Client({ connection, namespace: more.namespace ?? 'default' }),
      store,
      place,
      env,
    );
    collection.#tuning = more.tuning ?? defaultTuning;
    collection.#temporalSettings = more.temporalSettings ?? 'safe';
    await collection.startWorker();
    onTestFinished(async () => {
      await collection.endRuns();
      await collection.stopWorker();
      if (!own) await store.close();
      await demo.close();
      await connection.close();
      await remove();
    });
    return collection;
  }

  async startWorker(taskQueue = this.taskQueue): Promise<void> {
    this.#worker = await startWorker({
      temporal: this.temporal,
      store: this.store,
      env: this.env,
      tuning: this.#tuning,
      temporalSettings: this.#temporalSettings,
      taskQueue,
    });
  }

  async stopWorker(): Promise<void> {
    await this.#worker?.stop();
    this.#worker = undefined;
  }

  /** Starts M10, or another workflow type. */
  async start(options: { type?: string; input?: unknown; id?: string; cron?: string } = {}): Promise<WorkflowHandle> {
    return this.client.workflow.start(options.type ?? 'recurringAuditCollection', {
      workflowId: options.id ?? `${this.taskQueue}-${randomUUID()}`,
      taskQueue: this.taskQueue,
      args: [options.input ?? { collector: 'asa' }],
      ...(options.cron ? { cronSchedule: options.cron } : {}),
    });
  }

  /** Runs M10 once, to its end. */
  async collect(input?: unknown): Promise<Progress> {
    const handle = await this.start({ input });
    return (await handle.result()) as Progress;
  }

  async stored(): Promise<StoredEvent[]> {
    return this.store.events({ collector: 'asa', afterSeq: 0 }, 1_000_000);
  }

  /** The execution log, oldest line first, as `note: events`. */
  async notes(): Promise<string[]> {
    const lines = await this.store.executionLog({ collector: 'asa', limit: 10_000 });
    return lines.reverse().map((line) => `${line.notes}: ${line.eventsWritten}`);
  }

  /** Fails unless the store holds exactly the demo team's events, in the team's order. */
  async expectComplete(): Promise<void> {
    const stored = (await this.stored()).map((event) => ({
      id: event.id,
      timestamp: event.timestamp,
      details: event.rawEvent,
    }));
    const truth = [...this.demo.truth()];
    const first = truth.findIndex((event, index) => !isDeepStrictEqual({ ...event }, stored[index]));
    const at = first === -1 ? truth.length : first;
    expect({ count: stored.length, firstDifferent: stored[at], at }).toEqual({
      count: truth.length,
      firstDifferent: truth[at],
      at: truth.length,
    });
  }

  /** Fails unless the store holds exactly the first `count` events, in any order. */
  async expectStored(count: number): Promise<void> {
    const line = (id: string, timestamp: string, raw: string) => `${id} ${timestamp} ${raw}`;
    const stored = (await this.stored()).map((event) => line(event.id, event.timestamp, event.rawEvent));
    const truth = [...this.demo.truth()].map((event) => line(event.id, event.timestamp, event.details));
    const found = new Set(stored);
    const missing = truth.filter((event) => !found.has(event)).length;
    expect({ count: stored.length, distinct: found.size, missing }).toEqual({ count, distinct: count, missing: 0 });
  }

  private async endRuns(): Promise<void> {
    const query = `TaskQueue = '${this.taskQueue}' AND ExecutionStatus = 'Running'`;
    for await (const { workflowId } of this.client.workflow.list({ query })) {
      await this.client.workflow
        .getHandle(workflowId)
        .terminate('test finished')
        .catch(() => undefined);
    }
  }
}

/** Polls until a condition holds; fails after `withinMs`. */
export async function until(what: string, holds: () => Promise<boolean> | boolean, withinMs = 50_000): Promise<void> {
  const end = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`${what}: not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
