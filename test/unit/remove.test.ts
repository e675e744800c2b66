import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { SqliteStore } from '../../src/stores/sqlite/store.js';
import { event, page } from '../conformance/pages.js';
import { called, inOwnFolder } from './support/called.js';

let folder = '';
let store: SqliteStore;

/** A collector of three events that is expected to run, and failed last. */
beforeEach(async () => {
  folder = inOwnFolder();
  vi.stubEnv('TRAWL_DATA', folder);
  store = new SqliteStore(join(folder, 'trawl.db'));
  onTestFinished(() => store.close());
  await store.setSettings('acme', { source: 'asa', asaTeam: 'acme' }, []);
  await store.writePage(page([event('a'), event('b'), event('c')], { collector: 'acme', nextOffset: 'o', more: true }));
  await store.expectRuns('acme', { cron: '* * * * *', tick: null });
  await store.logFailedRun('acme', 'No. [NOT_FOUND]', 'run');
});

const listed = async () =>
  (JSON.parse((await called('status', '--json')).stdout) as { collectors: { collector: string }[] }).collectors.map(
    ({ collector }) => collector,
  );
const count = async () => store.eventCount('acme');

it('a removed collector is late no more and listed no more, and the call says what stays', async () => {
  expect(await listed()).toEqual(['acme']);
  const { code, stdout, stderr } = await called('remove', 'acme', '--yes');
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'acme: removed\n' });
  expect(stderr).toContain(
    '3 events of acme stay: "trawl events acme" shows them, "trawl remove acme --events" clears',
  );
  expect(stderr).toMatch(/the ledger \(1 page, .*the log \("trawl log acme"\)/);
  expect(stderr).toContain('No Temporal server is running here');
  expect(await listed()).toEqual([]);
  expect((await called('check')).stdout).toContain('No collector is set up');
  expect((await called('events', 'acme', '--format', 'ndjson')).stdout.trim().split('\n')).toHaveLength(3);
  const { stdout: log } = await called('log', 'acme');
  expect(log).toMatch(/Setting asaTeam changed from "acme" to not set: trawl remove/);
});

it('with its events, also those of one that was removed before; a further call changes nothing', async () => {
  await called('remove', 'acme', '--yes');
  const again = JSON.parse((await called('remove', 'acme', '--events', '--yes', '--json')).stdout);
  expect(again).toEqual({
    collector: 'acme',
    removed: false,
    runs: 'unknown',
    cleared: 3,
    stays: { events: 0, pages: 1, rejected: 0 },
    setUpBy: [],
  });
  expect(await count()).toBe(0);
  expect(await listed()).toEqual([]);
  expect(await called('remove', 'acme', '--events', '--yes')).toMatchObject({ code: 0 });
});

it('asks, and so refuses without a terminal', async () => {
  const { code, stderr } = await called('remove', 'acme');
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('trawl remove acme --yes') });
  expect(await listed()).toEqual(['acme']);
});

it.each([['is set up'], ['was removed before']])(
  'of a collector that %s, events that a sink lacks are cleared only by force',
  async (state) => {
    await store.setSettings('acme', { offload: 'archive' }, []);
    await store.offload.noteFailure({ collector: 'acme', sink: 'archive', series: '' }, 'x');
    if (state === 'was removed before') await called('remove', 'acme', '--yes');
    const refused = await called('remove', 'acme', '--events', '--yes');
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(
      /Nothing was removed: 3 events have not reached every sink \(archive\).*--events --force/,
    );
    expect(await called('clear', 'acme', '--yes')).toMatchObject({ code: 1 });
    expect(await count()).toBe(3);
    expect(await store.settings()).toEqual(state === 'is set up' ? { acme: expect.anything() } : {});
    expect(await called('remove', 'acme', '--events', '--force')).toMatchObject({ code: 0 });
    expect(await count()).toBe(0);
  },
);

it('continues after it was killed in the middle', async () => {
  // The clearing was noted, and one of its rows removed.
  await store.clearEvents('acme', ['first'], [], true);
  await store.removeCleared('acme', 1);
  expect(await called('remove', 'acme', '--events', '--yes')).toMatchObject({ code: 0 });
  expect(await store.removeCleared('acme', 1)).toBe(false);
  expect(await store.settings()).toEqual({});
  expect(await listed()).toEqual([]);
});

it('says which variables would set it up again', async () => {
  vi.stubEnv('ASA_TEAM', 'acme');
  const { code, stderr } = await called('remove', 'asa', '--yes');
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('ASA_TEAM still sets up asa') });
});

it('says which secrets its rows named', async () => {
  vi.stubEnv('TRAWL_SECRET_ACME_KEY', 'hunter2');
  await store.setSettings('acme', { asaKeySecretEnv: 'TRAWL_SECRET_ACME_KEY' }, []);
  const { stderr } = await called('remove', 'acme', '--yes');
  expect(stderr).toContain('Not used by acme any more: TRAWL_SECRET_ACME_KEY.');
  expect(stderr).not.toContain('hunter2');
});

it('is of a collector, not of a sink', async () => {
  expect(await called('remove', 'sink:archive', '--yes')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('trawl env unset sink:archive'),
  });
});

it('stop says without a server, too, that no run is expected', async () => {
  const { code, stdout, stderr } = await called('stop', 'acme');
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'audit-collection-acme: stopped\n' });
  expect(stderr).toContain('no run is expected from now on');
  const report = JSON.parse((await called('status', 'acme', '--json')).stdout);
  expect(report.collectors[0]).toMatchObject({ problems: [], lastFailure: null });
  expect(report.collectors[0].notices).toContainEqual({
    code: 'NOT_FOUND',
    message: 'It is stopped. The last run before that failed: No.',
  });
});
