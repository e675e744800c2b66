import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { root } from '../../scripts/setup.mjs';
import { openStore } from '../../src/stores/registry.js';
import { fixed } from '../conformance/offload-suite.js';
import { event, page } from '../conformance/pages.js';
import { Place } from '../support/cli.js';
import { until } from '../support/collection.js';
import { placeWithoutWorker, temporal } from '../support/namespace.js';
import { makeStorePlace } from '../support/store.js';

/** A port that accepts connections and never sends anything. */
async function silentPort(): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => undefined));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as { port: number }).port;
}

async function look(place: Place) {
  const { code, stdout, stderr } = await place.run('status', '--json');
  const report = JSON.parse(stdout);
  return { code, stderr, report, asa: report.collectors[0] };
}

const codesOf = (problems: { code: string }[]) => problems.map(({ code }) => code);

describe('trawl status before the first run', () => {
  it('says what to do if there is no collector', async () => {
    const place = new Place();
    const shown = await place.run('status');
    expect(shown).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining('Set one up with "trawl init"'),
    });
  });

  it('shows a collector that is set up but has never run', async () => {
    const { place } = await Place.withDemo({ events: 1 }, { TRAWL_STORE: 'sqlite:none-yet.db' });
    const shown = await place.run('status');
    expect(shown).toMatchObject({ code: 0, stdout: expect.stringMatching(/^asa .* nothing yet /m) });
    expect(shown.stderr).toContain('nothing has been collected here yet');
  });
});

describe('trawl status while something is down', () => {
  const noStore = { TRAWL_STORE: 'postgres://nobody:marker@127.0.0.1:1/none' };
  const noTemporal = { TEMPORAL_ADDRESS: '127.0.0.1:1' };

  it('Temporal: shows the contents of the store, and exits with 3', async () => {
    const { place } = await Place.withDemo({ events: 5 });
    await place.collected();
    Object.assign(place.env, noTemporal);
    // Each waits for the time limit of the connection.
    const [{ code, report, asa }, shown] = await Promise.all([look(place), place.run('status')]);
    expect({ code, report }).toMatchObject({
      code: 3,
      report: { storeProblem: null, temporalProblem: { code: 'TEMPORAL_UNREACHABLE' }, worker: 'unknown' },
    });
    expect(asa).toMatchObject({ recurring: 'unknown', events: 5, caughtUp: true, lagSeconds: 0, problems: [] });
    expect(shown.stdout).toMatch(/^asa +unknown +\d+s ago +0 /m);
    expect(shown.stderr).toMatch(/^Temporal at 127\.0\.0\.1:1 .* \[TEMPORAL_UNREACHABLE\]$/m);
  }, 120_000);

  it('the store: shows the state in Temporal, and exits with 1', async () => {
    const { place } = await placeWithoutWorker({ events: 1 });
    await place.run('start', 'asa', '--cron', '0 0 1 1 *');
    Object.assign(place.env, noStore);
    const { code, report, asa } = await look(place);
    expect({ code, report }).toMatchObject({
      code: 1,
      report: { storeProblem: { code: expect.stringContaining('STORE') }, temporalProblem: null, worker: 'none' },
    });
    expect(asa).toMatchObject({ recurring: 'waiting', cron: '0 0 1 1 *' });
    expect(asa).not.toHaveProperty('events');
    expect((await place.run('status')).stdout).toMatch(/^asa +waiting +- +unknown +in \d+d/m);
    await place.run('stop', 'asa');
  }, 120_000);

  it('both, refused or silent: quickly reports which, without a password or a stack trace', async () => {
    const silent = await silentPort();
    const { place } = await Place.withDemo({ events: 1 });
    const looks = [1, silent].flatMap((port) => {
      const env = {
        TRAWL_STORE: `postgres://nobody:marker@127.0.0.1:${port}/none`,
        TEMPORAL_ADDRESS: `127.0.0.1:${port}`,
      };
      return [{ as: '--json', env }, { env }];
    });
    // Together: each waits for the time limits of its connections.
    const ended = await Promise.all(
      looks.map(({ as, env }) => {
        Object.assign(place.env, env);
        return place.run('status', ...(as ? [as] : []));
      }),
    );
    for (const [at, { code, stdout, stderr }] of ended.entries()) {
      expect(code).toBe(1);
      expect(`${stdout}${stderr}`).not.toMatch(/marker|\n +at /);
      if (!looks[at]!.as) expect(stderr).toMatch(/^Store: .*\[STORE_\w+\]\nTemporal at .*\[TEMPORAL_UNREACHABLE\]\n$/);
      else
        expect(JSON.parse(stdout)).toMatchObject({
          storeProblem: { code: expect.stringContaining('STORE') },
          temporalProblem: { code: 'TEMPORAL_UNREACHABLE' },
          collectors: [{ collector: 'asa', recurring: 'unknown' }],
        });
    }
  }, 120_000);
});

