import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { expect, it, onTestFinished } from 'vitest';
import { type Activities, createActivities } from '../../activities/index.js';
import { startDemoAsa } from '../../demo/asa/server.js';
import { HttpClient } from '../../src/http/client.js';
import type { ActivityInput, ActivityName } from '../../src/inputs/activities.js';
import { sources } from '../../src/sources/registry.js';
import { SqliteStore } from '../../src/stores/sqlite/store.js';
import { roundLimits } from '../../workflows/options.js';

it("staged pages are written, sent and cleared even if the source's secret has gone meanwhile", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-unit-'));
  const [keyFile, archive] = [join(folder, 'asa-key'), join(folder, 'archive')];
  const demo = await startDemoAsa({ events: 25, anchorMs: Date.now() - 2 * 86_400_000 });
  writeFileSync(keyFile, demo.keySecret);
  mkdirSync(archive);
  const store = new SqliteStore(join(folder, 'trawl.db'));
  const http = new HttpClient({}, {});
  onTestFinished(async () => {
    await http.close();
    await store.close();
    await demo.close();
    rmSync(folder, { recursive: true });
  });
  const env = {
    ASA_TEAM: demo.team,
    ASA_KEY_ID: demo.keyId,
    ASA_KEY_SECRET_FILE: keyFile,
    ASA_BASE_URL: demo.baseUrl,
    SEARCH_COUNT: '10',
    OFFLOAD: 'archive',
    RETAIN_DAYS: '1',
    SINK_ARCHIVE_KIND: 'files',
    SINK_ARCHIVE_PATH: archive,
  };
  const activities = createActivities({ store, sources, http, env });
  const run = <Name extends ActivityName>(name: Name, input: ActivityInput<Name>) =>
    new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR', () => undefined) }).run(() =>
      activities[name](input),
    ) as ReturnType<Activities[Name]>;
  const fetch = () =>
    run('fetchPages', { collector: 'asa', from: { offset: '', generation: 0 }, knownDigest: '', ...roundLimits });

  const { pages } = await fetch();
  rmSync(keyFile);
  await expect(fetch()).rejects.toMatchObject({ type: 'SETTINGS_INVALID' });

  await run('enrichPages', { collector: 'asa', pages });
  expect(await run('writePages', { collector: 'asa', pages })).toMatchObject({ newEvents: 25, superseded: false });
  expect(await run('getLastCheckpoint', { collector: 'asa' })).toMatchObject({ offload: 'due' });
  expect(await run('planOffload', { collector: 'asa' })).toMatchObject({ sinks: ['archive'], retains: true });
  const batch = { sink: 'archive', series: '', since: null, until: null, now: true, durationMaxMs: 60_000 };
  expect(await run('offloadBatches', { collector: 'asa', ...batch })).toMatchObject({ events: 25, more: false });
  expect(readdirSync(archive, { recursive: true }).some((name) => String(name).endsWith('.ndjson.gz'))).toBe(true);
  // The part page at the checkpoint is read again.
  expect(await run('applyRetention', { collector: 'asa' })).toEqual({ cleared: 20 });
});
