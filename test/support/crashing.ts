import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { inject, type TestContext } from 'vitest';
import { type DemoAsa, type DemoAsaOptions, startDemoAsa } from '../../demo/asa/server.js';
import { root } from '../../scripts/setup.mjs';
import type { StorePlace } from '../../src/stores/place.js';
import { openStore } from '../../src/stores/registry.js';
import type { Store } from '../../src/stores/store.js';
import { makeStorePlace } from './store.js';

export const crashingWorker = join(root, 'test', 'fault', 'crashing-worker.mjs');

/** A demo team, a store, and a worker that dies once, at a point named in crashing-worker.mjs, and starts again. */
export interface Crashing {
  demo: DemoAsa;
  place: StorePlace;
  store: Store;
  folder: string;
  client: Client;
  taskQueue: string;
  /** Number of the worker's deaths, and whether it died at its point. */
  crashes(): { count: number; atPoint: boolean };
}

/** @param prepare fills the store before the worker starts; `folder` is deleted with the test. */
export async function startCrashing(
  point: string,
  options: DemoAsaOptions,
  { onTestFinished }: Pick<TestContext, 'onTestFinished'>,
  prepare: (store: Store, folder: string) => Promise<void> = async () => undefined,
): Promise<Crashing> {
  const demo = await startDemoAsa(options);
  const folder = mkdtempSync(join(tmpdir(), 'trawl-crash-'));
  const { place, text, remove } = await makeStorePlace(folder);
  const marker = join(folder, 'crashed');
  const taskQueue = `test-${randomUUID()}`;
  const store = await openStore(place);
  await prepare(store, folder);
  let running: ChildProcess | undefined;
  let count = 0;
  let over = false;
  const start = () => {
    running = spawn(process.execPath, [crashingWorker], {
      stdio: 'ignore',
      env: {
        ...process.env,
        ASA_TEAM: demo.team,
        ASA_KEY_ID: demo.keyId,
        ASA_KEY_SECRET: demo.keySecret,
        ASA_BASE_URL: demo.baseUrl,
        SEARCH_COUNT: '100',
        CRASH_POINT: point,
        CRASH_MARKER: marker,
        CRASH_TASK_QUEUE: taskQueue,
        CRASH_TEMPORAL: inject('temporalAddress'),
        CRASH_STORE: text,
      },
    });
    running.once('exit', (_, signal) => {
      if (signal !== 'SIGKILL' || over) return;
      count += 1;
      start();
    });
  };
  const connection = await Connection.connect({ address: inject('temporalAddress') });
  onTestFinished(async () => {
    over = true;
    running?.kill('SIGKILL');
    await connection.close();
    await store.close();
    await demo.close();
    await remove();
    rmSync(folder, { recursive: true, force: true });
  });
  start();
  const crashes = () => ({ count, atPoint: existsSync(marker) });
  return { demo, place, store, folder, client: new Client({ connection }), taskQueue, crashes };
}
