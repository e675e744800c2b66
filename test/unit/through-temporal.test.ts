import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { expect, it, onTestFinished } from 'vitest';
import type { Dependencies } from '../../activities/dependencies.js';
import { createActivities } from '../../activities/index.js';
import type { TemporalSettings } from '../../src/settings/through-temporal.js';
import { sources } from '../../src/sources/registry.js';
import { sqlitePlace } from '../../src/stores/place.js';
import { openStore } from '../../src/stores/registry.js';
import { event, page } from '../conformance/pages.js';

/** A worker's activities over a store with two events, as someone with the namespace could schedule them. */
async function workerOf(temporalSettings?: TemporalSettings) {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-through-'));
  const store = await openStore(sqlitePlace(join(folder, 'trawl.db')), 'write');
  onTestFinished(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });
  await store.writePage(page([event('e1'), event('e2')], { nextOffset: 'next' }));
  const env = { ASA_TEAM: 't', ASA_KEY_ID: 'k', ASA_KEY_SECRET: 's' };
  const activities = createActivities({ store, sources, env, temporalSettings } as unknown as Dependencies);
  const run = <Input, Result>(step: (input: Input) => Promise<Result>, input: Input, workflowType = 'forged') =>
    new MockActivityEnvironment({ workflowType }, { logger: new DefaultLogger('ERROR') }).run(step, input);
  const set = (collector: string, variables: Record<string, string>) =>
    run(activities.setEnvironmentVariables, { collector, variables });
  const log = async (collector = 'asa') =>
    (await store.executionLog({ collector, limit: 100 })).reverse().map(({ notes }) => notes);
  return { store, activities, run, set, log };
}

/** What blinds a collector, or sends its events or what they contain elsewhere. */
const attacks: [string, Record<string, string>][] = [
  ['asa', { source: 'descope' }],
  ['descope', { descopeText: 'no-such-text' }],
  ['skyflow', { skyflowFilterEndTime: '1971-01-01 00:00:00' }],
  ['skyflow', { skyflowKeepContent: 'true' }],
  ['asa', { offload: 'theirs' }],
  ['asa', { offloadWhen: 'own-schedule' }],
  ['asa', { retainDays: '1' }],
  ['asa', { logRetainDays: '1' }],
  ['asa', { asaTeam: 'theirs' }],
  ['asa', { searchCount: '5', offload: 'theirs' }],
];

it('through Temporal, nothing sets what blinds a collector or redirects its events', async () => {
  const { store, set, log } = await workerOf();
  for (const source of ['asa', 'descope', 'skyflow']) await store.setSettings(source, { source }, []);
  const before = await store.settings();
  for (const [collector, variables] of attacks) {
    await expect(set(collector, variables)).rejects.toMatchObject({ type: 'NOT_THROUGH_TEMPORAL', nonRetryable: true });
    expect(await store.settings()).toEqual(before);
    const [key] = Object.keys(variables).filter((name) => name !== 'searchCount');
    expect((await log(collector)).at(-1)).toMatch(
      new RegExp(`^setEnvironmentVariables refused: .* ${key}\\..*trawl env set .* \\[NOT_THROUGH_TEMPORAL\\]$`),
    );
  }
});

it('through Temporal, a refusal makes no collector of a name that is none', async () => {
  const { store, set } = await workerOf();
  await expect(set('no-such', { source: 'asa' })).rejects.toMatchObject({ type: 'NOT_THROUGH_TEMPORAL' });
  expect(await store.collectors()).toEqual(['asa']);
});

it('through Temporal, a harmless setting is set, and the log has both values and the origin', async () => {
  const { store, set, log } = await workerOf();
  await set('asa', { searchCount: '5' });
  await set('asa', { searchCount: '6' });
  expect(await store.settings()).toEqual({ asa: { searchCount: '6' } });
  expect((await log()).slice(-2)).toEqual([
    expect.stringMatching(/^Setting searchCount changed from not set to "5": through Temporal, by the workflow "/),
    expect.stringMatching(/^Setting searchCount changed from "5" to "6": through Temporal, by the workflow "/),
  ]);
});

it('the worker widens or closes it; what was set before stays in force', async () => {
  const all = await workerOf('all');
  await all.set('asa', { offload: 'archive' });
  await expect(all.set('asa', { asaBaseUrl: 'https://evil.example' })).rejects.toMatchObject({
    type: 'SECRET_REFUSED',
  });
  expect(await all.store.settings()).toEqual({ asa: { offload: 'archive' } });
  expect((await all.log()).at(-1)).toContain('[SECRET_REFUSED]');
  const off = await workerOf('off');
  await off.store.setSettings('asa', { searchCount: '7' }, []);
  await expect(off.set('asa', { searchCount: '5' })).rejects.toMatchObject({ type: 'NOT_THROUGH_TEMPORAL' });
  expect(await off.store.settings()).toEqual({ asa: { searchCount: '7' } });
});

it.each([undefined, true])('a worker that accepts nothing clears nothing, forced: %s', async (force) => {
  const { store, activities, run, log } = await workerOf('off');
  const input = { collector: 'asa', keys: ['test/run/1', 'test/run/2'], ...(force ? { force } : {}) };
  const told = /^Nothing was cleared: TRAWL_TEMPORAL_SETTINGS=off .*trawl clear asa$/;
  // A signal's run goes on; a workflow tells its caller.
  expect(await run(activities.clearEvents, input, 'recurringAuditCollection')).toMatch(told);
  await expect(run(activities.clearEvents, input, 'clearEvents')).rejects.toMatchObject({
    type: 'NOT_THROUGH_TEMPORAL',
    message: expect.stringMatching(told),
  });
  expect(await store.eventCount('asa')).toBe(2);
  expect((await log()).filter((line) => line.startsWith('clearEvents refused: '))).toHaveLength(2);
});
