import { expect, it } from 'vitest';
import { Place } from '../support/cli.js';
import { until } from '../support/collection.js';
import { clientOf, placeWithoutWorker } from '../support/namespace.js';

it('trawl collect reports that its worker was killed, and continues with another one', async () => {
  const { place, demo } = await placeWithoutWorker({ events: 3_000, latencyMs: 100 });
  const first = place.start('worker');
  await until('the worker runs', () => first.stderr.includes('A worker runs'));
  const collecting = place.start('collect', 'asa');
  await until('a few pages are read', () => demo.requests.audits > 5);
  first.signal('SIGKILL');
  await until('the user is told', () => collecting.stderr.includes('asa: no worker answers'));
  place.start('worker');
  expect(await collecting.ended).toMatchObject({ code: 0, stderr: expect.stringContaining('3,000 new events') });
}, 120_000);

it('trawl status reports that a run is due and no worker carries it out, and says what to do', async () => {
  const { place } = await placeWithoutWorker({ events: 1 });
  await place.run('env', 'set', 'asa', 'searchCount=100');
  const status = async () => JSON.parse((await place.run('status', '--json')).stdout);
  expect(await status()).toMatchObject({ worker: 'none', collectors: [{ recurring: 'stopped' }] });
  expect((await place.run('status')).stderr).not.toContain('trawl worker');
  await place.run('start', 'asa', '--cron', '@every 1s');
  const watched = place.watchedStatus();
  await until('a run is due', () => watched().collectors[0]?.recurring === 'no worker');
  expect((await place.run('status')).stderr).toContain('Start one with "trawl worker"');
  place.start('worker');
  await until('one is done', async () => (await place.stored()) === 1);
  expect(await status()).toMatchObject({ worker: 'running' });
  expect(['waiting', 'running']).toContain((await status()).collectors[0].recurring);
  await place.run('stop', 'asa');
}, 120_000);

it('a worker with a different store than the running one is refused, and accepted once that one has ended', async () => {
  const { place } = await placeWithoutWorker({ events: 1 });
  const first = place.start('worker');
  await until('the worker runs', () => first.stderr.includes('A worker runs'));
  const same = place.start('worker');
  await until('a second one on the same store runs', () => same.stderr.includes('A worker runs'));
  same.signal('SIGTERM');
  await same.ended;

  const elsewhere = new Place();
  const { TRAWL_STORE, ...env } = place.env;
  Object.assign(elsewhere.env, { ...env, TRAWL_LISTEN: 'off' });
  expect(await elsewhere.run('worker')).toMatchObject({ code: 1, stderr: expect.stringContaining('[STORES_DIFFER]') });
  first.signal('SIGKILL');
  await first.ended;
  const third = elsewhere.start('worker');
  await until('it is let in', () => third.stderr.includes('A worker runs'));
}, 120_000);

it('trawl status names a run on a task queue that no worker polls', async () => {
  const { place, namespace } = await placeWithoutWorker({ events: 1 });
  const client = await clientOf(namespace);
  await client.workflow.start('recurringAuditCollection', {
    ...{ workflowId: 'audit-collection-asa', taskQueue: 'audit-colection', args: [{ collector: 'asa' }] },
  });
  await until('the run is listed', async () => (await client.workflow.count()).count > 0);
  expect(await place.run('status')).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(
      /The run audit-collection-asa waits on the task queue audit-colection.*\[NO_WORKER\]/,
    ),
  });
}, 60_000);

it('trawl start and stop accept several names, or --all', async () => {
  const { place } = await placeWithoutWorker({ events: 1 });
  for (const name of ['acme', 'globex']) await place.run('env', 'set', name, 'source=asa', 'searchCount=100');
  expect(await place.run('start')).toMatchObject({ code: 2, stderr: expect.stringContaining('--all') });
  expect(await place.run('start', 'asa', '--all')).toMatchObject({ code: 2 });
  expect(await place.run('start', 'acme', 'absent')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('[COLLECTOR_UNKNOWN]'),
  });
  const started = await place.run('start', '--all', '--schedule', '--cron', '0 0 1 1 *', '--json');
  expect(JSON.parse(started.stdout)).toMatchObject([
    { collector: 'acme', outcome: 'started', recurrence: 'schedule' },
    { collector: 'asa', outcome: 'started' },
    { collector: 'globex', outcome: 'started' },
  ]);
  expect((await place.run('stop', 'acme', 'globex')).stdout).toBe(
    'audit-collection-acme: stopped\naudit-collection-globex: stopped\n',
  );
  // A collector that rests already does not keep the others from being stopped.
  expect(await place.run('stop', '--all')).toMatchObject({ code: 0, stdout: expect.stringContaining('asa: stopped') });
  expect(await place.run('stop', 'asa', 'acme')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('acme: The recurring collection of acme is not running.'),
  });
}, 120_000);
