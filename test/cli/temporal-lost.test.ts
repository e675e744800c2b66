import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { essence, Place, truthOf } from '../support/cli.js';
import { until } from '../support/collection.js';

it("trawl up continues from the checkpoint after Temporal's database is deleted", async () => {
  const { place, demo } = await Place.withDemo({ events: 2_350 }, { SEARCH_COUNT: '100' });
  const up = await place.up('--cron', '@every 2s');
  await until('all is collected', async () => (await place.stored()) === 2_350, 90_000);
  up.signal('SIGINT');
  await up.ended;
  const data = join(place.folder, 'data');
  for (const name of readdirSync(data)) if (name.startsWith('temporal.')) rmSync(join(data, name));
  demo.addEvents(30);
  const before = demo.requests.audits;
  const again = await place.up('--cron', '@every 1h');
  await until('the new events are there', async () => (await place.stored()) === 2_380, 90_000);
  expect((await place.exported()).map(essence)).toEqual(truthOf(demo));
  // Only the part page was read again.
  expect(demo.requests.audits - before).toBeLessThanOrEqual(2);
  again.signal('SIGINT');
  await again.ended;
}, 240_000);