describe('trawl status of a collection', () => {
  it("shows the vendor's failure while it is retried, after the run has failed, and while Temporal is down", async () => {
    const { place, demo } = await placeWithoutWorker({ events: 5 });
    await place.run('env', 'set', 'asa', 'searchCount=100');
    const worker = place.start('worker');
    await until('the worker runs', () => worker.stderr.includes('A worker runs'));
    demo.faults.add({ kind: 'status', status: 503, every: 1 });
    await place.run('start', 'asa', '--cron', '@every 1s');
    const watched = place.watchedStatus();
    await until('it is tried again', () =>
      codesOf(watched().collectors[0]?.notices ?? []).includes('SOURCE_UNAVAILABLE'),
    );
    const trying = await look(place);
    expect(trying).toMatchObject({ code: expect.any(Number), asa: { recurring: 'running', lastFailure: null } });
    expect(trying.asa.runningSince).toMatch(/^20/);
    expect(trying.asa.notices[0].message).toMatch(/fetchPages and retries .*503/);

    demo.faults.clear();
    demo.expireTokens();
    demo.revokeKey();
    // The attempts before it may have been many, and each waits longer.
    await until(
      'the run has failed',
      () => watched().collectors[0]?.lastFailureCode === 'CREDENTIALS_REFUSED',
      120_000,
    );
    const failed = await look(place);
    expect(failed.code).toBe(3);
    expect(codesOf(failed.asa.problems)).toContain('CREDENTIALS_REFUSED');
    const shown = await place.run('status');
    expect(shown.stdout).toMatch(/^asa +\w+, failing /m);
    expect(shown.stderr).toMatch(
      /^asa: The last run failed: .* answered 401 .*ASA_KEY_SECRET.* \[CREDENTIALS_REFUSED\]$/m,
    );
    expect(`${shown.stdout}${shown.stderr}`).not.toContain(demo.keySecret);

    const address = place.env.TEMPORAL_ADDRESS!;
    place.env.TEMPORAL_ADDRESS = '127.0.0.1:1';
    expect((await look(place)).asa).toMatchObject({ lastFailureCode: 'CREDENTIALS_REFUSED' });
    place.env.TEMPORAL_ADDRESS = address;
    await place.run('stop', 'asa');
    expect((await look(place)).asa).toMatchObject({ recurring: 'stopped', lastFailure: null, problems: [] });
    expect(await place.run('collect', 'asa')).toMatchObject({ code: 1, stderr: expect.stringContaining('401') });
    expect(await look(place)).toMatchObject({ code: 3, asa: { lastFailureCode: 'CREDENTIALS_REFUSED' } });
  }, 180_000);

  it('distinguishes a Schedule that somebody paused from one that was stopped', async () => {
    const { place, namespace } = await placeWithoutWorker({ events: 1 });
    await place.run('env', 'set', 'asa', 'searchCount=100');
    await place.run('start', 'asa', '--schedule', '--cron', '0 0 1 1 *');
    const toggle = ['schedule', 'toggle', '--schedule-id', 'audit-collection-asa', '--namespace', namespace];
    await temporal(...toggle, '--pause', '--reason', 'upgrade of the vault');
    const watched = place.watchedStatus();
    await until('it is told', () => watched().collectors[0]?.problems.length === 1);
    expect(await look(place)).toMatchObject({ code: 3, asa: { recurring: 'paused', recurrence: 'schedule' } });
    const { stderr } = await place.run('status');
    expect(stderr).toMatch(/^asa: Its Schedule is paused \(upgrade of the vault\).*"trawl start asa".* \[PAUSED\]$/m);
    expect(await place.run('stop', 'asa')).toMatchObject({ code: 0 });
    await until('it rests', () => watched().collectors[0]?.problems.length === 0);
    expect(await look(place)).toMatchObject({
      code: 0,
      asa: { recurring: 'paused', problems: [], notices: [{ code: 'PROOF_UNSIGNED' }] },
    });
  }, 120_000);
});

