import { spawn } from 'node:child_process';
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
import { localTemporal } from '../../src/temporal/connection.js';
import { type RunningWorker, startWorker } from '../../src/worker.js';
import { quietTemporal } from './quiet.js';
import { makeStorePlace } from './store.js';

export const crashingWorker = join(root, 'test', 'fault', 'crashing-worker.mjs');

/** A demo team, a store, and a worker that dies at a point named in crashing-worker.mjs; another one takes over. */
export interface Crashing {
  demo: DemoAsa;
  place: StorePlace;
  store: Store;
  folder: string;
  client: Client;
  taskQueue: string;
  /** How often a worker has died, and whether it died at its point. */
  crashes(): { count: number; atPoint: boolean };
}

/** @param prepare fills the store before the worker starts; `folder` is deleted with the test. */
export async function startCrashing(
  point: string,
  options: DemoAsaOptions,
  { onTestFinished }: Pick<TestContext, 'onTestFinished'>,
  prepare: (store: Store, folder: string) => Promise<void> = async () => undefined,
): Promise<Crashing> {
  quietTemporal();
  const demo = await startDemoAsa(options);
  const folder = mkdtempSync(join(tmpdir(), 'trawl-crash-'));
  const { place, text, remove } = await makeStorePlace(folder);
  const marker = join(folder, 'crashed');
  const taskQueue = `test-${randomUUID()}`;
  const store = await openStore(place);
  await prepare(store, folder);
  const env = {
    ASA_TEAM: demo.team,
    ASA_KEY_ID: demo.keyId,
    ASA_KEY_SECRET: demo.keySecret,
    ASA_BASE_URL: demo.baseUrl,
    SEARCH_COUNT: '100',
  };
  const temporal = inject('temporalAddress');
  let successor: Promise<RunningWorker> | undefined;
  let count = 0;
  let over = false;
  const crash = {
    CRASH_POINT: point,
    CRASH_MARKER: marker,
    CRASH_TASK_QUEUE: taskQueue,
    CRASH_TEMPORAL: temporal,
    CRASH_STORE: text,
  };
  const worker = spawn(process.execPath, ['--no-opt', crashingWorker], {
    stdio: 'ignore',
    env: { ...process.env, ...env, ...crash },
  });
  worker.once('exit', (_, signal) => {
    if (signal !== 'SIGKILL' || over) return;
    count += 1;
    // Here, since a second process would cost more than all the rest of the test.
    successor = startWorker({ temporal: localTemporal(temporal), store, env, taskQueue });
    successor.catch(() => undefined);
  });
  const connection = await Connection.connect({ address: temporal });
  onTestFinished(async () => {
    over = true;
    worker.kill('SIGKILL');
    await successor?.then((running) => running.stop());
    await connection.close();
    await store.close();
    await demo.close();
    await remove();
    rmSync(folder, { recursive: true, force: true });
  });
  const crashes = () => ({ count, atPoint: existsSync(marker) });
  return { demo, place, store, folder, client: new Client({ connection }), taskQueue, crashes };
}
