import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { commandLine, isAlive } from '../../src/processes.js';
import { essence, Place, truthOf } from '../support/cli.js';
import { until } from '../support/collection.js';

const addressOf = (banner: string) => /Temporal {7}(\S+),/.exec(banner)![1]!;

describe('trawl up', () => {
  it('without credentials, collects from the demo team and says so, refuses a second instance, and stops cleanly', async () => {
    const place = new Place();
    const up = await place.up();
    expect(up.stdout).toContain('collects from its demo ASA team');
    expect(up.stdout).toContain('trawl init asa');
    expect(up.stdout).toMatch(/Temporal UI {4}http:\/\/127\.0\.0\.1:\d+/);
    const second = await place.run('up');
    expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining('already running on') });
    await until('events are stored', async () => (await place.run('events', '--limit', '1')).stdout !== '', 60_000);
    expect((await place.run('check', 'asa')).code).toBe(0);
    // README's task of offloading, and a first step towards data of one's own: the demo stays what commands speak to.
    mkdirSync(join(place.folder, 'archive'));
    await place.run('env', 'set', 'sink:archive', 'kind=files', `path=${place.folder}/archive`);
    await place.run('env', 'set', 'asa', 'offload=archive');
    await place.run('env', 'set', 'sink:own', 'kind=files', 'path=/tmp/own', '--own');
    expect(await place.run('offload', 'asa')).toMatchObject({ code: 0, stderr: expect.stringContaining('the demo') });
    const server = place.serverPid(join('data', 'demo'))!;
    expect(commandLine(server)).toContain('start-dev');
    const [, vkey] = /proof of completeness is signed by (trawl\+\S+)/.exec(up.stderr)!;
    const verified = await place.run('verify', 'asa', '--key', vkey!);
    expect(verified.stdout).toMatch(/\ngoes on from {2}the head of trawl\//);
    expect(verified.stdout).not.toContain('CONTRADICTED');
    up.signal('SIGINT');
    expect((await up.ended).code).toBe(0);
    expect(isAlive(server)).toBe(false);
    const next = await place.run('up');
    expect(next).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/The demo is over.*\n.*No collector is set up/),
    });
  }, 120_000);

  it('the printed commands of the Temporal CLI run, watch and reset, and collecting continues after a restart', async () => {
    const { place, demo } = await Place.withDemo({ events: 700 }, { SEARCH_COUNT: '100' });
    const up = await place.up('--cron', '@every 2s');
    const temporal = (...args: string[]) =>
      promisify(execFile)(inject('temporalCli'), ['workflow', ...args, '--address', addressOf(up.stdout)]);
    await until('all is collected', async () => (await place.stored()) === 700, 90_000);
    await until('it says what the first run brought', () => /asa: \d+ new events, up to /.test(up.stderr));

    await temporal('signal', '--workflow-id', 'audit-collection-asa', '--name', 'clearEvents');
    await temporal('signal', '--workflow-id', 'audit-collection-asa', '--name', 'resetCheckpoint');
    const commands = ['Cleared events table', 'Reset checkpoint'];
    await until('both are carried out', async () => {
      const notes = await place.notes();
      return commands.every((note) => notes.includes(note));
    });
    const { stdout: log } = await place.run('log', 'asa', '--limit', '1000');
    expect(log).toMatch(/Cleared events table[\s\S]*Reset checkpoint/);
    await until('all is there again', async () => (await place.stored()) === 700, 90_000);

    const started = ['start', '--type', 'recurringAuditCollection', '--task-queue', 'audit-collection'];
    await temporal(
      ...started,
      '--workflow-id',
      'audit-collection-by-hand',
      '--cron',
      '* * * * *',
      '--input',
      '{"collector":"asa"}',
    );
    await temporal(...started, '--workflow-id', 'once', '--input', '{"collector":"asa"}');
    const { stdout } = await temporal('query', '--workflow-id', 'once', '--type', 'progress');
    expect(stdout).toContain('"collector":"asa"');
    for (const type of ['resetCheckpoint', 'clearEvents']) {
      await temporal(
        'execute',
        '--type',
        type,
        '--task-queue',
        'audit-collection',
        '--workflow-id',
        type,
        '--input',
        '{"collector":"asa"}',
      );
    }

    expect(JSON.parse((await place.run('start', 'asa', '--cron', '@every 3s', '--json')).stdout)).toMatchObject({
      outcome: 'changed',
    });
    const bad = await place.run('start', 'asa', '--cron', 'nonsense');
    expect(bad).toMatchObject({ code: 2, stderr: expect.stringContaining('The cron "nonsense" is refused') });
    const status = async () => JSON.parse((await place.run('status', '--json')).stdout).collectors[0];
    expect(await status()).toMatchObject({ cron: '@every 3s' });
    await temporal('terminate', '--workflow-id', 'audit-collection-by-hand');
    expect((await place.run('stop', 'asa')).stdout).toContain('stopped');
    expect(await status()).toMatchObject({ recurring: 'stopped' });
    expect((await place.run('stop', 'asa')).code).toBe(1);
    expect((await place.run('collect', 'asa')).code).toBe(0);

    up.signal('SIGTERM');
    expect((await up.ended).code).toBe(0);
    demo.addEvents(3);
    const again = await place.up('--cron', '@every 2s');
    expect(addressOf(again.stdout)).toBe(addressOf(up.stdout));
    await until('the new events are there', async () => (await place.stored()) === 703, 90_000);
    expect((await place.exported()).map(essence).sort()).toEqual(truthOf(demo).sort());
    again.signal('SIGINT');
    await again.ended;
  }, 240_000);

  it('collects by a Schedule, shows its last failure, and keeps the Schedule at the next start', async () => {
    const { place, demo } = await Place.withDemo({ events: 10 });
    const up = await place.up();
    const started = await place.run('start', 'asa', '--schedule', '--cron', '@every 2s');
    expect(started.stdout).toContain('audit-collection-asa: changed, schedule "@every 2s", next run at ');
    const status = async () => JSON.parse((await place.run('status', '--json')).stdout).collectors[0];
    demo.addEvents(3);
    await until('the new events are there', async () => (await place.stored()) === 13);
    demo.revokeKey();
    demo.addEvents(1);
    demo.faults.add({ kind: 'token-expired' });
    const watched = place.watchedStatus();
    await until('a run has failed', () => watched().collectors[0]?.lastFailure?.includes('key') ?? false, 60_000);
    demo.restoreKey();
    await until('the next run is good', () => watched().collectors[0]?.lastFailure === null, 60_000);
    up.signal('SIGINT');
    await up.ended;
    const again = await place.up();
    expect(await status()).toMatchObject({ recurrence: 'schedule', cron: '@every 2s' });
    expect((await place.run('stop', 'asa')).stdout).toContain('stopped');
    await until('no run is left', async () => (await status()).recurring === 'paused');
    expect(await status()).toMatchObject({ recurrence: 'schedule' });
    again.signal('SIGINT');
    await again.ended;
  }, 240_000);

  it('takes the next free ports', async () => {
    const { place } = await Place.withDemo({ events: 1 });
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(23_456, '127.0.0.1', resolve));
    onTestFinished(() => void taken.close());
    const up = await place.up('--port', '23456');
    expect(addressOf(up.stdout)).toBe('127.0.0.1:23457');
    expect(up.stdout).toContain('--address 127.0.0.1:23457');
    up.signal('SIGINT');
    await up.ended;
  });
});