describe('trawl status --watch', () => {
  it('without a terminal prints a screen each time, or one JSON object per line, and exits with 0 on Ctrl-C', async () => {
    const { place } = await Place.withDemo({ events: 1 }, { TRAWL_STORE: 'sqlite:none-yet.db' });
    const watching = place.start('status', '--watch', '1s');
    const json = place.start('status', '--watch', '1s', '--json');
    await until('three screens are there', () => watching.stdout.split('COLLECTOR').length > 3);
    await until('three objects are there', () => json.stdout.split('\n').length > 3);
    for (const running of [watching, json]) running.signal('SIGINT');
    expect(await watching.ended).toMatchObject({ code: 0, stderr: '' });
    expect(await json.ended).toMatchObject({ code: 0, stderr: '' });
    expect(watching.stdout).not.toContain('\u001b');
    for (const line of json.stdout.trim().split('\n')) expect(JSON.parse(line).collectors).toHaveLength(1);
  }, 60_000);

  it('on a terminal, draws over the last screen, within its columns', async () => {
    const { place } = await Place.withDemo({ events: 1 }, { TRAWL_STORE: 'sqlite:none-yet.db' });
    const command = `stty cols 50 rows 20; exec ${process.execPath} ${join(root, 'bin', 'trawl')} status --watch 1s`;
    const child = spawn('script', ['-qec', command, '/dev/null'], {
      cwd: place.folder,
      env: { ...place.env, TERM: 'xterm', SHELL: '/bin/sh' },
    });
    let shown = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      shown += text;
    });
    const ended = new Promise((resolve) => child.on('close', resolve));
    await until('it was drawn twice', () => shown.split('\u001b[H').length > 3);
    child.stdin.write('\u0003');
    expect(await ended).toBe(0);
    const lines = shown.replace(/\u001b\[[0-9;]*[A-Za-z]/g, '').split(/\r?\n/);
    expect(lines.filter((line) => line.startsWith('COLLECTOR')).length).toBeGreaterThan(1);
    expect(Math.max(...lines.map((line) => line.replace('^C', '').length))).toBeLessThanOrEqual(50);
  }, 60_000);
});

it('trawl status names a repetition that broke off, until it is dropped', async () => {
  const { place: storeAt, text, remove } = await makeStorePlace();
  onTestFinished(remove);
  const { place } = await Place.withDemo({ events: 1 }, { TRAWL_STORE: text });
  const store = await openStore(storeAt);
  onTestFinished(() => store.close());
  await store.writePage(page([event('a')], { nextOffset: 'next' }));
  await fixed(store, { sink: 'siem', series: 'january' });
  const { asa } = await look(place);
  expect(asa).toMatchObject({ notices: [{ code: 'REPETITION_OPEN' }, { code: 'PROOF_UNSIGNED' }] });
  expect(asa.repetitions).toMatchObject([{ sink: 'siem', series: 'january', number: 1, events: 1, sending: false }]);

  const drop = (...more: string[]) => place.run('offload', 'asa', '--drop', ...more);
  expect(await drop()).toMatchObject({ code: 2, stderr: expect.stringContaining('--name january --drop') });
  expect(await drop('--name', 'february')).toMatchObject({ code: 1, stderr: expect.stringContaining('no repetition') });
  expect(await drop('--name', 'january')).toMatchObject({
    code: 0,
    stdout: 'asa: repetition january dropped. Batch 1 to siem is no longer sent.\n',
  });
  expect((await look(place)).asa).toMatchObject({ repetitions: [] });
  expect(await store.offload.openRepetitions('asa')).toEqual([]);
});
