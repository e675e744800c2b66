import { describe, expect, it } from 'vitest';
import { isAlive } from '../../src/processes.js';
import { essence, Place, truthOf } from '../support/cli.js';
import { until } from '../support/collection.js';

/** On 120 pages. */
const total = 2_400;

async function inTheWalk() {
  const { place, demo } = await Place.withDemo({ events: total, latencyMs: 25 }, { SEARCH_COUNT: '20' });
  return {
    place,
    demo,
    pages: (count: number) => until(`${count} pages are read`, () => demo.requests.audits >= count),
  };
}

describe('SIGKILL in the middle of a walk', () => {
  it('of the whole trawl process, again and again, loses and doubles nothing', async () => {
    const { place, demo, pages } = await inTheWalk();
    for (const count of [15, 50, 80]) {
      const collecting = place.start('collect', 'asa');
      await pages(count);
      collecting.signal('SIGKILL');
      await collecting.ended;
    }
    const { code, stderr } = await place.run('collect', 'asa');
    expect(code, stderr).toBe(0);
    expect((await place.exported()).map(essence)).toEqual(truthOf(demo));
  }, 180_000);

  it('of the Temporal server restarts it, and the walk continues', async () => {
    const { place, demo, pages } = await inTheWalk();
    const collecting = place.start('collect', 'asa');
    for (const count of [20, 60]) {
      await pages(count);
      const pid = place.serverPid()!;
      process.kill(pid, 'SIGKILL');
      await until('another server runs', () => place.serverPid() !== pid && isAlive(place.serverPid() ?? 0));
    }
    const { code, stderr } = await collecting.ended;
    expect(code, stderr).toBe(0);
    expect((await place.exported()).map(essence)).toEqual(truthOf(demo));
  }, 180_000);
});
