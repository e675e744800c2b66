import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import { inject, it, onTestFinished } from 'vitest';
import { root } from '../../scripts/setup.mjs';
import { TestCollection, until } from '../support/collection.js';
import { startNumberedPages } from '../support/numbered-pages.js';

/*
 * Records the histories that replay.test.ts replays: npm run record-histories. A workflow change that breaks the old
 * ones needs a patch or a new workflow type; only histories of new behaviour are added then.
 */
const folder = join(dirname(fileURLToPath(import.meta.url)), 'histories');

function save(name: string, workflowId: string, runId?: string): void {
  const args = [
    'workflow',
    'show',
    '--address',
    inject('temporalAddress'),
    '--workflow-id',
    workflowId,
    '--output',
    'json',
  ];
  const all = runId ? [...args, '--run-id', runId] : args;
  const json = execFileSync(inject('temporalCli'), all, { maxBuffer: 1e8, encoding: 'utf8' });
  mkdirSync(folder, { recursive: true });
  // Removes traces of the machine that recorded them.
  const text = json.replaceAll(`${root}/`, '').replace(/"\d+@[^"]*"/g, '"1@worker"');
  writeFileSync(join(folder, `${name}.json`), text);
}

async function saveRun(name: string, handle: WorkflowHandle): Promise<void> {
  await handle.result().catch(() => undefined);
  save(name, handle.workflowId);
}

it("M10's branches", async () => {
  const collection = await TestCollection.start({ events: 250 }, { SEARCH_COUNT: '100' });
  await saveRun('m10-full-and-first-part-page', await collection.start());
  await saveRun('m10-no-new-events', await collection.start());
  collection.demo.addEvents(3);
  await saveRun('m10-subsequent-part-page', await collection.start());
  collection.demo.addEvents(47);
  collection.demo.forgetOffsets();
  await saveRun('m10-offset-unknown', await collection.start());
});

it('read-ahead over many rounds', async () => {
  const collection = await TestCollection.start({ events: 4_000 }, { SEARCH_COUNT: '50' });
  await saveRun('m10-read-ahead', await collection.start());
});

it('empty pages without end', async () => {
  const { baseUrl } = await startNumberedPages(() => []);
  const collection = await TestCollection.start({}, { ASA_BASE_URL: baseUrl });
  await saveRun('m10-not-caught-up', await collection.start());
});

it('failures', async () => {
  const collection = await TestCollection.start({ events: 100 });
  await saveRun('m10-input-invalid', await collection.start({ input: {} }));
  collection.demo.revokeKey();
  await saveRun('m10-key-revoked-2', await collection.start());
});

it('a rate limit', async () => {
  const collection = await TestCollection.start(
    { events: 3_000, rateLimit: { limit: 20, periodMs: 1_500 } },
    { SEARCH_COUNT: '100' },
  );
  await saveRun('m10-rate-limit', await collection.start());
});

it('signals in a walk', async () => {
  const collection = await TestCollection.start({ events: 8_000, latencyMs: 20 }, { SEARCH_COUNT: '100' });
  const handle = await collection.start();
  await until('pages are stored', async () => (await collection.store.checkpoint('asa')).pages > 5);
  await handle.signal('clearEvents');
  await handle.signal('resetCheckpoint');
  await handle.signal('resetCheckpoint');
  await saveRun('m10-signals', handle);
});

it('a cancelled walk', async () => {
  const collection = await TestCollection.start({ events: 8_000, latencyMs: 20 }, { SEARCH_COUNT: '100' });
  const handle = await collection.start();
  await until('pages are stored', async () => (await collection.store.checkpoint('asa')).pages > 5);
  await handle.cancel();
  await saveRun('m10-cancelled', handle);
});

it('two walks', async () => {
  const collection = await TestCollection.start({ events: 10_000, latencyMs: 10 }, { SEARCH_COUNT: '100' });
  const handles = [await collection.start(), await collection.start()];
  await saveRun('m10-two-walks-a', handles[0]!);
  await saveRun('m10-two-walks-b', handles[1]!);
});

