import { expect, it } from 'vitest';
import { startNow } from '../../src/temporal/collection.js';
import { essence, type RunningCli, truthOf } from '../support/cli.js';
import { until } from '../support/collection.js';
import { clientOf, placeWithoutWorker } from '../support/namespace.js';

/** On 300 pages. */
const total = 6_000;

it('workers that are killed and replaced during a walk share its pages and lose or double nothing', async () => {
  const { place, demo, namespace } = await placeWithoutWorker({ events: total, latencyMs: 20 });
  place.env.SEARCH_COUNT = '20';
  const start = () => place.start('worker');
  const workers: RunningCli[] = [start(), start(), start()];
  for (const worker of workers) await until('it runs', () => worker.stderr.includes('A worker runs'));
  const client = await clientOf(namespace);
  const run = await startNow(client, 'asa');
  for (let kills = 0; kills < 6; kills += 1) {
    const before = demo.requests.audits;
    await until('the walk has come on', () => demo.requests.audits >= before + 30, 60_000);
    const worker = workers.shift()!;
    worker.signal('SIGKILL');
    await worker.ended;
    workers.push(start());
  }
  await run.result();
  expect((await place.exported()).map(essence)).toEqual(truthOf(demo));
}, 240_000);
