import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { essence, Place, truthOf } from '../support/cli.js';
import { until } from '../support/collection.js';

/** Places that have all run on the same ports before, or on the default ones. */
async function placesOnSamePorts(count: number): Promise<Awaited<ReturnType<typeof Place.withDemo>>[]> {
  const port = 13_000 + Math.floor(Math.random() * 1_000);
  const places = await Promise.all(
    Array.from({ length: count }, (_, at) => Place.withDemo({ events: 40 + at, seed: at + 1 })),
  );
  for (const { place } of places) {
    const before = { pid: 0, verb: 'up', address: `127.0.0.1:${port}`, uiUrl: `http://127.0.0.1:${port}` };
    writeFileSync(join(place.folder, 'data', 'instance.json'), JSON.stringify(before));
  }
  return places;
}

describe('started at the same time in separate folders', () => {
  it.each([2, 4])(
    '%i times trawl collect: each has its own events in its own store',
    async (count) => {
      const places = await placesOnSamePorts(count);
      const ended = await Promise.all(places.map(({ place }) => place.run('collect', 'asa')));
      expect(ended.map(({ code, stderr }) => (code === 0 ? code : stderr))).toEqual(places.map(() => 0));
      for (const { place, demo } of places) expect((await place.exported()).map(essence)).toEqual(truthOf(demo));
    },
    240_000,
  );

  it('trawl up: each has its own server, UI and health', async () => {
    const places = await placesOnSamePorts(2);
    const ups = await Promise.all(places.map(({ place }) => place.up('--cron', '@every 1h')));
    const addresses = ups.map(({ stdout }) => [...stdout.matchAll(/127\.0\.0\.1:\d+/g)].map(([place]) => place));
    expect(addresses[0]!.filter((each) => addresses[1]!.includes(each))).toEqual([]);
    for (const { place, demo } of places) {
      const all = demo.total();
      await until('all is collected', async () => (await place.stored()) === all, 90_000);
      expect((await place.exported()).map(essence)).toEqual(truthOf(demo));
    }
    for (const up of ups) up.signal('SIGINT');
    for (const up of ups) expect((await up.ended).code).toBe(0);
  }, 240_000);
});

describe('a server whose workers have a different store', () => {
  it('is not used by trawl collect, nor by trawl offload', async () => {
    const { place } = await Place.withDemo({ events: 3 });
    const up = await place.up('--cron', '@every 1h');
    const [, address] = /Temporal {7}(\S+),/.exec(up.stdout)!;
    const { place: other } = await Place.withDemo({ events: 5 }, { TEMPORAL_ADDRESS: address! });
    for (const verb of ['collect', 'offload'])
      expect(await other.run(verb, 'asa')).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('[STORES_DIFFER]'),
      });
    up.signal('SIGINT');
    await up.ended;
  }, 120_000);
});

it("another server that listens at the address of trawl up's server is not mistaken for it", async () => {
  const { place } = await Place.withDemo({ events: 3 });
  const { place: other } = await Place.withDemo({ events: 3 });
  const [up, foreign] = await Promise.all([place.up('--cron', '@every 1h'), other.up('--cron', '@every 1h')]);
  const path = join(place.folder, 'data', 'instance.json');
  const [, address] = /Temporal {7}(\S+),/.exec(foreign.stdout)!;
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), address }));
  for (const args of [['stop', 'asa'], ['start', 'asa'], ['collect', 'asa'], ['worker']]) {
    const refused = await place.run(...args);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('another server') });
  }
  const status = JSON.parse((await other.run('status', '--json')).stdout) as { collectors: unknown[] };
  expect(status.collectors[0]).toMatchObject({ cron: '@every 1h' });
  for (const each of [up, foreign]) each.signal('SIGINT');
  await Promise.all([up.ended, foreign.ended]);
}, 120_000);