it('a hand-over, with signals to both', async () => {
  const collection = await TestCollection.start({ events: 6_000, latencyMs: 20 }, { SEARCH_COUNT: '50' });
  const handle = await collection.start({ input: { collector: 'asa', historyEventsMax: 36 } });
  let walk = '';
  await until('the run has handed over', async () => {
    walk = ((await handle.query('progress')) as { walk: string | null }).walk ?? '';
    return walk !== '';
  });
  const first = await collection.client.workflow.getHandle(walk).describe();
  await handle.signal('resetCheckpoint');
  await collection.client.workflow.getHandle(walk).signal('clearEvents');
  await saveRun('m10-hand-over-3', handle);
  save('audit-walk-continued-as-new-3', walk, first.runId);
  save('audit-walk-last-3', walk);
});

it('maintenance flows', async () => {
  const collection = await TestCollection.start({ events: 10 });
  const variables = { collector: 'asa', variables: { searchCount: '10' } };
  await saveRun(
    'set-environment-variables',
    await collection.start({ type: 'setEnvironmentVariables', input: variables }),
  );
  const secret = { collector: 'asa', variables: { asaKeySecret: 'not-a-secret' } };
  await saveRun(
    'set-environment-variables-refused',
    await collection.start({ type: 'setEnvironmentVariables', input: secret }),
  );
  await saveRun('reset-checkpoint', await collection.start({ type: 'resetCheckpoint' }));
  await saveRun('clear-events', await collection.start({ type: 'clearEvents' }));
});

it('offloading', async () => {
  const path = mkdtempSync(join(tmpdir(), 'trawl-record-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  const collection = await TestCollection.start({ events: 300 }, { SEARCH_COUNT: '100' });
  await collection.store.setSettings('sink:archive', { kind: 'files', path, batchEvents: '10' }, []);
  await collection.store.setSettings('sink:absent', { kind: 'files', path: '/dev/null/absent' }, []);
  await collection.store.setSettings('asa', { offload: 'archive', retainDays: '30' }, []);
  await saveRun('m10-begins-offloading', await collection.start());
  await until('it is done', async () => (await collection.store.offload.backlog('asa', ['archive'], 1)) === 0);
  await saveRun('offload-events-2', await collection.start({ type: 'offloadEvents' }));
  await collection.store.setSettings('asa', { offload: 'archive,absent' }, []);
  const children = await collection.start({ type: 'offloadEvents' });
  await saveRun('offload-events-sink-failed-2', children);
  save('offload-to-sink', `${children.workflowId}/archive`);
  save('offload-to-sink-failed', `${children.workflowId}/absent`);
  await collection.store.setSettings('asa', { offload: 'archive' }, []);
  const again = {
    collector: 'asa',
    series: 'again',
    since: '2020-01-01T00:00:00Z',
    historyEventsMax: 20,
    durationMaxMs: 1,
  };
  const handle = await collection.start({ type: 'offloadEvents', input: again });
  const first = await handle.describe();
  await saveRun('offload-events-last-2', handle);
  save('offload-events-continued-as-new-2', handle.workflowId, first.runId);
});

it('runs that begin offloading before they end', async () => {
  const path = mkdtempSync(join(tmpdir(), 'trawl-record-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  const collection = await TestCollection.start({ events: 6_000, latencyMs: 20 }, { SEARCH_COUNT: '50' });
  await collection.store.setSettings('sink:archive', { kind: 'files', path }, []);
  await collection.store.setSettings('asa', { offload: 'archive' }, []);
  const handle = await collection.start({ input: { collector: 'asa', historyEventsMax: 30 } });
  let walk = '';
  await until('the run has handed over', async () => {
    walk = ((await handle.query('progress')) as { walk: string | null }).walk ?? '';
    return walk !== '';
  });
  const first = await collection.client.workflow.getHandle(walk).describe();
  await saveRun('m10-hand-over-offloads', handle);
  save('audit-walk-offloads', walk, first.runId);
  await until('it is done', async () => (await collection.store.offload.backlog('asa', ['archive'], 1)) === 0);
  await collection.store.setSettings('asa', { logRetainDays: '30' }, []);
  collection.demo.revokeKey();
  const before = await collection.store.offload.prunedAt('asa');
  if (before !== null) throw new Error('Retention must be due.');
  await saveRun('m10-failed-offloads', await collection.start());
});
