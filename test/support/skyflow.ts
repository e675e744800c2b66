import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { expect, inject, onTestFinished } from 'vitest';
import type { DemoEvent } from '../../demo/skyflow/events.js';
import { type DemoSkyflow, type DemoSkyflowOptions, startDemoSkyflow } from '../../demo/skyflow/server.js';
import type { StoredEvent } from '../../src/domain.js';
import { leftOutText } from '../../src/skyflow-content.js';
import { skyflow } from '../../src/sources/skyflow/source.js';
import type { StorePlace } from '../../src/stores/place.js';
import { openStore } from '../../src/stores/registry.js';
import type { Store } from '../../src/stores/store.js';
import { localTemporal } from '../../src/temporal/connection.js';
import { type RunningWorker, startWorker } from '../../src/worker.js';
import type { Progress } from '../../workflows/messages.js';
import { quietTemporal } from './quiet.js';
import { makeStorePlace } from './store.js';

interface SkyflowCollectionOptions extends DemoSkyflowOptions {
  /** The way to sign in. Default: the API key. */
  by?: 'key' | 'credentials';
  /** Changes the content of the credentials file. */
  credentials?: (right: string) => string;
}

/** A demo vault, a store, a worker and a client, on their own task queue; all of it ends with the test. */
export class SkyflowCollection {
  readonly demo: DemoSkyflow;
  readonly store: Store;
  readonly place: StorePlace;
  /** Holds only the store's files and the credentials file. */
  readonly folder: string;
  readonly #client: Client;
  readonly #taskQueue: string;
  readonly #env: Record<string, string>;
  #worker: RunningWorker | undefined;

  private constructor(
    demo: DemoSkyflow,
    folder: string,
    store: Store,
    place: StorePlace,
    client: Client,
    env: Record<string, string>,
  ) {
    this.demo = demo;
    this.folder = folder;
    this.store = store;
    this.place = place;
    this.#client = client;
    this.#taskQueue = `test-${randomUUID()}`;
    this.#env = env;
  }

  static async start(
    { by = 'key', credentials = (right) => right, ...options }: SkyflowCollectionOptions = {},
    settings: Record<string, string> = {},
  ): Promise<SkyflowCollection> {
    quietTemporal();
    const demo = await startDemoSkyflow({ events: 350, ...options });
    const folder = mkdtempSync(join(tmpdir(), 'trawl-test-'));
    const connection = await Connection.connect({ address: inject('temporalAddress') });
    const file = join(folder, 'credentials.json');
    writeFileSync(file, credentials(JSON.stringify(demo.credentials())));
    const { place, remove } = await makeStorePlace(folder);
    const store = await openStore(place);
    const collection = new SkyflowCollection(demo, folder, store, place, new Client({ connection }), {
      SKYFLOW_ACCOUNT_ID: demo.accountId,
      SKYFLOW_VAULT_URL: demo.vaultUrl,
      ...(by === 'key' ? { SKYFLOW_API_KEY: demo.signIn.apiKey } : { SKYFLOW_CREDENTIALS_FILE: file }),
      ...settings,
    });
    await collection.startWorker();
    onTestFinished(async () => {
      await collection.#worker?.stop();
      await collection.store.close();
      await demo.close();
      await connection.close();
      await remove();
      rmSync(folder, { recursive: true, force: true });
    });
    return collection;
  }

  /** Replaces the running worker with one that has these settings changed. */
  async startWorker(settings: Record<string, string> = {}): Promise<void> {
    await this.#worker?.stop();
    this.#worker = await startWorker({
      temporal: localTemporal(inject('temporalAddress')),
      store: this.store,
      env: { ...this.#env, ...settings },
      sources: [skyflow],
      taskQueue: this.#taskQueue,
    });
  }

  /** Runs M10 once, to its end. */
  async collect(): Promise<Progress> {
    return (await (await this.start()).result()) as Progress;
  }

  /** Counts the page requests of one run. */
  async requestsOfRun(): Promise<number> {
    const before = this.demo.requests.audits;
    await this.collect();
    return this.demo.requests.audits - before;
  }

  /** The failure of a run that must fail. */
  async failure(): Promise<{ type: string; message: string }> {
    const error = await this.collect().then(
      () => undefined,
      (thrown: unknown) => thrown as { cause: { type: string; message: string } },
    );
    if (!error) throw new Error('the run has not failed');
    return error.cause;
  }

  /** Starts M10; if it still runs when the test ends, it is terminated. */
  async start(): Promise<WorkflowHandle> {
    const handle = await this.#client.workflow.start('recurringAuditCollection', {
      workflowId: `${this.#taskQueue}-${randomUUID()}`,
      taskQueue: this.#taskQueue,
      args: [{ collector: 'skyflow' }],
    });
    onTestFinished(async () => {
      await handle.terminate('test finished').catch(() => undefined);
    });
    return handle;
  }

  async stored(): Promise<StoredEvent[]> {
    return this.store.events({ collector: 'skyflow', afterSeq: 0 }, 1_000_000);
  }

  /** The execution log, oldest line first, as `note: events`. */
  async notes(): Promise<string[]> {
    const lines = await this.store.executionLog({ collector: 'skyflow', limit: 10_000 });
    return lines.reverse().map((line) => `${line.notes}: ${line.eventsWritten}`);
  }

  /** Moves the checkpoint to an offset made from the current one. */
  async moveCheckpoint(to: (offset: string) => string): Promise<void> {
    const { lastOffset, generation } = await this.store.checkpoint('skyflow');
    const written = await this.store.writePage({
      ...{ key: randomUUID(), collector: 'skyflow', offset: lastOffset, generation, nextOffset: to(lastOffset) },
      ...{ more: false, events: [], rejected: [], relatedObjects: [], digest: '' },
    });
    expect(written.outcome).toBe('written');
  }

  /** Simulates that the overlap has passed since the walk began to read beyond the settled cursor. */
  async letOverlapPass(): Promise<void> {
    await this.moveCheckpoint((offset) => offset.replace(/"at":"[^"]+"/, '"at":"2020-01-01T00:00:00.000Z"'));
  }

  /** Fails unless the store holds exactly these events, once each and byte for byte except for their content. */
  async expectStored(events: readonly DemoEvent[], { content = false } = {}): Promise<void> {
    const stored = (await this.stored()).map((event) => `${event.id} ${event.timestamp} ${event.rawEvent}`).sort();
    const truth = events.map((event) => {
      const timestamp = `${event.timestamp.replace(' ', 'T')}Z`;
      return `${event.changeID} ${timestamp} ${content ? event.text() : event.text(leftOut(event))}`;
    });
    truth.sort();
    const first = truth.findIndex((event, index) => event !== stored[index]);
    expect({ count: stored.length, first: truth[first] }).toEqual({ count: truth.length, first: undefined });
  }

  /** The same for all events of the vault. */
  async expectComplete(options: { content?: boolean } = {}): Promise<void> {
    await this.expectStored(this.demo.truth(), options);
  }
}

function leftOut({ contents: [asked, answered] }: DemoEvent): [string, string] {
  const kept = (text: string) => (['null', '""'].includes(text) ? text : JSON.stringify(leftOutText));
  return [kept(asked), kept(answered)];
}
