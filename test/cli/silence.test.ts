import { expect, it } from 'vitest';
import type { StatusReport } from '../support/cli.js';
import { until } from '../support/collection.js';
import { placeWithoutWorker, temporal } from '../support/namespace.js';

async function collecting() {
  const { place, demo, namespace } = await placeWithoutWorker({ events: 10 });
  const worker = place.start('worker');
  await until('the worker runs', () => worker.stderr.includes('A worker runs'));
  const health = /health at (\S+)\/healthz/.exec(worker.stderr)![1]!;
  const get = async (path: string) => {
    const response = await fetch(`${health}${path}`);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  await place.run('env', 'set', 'asa', 'searchCount=100');
  await place.run('start', 'asa', '--cron', '@every 1s');
  const status = async () => {
    const { code, stdout, stderr } = await place.run('status', '--json');
    return { code, stderr, ...JSON.parse(stdout) };
  };
  await until('a run is done', async () => (await place.stored()) === 10);
  return { place, demo, namespace, worker, health, get, status, watched: place.watchedStatus() };
}

const isWell = ({ collectors: [asa] }: StatusReport) => asa?.problems.length === 0;

it('a collector that cannot finish a run is reported by status, log and health until it can again', async () => {
  const { place, demo, worker, get, status, watched } = await collecting();
  await until('all is well', async () => (await get('/healthz')).status === 200 && isWell(watched()));
  expect(await status()).toMatchObject({ code: 0 });
  demo.expireTokens();
  demo.revokeKey();
  await until('health says so', async () => (await get('/healthz')).status === 503);
  expect((await get('/healthz')).body).toMatchObject({
    status: 'problems',
    worker: 'running',
    store: 'ok',
    problems: expect.arrayContaining([
      { collector: 'asa', code: 'LATE', message: expect.stringContaining('trawl log asa') },
    ]),
  });
  expect(await get('/livez')).toMatchObject({ status: 200 });
  expect(await get('/readyz')).toMatchObject({ status: 200 });
  expect(await status()).toMatchObject({
    code: 3,
    collectors: [{ problems: expect.arrayContaining([expect.objectContaining({ code: 'LATE' })]) }],
  });
  const printed = await place.run('status');
  expect(printed).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(/asa: No run has finished since .* \[LATE\]\n/),
  });
  expect(worker.stderr).toContain('"code":"LATE"');
  demo.restoreKey();
  await until('health says so', async () => (await get('/healthz')).status === 200);
  await until('status says so', () => isWell(watched()));
  expect(await status()).toMatchObject({ code: 0 });
  expect(worker.stderr).toContain('Resolved: LATE');
}, 120_000);

it('a collection that somebody ended is reported until trawl stop confirms it, and so is a dead worker', async () => {
  const { place, namespace, worker, status, watched } = await collecting();
  const late = () => watched().collectors[0]?.problems[0]?.code === 'LATE';
  worker.signal('SIGKILL');
  await until('status misses the worker', late);
  expect(await status()).toMatchObject({ code: 3 });
  place.start('worker');
  await until('all is well', () => isWell(watched()));
  await temporal('workflow', 'terminate', '--workflow-id', 'audit-collection-asa', '--namespace', namespace);
  await until('status misses the runs', late);
  expect(await status()).toMatchObject({ code: 3 });
  expect(await place.run('stop', 'asa')).toMatchObject({ code: 0 });
  expect(await status()).toMatchObject({ code: 0, collectors: [{ recurring: 'stopped', problems: [] }] });
  expect(await place.run('stop', 'asa')).toMatchObject({ code: 1, stderr: expect.stringContaining('NOT_RUNNING') });
}, 120_000);

it('a configured health port that is taken is an error that says what to do', async () => {
  const { place, health, get } = await collecting();
  expect((await get('/nothing')).status).toBe(404);
  place.env.TRAWL_LISTEN = new URL(health).host;
  expect(await place.run('worker')).toMatchObject({ code: 1, stderr: expect.stringContaining('TRAWL_LISTEN') });
  place.env.TRAWL_LISTEN = 'nonsense';
  expect(await place.run('worker')).toMatchObject({ code: 1, stderr: expect.stringContaining('HOST:PORT') });
}, 120_000);
