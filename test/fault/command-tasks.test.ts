import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Client,
  Connection,
  type WorkflowClient,
  type WorkflowHandle,
  WorkflowNotFoundError,
} from '@temporalio/client';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { inject, it } from 'vitest';
import { type DemoAsa, startDemoAsa } from '../../demo/asa/server.js';
import { openStore } from '../../src/stores/registry.js';
import type { Store } from '../../src/stores/store.js';
import { localTemporal } from '../../src/temporal/connection.js';
import { startWorker } from '../../src/worker.js';
import { event, page } from '../conformance/pages.js';
import { until } from '../support/collection.js';
import { makeNamespace } from '../support/namespace.js';
import { quietTemporal } from '../support/quiet.js';
import { makeStorePlace, testStore } from '../support/store.js';

/*
 * A command may arrive at any moment of a run. Each run of these tests gets one during a certain task, the nth: the
 * worker reads the input of every workflow task and activity, and writes its output, through a codec, which sends the
 * command and only then lets the worker continue. The server then delivers it right after that task.
 */

interface Scene {
  demo: DemoAsa;
  store: Store;
  folder: string;
  workflow: WorkflowClient;
}

interface Scenario {
  name: string;
  historyEventsMax: number;
  /** Number of events of the demo team, and of events requested at once. */
  events?: number;
  searchCount?: number;
  /** A command arrives during each task, or only during every nth. */
  step?: number;
  /** Prepares the state before the first run. */
  prepare?(scene: Scene): Promise<void>;
  /** Disturbs a run that has begun. */
  disturb?(handle: WorkflowHandle, reads: () => boolean): Promise<void>;
  signal?: { name: string; line: string };
  /** True if the runs find nothing new, unless a command makes them read again. */
  idle?: boolean;
  /** True if the offloading that a run begins ends before the next run. */
  offloadingEnds?: boolean;
}

const reset = { name: 'resetCheckpoint', line: 'Reset checkpoint' };
const clear = { name: 'clearEvents', line: 'Cleared events table' };

async function withSink({ store, folder }: Scene): Promise<void> {
  const path = join(folder, 'archive');
  mkdirSync(path);
  await store.setSettings('sink:archive', { kind: 'files', path }, []);
  await store.setSettings('asa', { offload: 'archive', offloadWhen: 'after-run' }, []);
}

const scenarios: Scenario[] = [
  { name: 'walks to its end', historyEventsMax: 3_000 },
  { name: 'walks to its end and is told to clear', historyEventsMax: 3_000, signal: clear },
  { name: 'finds nothing new', historyEventsMax: 3_000, idle: true },
  { name: 'begins offloading', historyEventsMax: 3_000, prepare: withSink },
  {
    name: 'cannot begin offloading, since its id is taken',
    historyEventsMax: 3_000,
    prepare: async (scene) => {
      await withSink(scene);
      const taken = { workflowId: 'audit-offload-asa', taskQueue: 'nobody', args: [{ collector: 'asa' }] };
      await scene.workflow.start('offloadEvents', taken);
    },
    offloadingEnds: false,
  },
  {
    name: 'hands over to a walk that continues as new',
    historyEventsMax: 20,
    // Three rounds of 20 pages.
    events: 45,
    searchCount: 1,
    prepare: withSink,
    // Its walks end like those of the others.
    step: 4,
  },
  {
    name: 'fails because its source refuses it',
    historyEventsMax: 3_000,
    prepare: async (scene) => {
      await withSink(scene);
      // Earlier events are due for clearing and have no sink; in the other tests the first run's offloading still runs.
      rmSync(join(scene.folder, 'archive'), { recursive: true });
      await scene.store.writePage(page([event('before')]));
      scene.demo.faults.add({ kind: 'status', status: 400, every: 1 });
    },
    offloadingEnds: false,
  },
  {
    name: 'is cancelled',
    historyEventsMax: 3_000,
    prepare: withSink,
    disturb: async (handle, reads) => {
      await until('it reads', reads);
      await handle.cancel();
    },
  },
  {
    name: 'has a command that fails for good',
    historyEventsMax: 3_000,
    prepare: ({ store }) => store.setSettings('asa', { offload: '!!' }, []),
    signal: { name: 'clearEvents', line: 'clearEvents failed' },
  },
];

