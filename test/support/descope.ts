import { randomUUID } from 'node:crypto';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { expect, inject, onTestFinished } from 'vitest';
import { type DemoDescope, type DemoDescopeOptions, startDemoDescope } from '../../demo/descope/server.js';
import type { StoredEvent } from '../../src/domain.js';
import { descope } from '../../src/sources/descope/source.js';
import { openStore } from '../../src/stores/registry.js';
import type { Store } from '../../src/stores/store.js';
import { localTemporal } from '../../src/temporal/connection.js';
import { startWorker } from '../../src/worker.js';
import type { Progress } from '../../workflows/messages.js';
import { quietTemporal } from './quiet.js';
import { makeStorePlace } from './store.js';

interface DescopeCollectionOptions extends DemoDescopeOptions {
  /** The worker's request limit. Default: so high that it has no effect. */
  requestLimit?: { requests: number; periodMs: number };
}

/** A demo project, a store, a worker and a client, on their own task queue; all of it ends with the test. */
export class DescopeCollection {
  readonly demo: DemoDescope;
  readonly store: Store;
  readonly #client: Client;
  readonly #taskQueue: string;

  private constructor(demo: DemoDescope, store: Store, client: Client, taskQueue: string) {
    this.demo = demo;
    this.store = store;
    this.#client = client;
    this.#taskQueue = taskQueue;
  }

  static async start(
    { requestLimit = { requests: 10_000, periodMs: 1_000 }, ...options }: DescopeCollectionOptions = {},
    settings: Record<string, string> = {},
  ): Promise<DescopeCollection> {
    quietTemporal();
    const rateLimit = { requests: 10_000, periodMs: 1_000 };
    const demo = await startDemoDescope({ events: 300, rateLimit, ...options });
    const { place, remove } = await makeStorePlace();
    const store = await openStore(place);
    const connection = await Connection.connect({ address: inject('temporalAddress') });
    const client = new Client({ connection });
    const taskQueue = `test-${randomUUID()}`;
    const worker = await startWorker({
      temporal: localTemporal(inject('temporalAddress')),
      store,
      env: {
        DESCOPE_PROJECT_ID: demo.projectId,
        DESCOPE_MANAGEMENT_KEY: demo.managementKey,
        DESCOPE_BASE_URL: demo.baseUrl,
        ...settings,
      },
      sources: [{ ...descope, requestLimit }],
      taskQueue,
    });
    onTestFinished(async () => {
      await worker.stop();
      await store.close();
      await demo.close();
      await connection.close();
      await remove();
    });
    return new DescopeCollection(demo, store, client, taskQueue);
  }

  /** Runs M10 once, to its end. */
  async collect(): Promise<Progress> {
    return (await (await this.start()).result()) as Progress;
  }

  /** Starts M10; if it still runs when the test ends, it is terminated. */
  async start(): Promise<WorkflowHandle> {
    const handle = await this.#client.workflow.start('recurringAuditCollection', {
      workflowId: `${this.#taskQueue}-${randomUUID()}`,
      taskQueue: this.#taskQueue,
      args: [{ collector: 'descope' }],
    });
    onTestFinished(async () => {
      await handle.terminate('test finished').catch(() => undefined);
    });
    return handle;
  }

  async stored(): Promise<StoredEvent[]> {
    return this.store.events({ collector: 'descope', afterSeq: 0 }, 1_000_000);
  }

  /** The execution log, oldest line first, as `note: events`. */
  async notes(): Promise<string[]> {
    const lines = await this.store.executionLog({ collector: 'descope', limit: 10_000 });
    return lines.reverse().map((line) => `${line.notes}: ${line.eventsWritten}`);
  }

  /** Fails unless the store holds each event of the project once, byte for byte, in any order. */
  async expectComplete(): Promise<void> {
    const line = (timestamp: string, raw: string) => `${timestamp} ${raw}`;
    const stored = (await this.stored()).map((event) => line(event.timestamp, event.rawEvent)).sort();
    const truth = this.demo.truth().map(({ occurred, text }) => line(new Date(occurred).toISOString(), text));
    truth.sort();
    const first = truth.findIndex((event, index) => event !== stored[index]);
    expect({ count: stored.length, first: truth[first] }).toEqual({ count: truth.length, first: undefined });
  }
}
