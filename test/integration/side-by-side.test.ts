import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection, type WorkflowFailedError } from '@temporalio/client';
import { expect, inject, it, onTestFinished } from 'vitest';
import { startDemoAsa } from '../../demo/asa/server.js';
import { startDemoDescope } from '../../demo/descope/server.js';
import { startDemoSkyflow } from '../../demo/skyflow/server.js';
import { openStore } from '../../src/stores/registry.js';
import { localTemporal } from '../../src/temporal/connection.js';
import { startWorker } from '../../src/worker.js';
import type { Progress } from '../../workflows/messages.js';
import { quietTemporal } from '../support/quiet.js';
import { makeStorePlace } from '../support/store.js';

function ending<T extends { close(): Promise<void> }>(server: T): T {
  onTestFinished(() => server.close());
  return server;
}

it('collectors of one and of three sources run side by side, and a failing one delays no other', async () => {
  quietTemporal();
  const asa = ending(await startDemoAsa({ events: 1_200 }));
  const acme = ending(
    await startDemoAsa({ team: 'acme', keyId: 'acme-key', keySecret: 'YWNtZQ==', events: 700, seed: 2 }),
  );
  const descope = ending(await startDemoDescope({ events: 900 }));
  const skyflow = ending(await startDemoSkyflow({ events: 400 }));
  const folder = mkdtempSync(join(tmpdir(), 'trawl-test-'));
  const store = ending(await openStore((await makeStorePlace(folder)).place));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'acme-secret'), `${acme.keySecret}\n`);
  const acmeSettings = { source: 'asa', asaTeam: 'acme', asaKeyId: acme.keyId, asaBaseUrl: acme.baseUrl };
  await store.setSettings('acme-prod', { ...acmeSettings, asaKeySecretFile: join(folder, 'acme-secret') }, []);
  await store.setSettings('revoked', { ...acmeSettings, asaKeySecretEnv: 'TRAWL_SECRET_OLD' }, []);
  const taskQueue = `test-${randomUUID()}`;
  const worker = await startWorker({
    temporal: localTemporal(inject('temporalAddress')),
    store,
    env: {
      TRAWL_SECRET_FOLDERS: folder,
      TRAWL_SECRET_HOSTS: new URL(acme.baseUrl).origin,
      ASA_TEAM: asa.team,
      ASA_KEY_ID: asa.keyId,
      ASA_KEY_SECRET: asa.keySecret,
      ASA_BASE_URL: asa.baseUrl,
      DESCOPE_PROJECT_ID: descope.projectId,
      DESCOPE_MANAGEMENT_KEY: descope.managementKey,
      DESCOPE_BASE_URL: descope.baseUrl,
      SKYFLOW_ACCOUNT_ID: skyflow.accountId,
      SKYFLOW_VAULT_URL: skyflow.vaultUrl,
      SKYFLOW_API_KEY: skyflow.signIn.apiKey,
      TRAWL_SECRET_OLD: 'b2xk',
    },
    taskQueue,
  });
  onTestFinished(() => worker.stop());
  const connection = ending(await Connection.connect({ address: inject('temporalAddress') }));
  const { workflow } = new Client({ connection });
  const collect = (collector: string): Promise<Progress> =>
    workflow.execute('recurringAuditCollection', {
      workflowId: `${taskQueue}-${collector}-${randomUUID()}`,
      taskQueue,
      args: [{ collector }],
    });

  const working = ['asa', 'acme-prod', 'descope', 'skyflow'];
  const [refused] = await Promise.allSettled([collect('revoked'), ...working.map(collect)]);
  const failure = (refused as PromiseRejectedResult).reason as WorkflowFailedError;
  expect(failure.cause).toMatchObject({ type: 'CREDENTIALS_REFUSED' });
  const counts = await Promise.all(working.map((name) => store.eventCount(name)));
  expect(counts).toEqual([1_200, 700, 900, 400]);
  const idsOf = async (name: string) =>
    (await store.events({ collector: name, afterSeq: 0 }, 10_000)).map(({ id }) => id).sort();
  expect(await idsOf('asa')).toEqual([...asa.truth()].map(({ id }) => id).sort());
  expect(await idsOf('acme-prod')).toEqual([...acme.truth()].map(({ id }) => id).sort());
  expect(await idsOf('descope')).toEqual(
    descope
      .truth()
      .map(({ id }) => id)
      .sort(),
  );
  expect(await idsOf('skyflow')).toEqual(
    skyflow
      .truth()
      .map(({ changeID }) => changeID)
      .sort(),
  );

  const log = await store.executionLog({ limit: 1_000 });
  const written = (name: string) =>
    log.filter(({ collector }) => collector === name).reduce((sum, { eventsWritten }) => sum + eventsWritten, 0);
  expect(working.map(written)).toEqual(counts);
  expect(await store.eventCount('revoked')).toBe(0);
  expect(log.filter(({ collector }) => collector === 'revoked').map(({ notes }) => notes)).toEqual([
    expect.stringMatching(/^Run failed: .*asaKeySecretEnv in the table.* \[CREDENTIALS_REFUSED\]$/),
  ]);

  const requests = () => [asa.requests.audits, acme.requests.audits, descope.searches.length, skyflow.requests.audits];
  const before = requests();
  await Promise.all(working.map(collect));
  expect(requests().map((count, index) => count - before[index]!)).toEqual([1, 1, 1, 1]);
  expect(await Promise.all(working.map((name) => store.eventCount(name)))).toEqual(counts);
}, 120_000);