for (const { name, historyEventsMax, events = 120, searchCount = 50, prepare, disturb, ...more } of scenarios) {
  it.concurrent(`a command that arrives during any task of a run that ${name} is carried out once`, async ({
    expect,
    onTestFinished,
  }) => {
    const { signal = reset, offloadingEnds = true, step = 1, idle = false } = more;
    quietTemporal();
    const namespace = await makeNamespace();
    const demo = await startDemoAsa({ events });
    const folder = mkdtempSync(join(tmpdir(), 'trawl-command-tasks-'));
    const { place, remove } = await makeStorePlace(folder);
    const store = await openStore(place);
    const connection = await Connection.connect({ address: inject('temporalAddress') });
    const { workflow } = new Client({ connection, namespace });
    await prepare?.({ demo, store, folder, workflow });

    let task = 0;
    let chosen = 0;
    let sent = 0;
    let running = '';
    const send = async (): Promise<void> => {
      const { raw } = await workflow.getHandle(running).describe();
      const walks = (raw.pendingChildren ?? []).filter(({ workflowTypeName }) => workflowTypeName === 'auditWalk');
      for (const id of [running, ...walks.map(({ workflowId }) => workflowId!)]) {
        try {
          await workflow.getHandle(id).signal(signal.name);
          sent += 1;
        } catch (error) {
          // It is over, and the sender of the command knows.
          if (!(error instanceof WorkflowNotFoundError)) throw error;
        }
      }
    };
    const pass = async (payloads: Payload[]): Promise<Payload[]> => {
      task += 1;
      if (task === chosen) await send();
      return payloads;
    };
    const codec: PayloadCodec = { encode: pass, decode: pass };
    const { connection: to } = localTemporal(inject('temporalAddress'));
    const taskQueue = `test-${randomUUID()}`;
    const worker = await startWorker({
      temporal: { namespace, connection: to, dataConverter: { payloadCodecs: [codec] } },
      store,
      env: {
        ASA_TEAM: demo.team,
        ASA_KEY_ID: demo.keyId,
        ASA_KEY_SECRET: demo.keySecret,
        ASA_BASE_URL: demo.baseUrl,
        SEARCH_COUNT: String(searchCount),
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

    const missed: number[] = [];
    const lines = async () =>
      (await store.executionLog({ collector: 'asa', limit: 100_000 })).filter(({ notes }) =>
        notes.startsWith(signal.line),
      ).length;
    // The other store takes every other task.
    for (chosen = testStore === 'sqlite' ? 1 : 1 + step; ; chosen += 2 * step) {
      running = `${taskQueue}-${chosen}`;
      if (!idle) {
        // Each run reads everything, including something new.
        demo.addEvents(1);
        await store.resetCheckpoint('asa', [running]);
      }
      task = 0;
      const [sentBefore, linesBefore, requestsBefore] = [sent, await lines(), demo.requests.audits];
      const handle = await workflow.start('recurringAuditCollection', {
        taskQueue,
        workflowId: running,
        args: [{ collector: 'asa', historyEventsMax }],
      });
      await disturb?.(handle, () => demo.requests.audits > requestsBefore);
      await handle.result().catch(() => undefined);
      const tasks = task;
      if ((await lines()) - linesBefore !== sent - sentBefore) missed.push(chosen);
      const offloading = workflow.getHandle('audit-offload-asa');
      if (offloadingEnds) await offloading.result().catch(() => undefined);
      if (tasks < chosen) break;
    }
    expect(missed).toEqual([]);
    expect(sent).toBeGreaterThan(5);
  }, 300_000);
}
