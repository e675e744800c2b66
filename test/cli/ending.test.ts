import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isAlive } from '../../src/processes.js';
import { runningInstance } from '../../src/temporal/instance.js';
import { Place, type RunningCli } from '../support/cli.js';
import { until } from '../support/collection.js';

/** A vendor that never answers, so that the current step takes long to finish. */
async function silentVendor(): Promise<{ url: string; asked: () => number }> {
  let asked = 0;
  const server = createServer(() => {
    asked += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, asked: () => asked };
}

/** The embedded server has ended, and the data folder is free. */
async function expectNothingLeft(place: Place, server: number): Promise<void> {
  await until('the embedded server has ended', () => !isAlive(server));
  expect(runningInstance(join(place.folder, 'data'))).toBeNull();
}

async function workingOnSilence(...args: string[]): Promise<{ place: Place; running: RunningCli; server: number }> {
  const vendor = await silentVendor();
  const { place } = await Place.withDemo({}, { ASA_BASE_URL: vendor.url });
  const running = place.start(...args);
  await until('the vendor is asked', () => vendor.asked() > 0, 60_000);
  return { place, running, server: place.serverPid()! };
}

describe('a second signal', () => {
  it.each([
    ['SIGINT', 'SIGINT', 130, ['up', '--cron', '@every 1h'], 'Stopping'],
    ['SIGTERM', 'SIGTERM', 143, ['collect', 'asa'], 'Interrupted'],
    ['SIGTERM', 'SIGINT', 130, ['collect', 'asa'], 'Interrupted'],
  ] as const)(
    '%s and %s: ends with %i while the worker drains (trawl %s)',
    async (first, second, code, args, says) => {
      const { place, running, server } = await workingOnSilence(...args);
      running.signal(first);
      await until('it drains', () => running.stderr.includes(says));
      expect(running.child.exitCode).toBeNull();
      running.signal(second);
      expect(await running.ended).toMatchObject({ code, stderr: expect.stringContaining('Nothing is lost') });
      await expectNothingLeft(place, server);
    },
    120_000,
  );
});

it('one signal ends it once the worker has drained, and leaves nothing behind', async () => {
  const { place, running, server } = await workingOnSilence('collect', 'asa');
  running.signal('SIGINT');
  expect((await running.ended).code).toBe(130);
  await expectNothingLeft(place, server);
}, 120_000);

it('a signal while the embedded server starts ends it', async () => {
  const { place } = await Place.withDemo({ events: 3 });
  const running = place.start('collect', 'asa');
  await until('the server is launched', () => place.serverPid() !== undefined, 60_000);
  const server = place.serverPid()!;
  running.signal('SIGTERM');
  expect((await running.ended).code).toBe(143);
  await expectNothingLeft(place, server);
}, 120_000);

it('no server stays behind when the reader of the output stops reading', async () => {
  const { place } = await Place.withDemo({ events: 3 });
  const running = place.start('collect', 'asa', '--json');
  running.child.stdout!.destroy();
  await until('the server is launched', () => place.serverPid() !== undefined, 60_000);
  const server = place.serverPid()!;
  expect((await running.ended).code).toBe(0);
  await expectNothingLeft(place, server);
}, 120_000);

it('a result that is read slowly arrives complete', async () => {
  const { place, demo } = await Place.withDemo({ events: 3_000 });
  await place.collected();
  const running = place.start('events', 'asa', '--format', 'ndjson');
  let seen = 0;
  running.child.stdout!.on('data', () => {
    seen += 1;
    running.child.stdout!.pause();
    setImmediate(() => running.child.stdout!.resume());
  });
  const { stdout } = await running.ended;
  expect(seen).toBeGreaterThan(1);
  expect(stdout.trimEnd().split('\n')).toHaveLength(demo.total());
}, 120_000);

it('a worker that cannot be created ends the process and closes everything opened before', async () => {
  const { place } = await Place.withDemo({ events: 3 }, { OTEL_TRACES_EXPORTER: 'carrier-pigeon' });
  const ended = await place.run('collect', 'asa');
  expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('OTEL_TRACES_EXPORTER') });
  expect(place.serverPid()).toBeUndefined();
  expect(runningInstance(join(place.folder, 'data'))).toBeNull();
}, 120_000);
