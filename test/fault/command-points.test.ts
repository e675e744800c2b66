import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection, WorkflowNotFoundError } from '@temporalio/client';
import { inject, it } from 'vitest';
import { startDemoAsa } from '../../demo/asa/server.js';
import { openStore } from '../../src/stores/registry.js';
import type { Store } from '../../src/stores/store.js';
import { localTemporal } from '../../src/temporal/connection.js';
import { startWorker } from '../../src/worker.js';
import { quietTemporal } from '../support/quiet.js';
import { makeStorePlace } from '../support/store.js';

/** Every method of the store that the steps of a run call: a command can arrive during each of them. */
const steps = [
  'settings',
  'checkpoint',
  'stagePage',
  'relatedObjects',
  'committedPage',
  'writePage',
  'logIdleRun',
  'resetCheckpoint',
  'clearEvents',
] as const;

const points = steps.flatMap((step) => [1, 2, 5].map((nth) => ({ step, nth })));

/** A store that calls a hook before each call of a method, and waits for the hook to finish. */
function watched(store: Store, tell: (method: string) => Promise<void>): Store {
  return new Proxy(store, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown;
      if (typeof value !== 'function') return value;
      return async (...args: unknown[]) => {
        await tell(String(name));
        return (value as (...given: unknown[]) => unknown).apply(target, args);
      };
    },
  });
}

for (const { step, nth } of points) {
  it.concurrent(`commands that arrive during call ${nth} of ${step} take effect once each`, async ({
    expect,
    onTestFinished,
  }) => {
    quietTemporal();
    const demo = await startDemoAsa({ events: 1_250 });
    const folder = mkdtempSync(join(tmpdir(), 'trawl-commands-'));
    const { place, remove } = await makeStorePlace(folder);
    const store = await openStore(place);
    const taskQueue = `test-${randomUUID()}`;
    const connection = await Connection.connect({ address: inject('temporalAddress') });
    const { workflow } = new Client({ connection });
    const sent = { resetCheckpoint: 0, clearEvents: 0 };
    let running = `${taskQueue}-1`;
    let passed = 0;
    const send = async (): Promise<void> => {
      // To the run, and to the walk that it has handed over to, if there is one.
      const { walk } = (await workflow.getHandle(running).query('progress')) as { walk: string | null };
      for (const id of walk ? [running, walk] : [running]) {
        for (const name of ['clearEvents', 'resetCheckpoint'] as const) {
          try {
            await workflow.getHandle(id).signal(name);
            sent[name] += 1;
          } catch (error) {
            // It is over: then the command was refused, and its sender knows.
            if (!(error instanceof WorkflowNotFoundError)) throw error;
          }
        }
      }
    };
    const worker = await startWorker({
      temporal: localTemporal(inject('temporalAddress')),
      store: watched(store, async (method) => {
        if (method !== step) return;
        passed += 1;
        if (passed === nth) await send();
      }),
      env: {
        ASA_TEAM: demo.team,
        ASA_KEY_ID: demo.keyId,
        ASA_KEY_SECRET: demo.keySecret,
        ASA_BASE_URL: demo.baseUrl,
        SEARCH_COUNT: '50',
      },
      taskQueue,
    });
    onTestFinished(async () => {
      await worker.stop();
      await store.close();
      await connection.close();
      await demo.close();
      await remove();
      rmSync(folder, { recursive: true, force: true });
    });

    // The first run walks and hands over, the second finds nothing new, the third has commands when it starts.
    for (const id of [1, 2, 3]) {
      running = `${taskQueue}-${id}`;
      const start = { taskQueue, workflowId: running, args: [{ collector: 'asa', historyEventsMax: 25 }] as const };
      const handle =
        id === 3
          ? await workflow.signalWithStart('recurringAuditCollection', { ...start, signal: 'resetCheckpoint' })
          : await workflow.start('recurringAuditCollection', start);
      if (id === 3) sent.resetCheckpoint += 1;
      await handle.result();
    }

    const log = await store.executionLog({ collector: 'asa', limit: 10_000 });
    const lines = (note: string) => log.filter(({ notes }) => notes === note).length;
    expect({
      resetCheckpoint: lines('Reset checkpoint'),
      clearEvents: lines('Cleared events table'),
    }).toEqual(sent);
    const stored = await store.events({ collector: 'asa', afterSeq: 0 }, 10_000);
    expect(stored.map(({ id }) => id).sort()).toEqual([...demo.truth()].map(({ id }) => id).sort());
  }, 120_000);
}
