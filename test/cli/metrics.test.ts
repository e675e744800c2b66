import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { metricDefinitions } from '../../src/metrics/definitions.js';
import { until } from '../support/collection.js';
import { placeWithoutWorker } from '../support/namespace.js';
import { promtool } from '../support/promtool.js';

/** Values by metric and labels. */
type Samples = Record<string, number>;

async function measured() {
  const { place, demo } = await placeWithoutWorker({ events: 250 });
  await place.run('env', 'set', 'asa', 'searchCount=100');
  const worker = place.start('worker');
  await until('the worker runs', () => worker.stderr.includes('A worker runs'));
  const url = /health at (\S+)\/healthz/.exec(worker.stderr)![1]!;
  const text = async () => (await fetch(`${url}/metrics`)).text();
  const samples = async (): Promise<Samples> => {
    const lines = [...(await text()).matchAll(/^(\w+(?:\{[^}]*\})?) (\S+)$/gm)];
    return Object.fromEntries(lines.map(([, key, value]) => [key, Number(value)]));
  };
  return { place, demo, worker, text, samples };
}

const asa = '{collector="asa",source="asa"}';

it('a worker exports exact metrics of itself and its collectors, named by the conventions, and Temporal’s own', async () => {
  const { place, demo, text, samples } = await measured();
  expect(await samples()).toMatchObject({ trawl_worker_up: 1, trawl_store_up: 1, trawl_temporal_up: 1 });
  expect(await place.run('collect', 'asa')).toMatchObject({ code: 0 });
  await until('it is caught up', async () => (await samples())[`trawl_lag_seconds${asa}`] === 0);
  const found = await samples();
  expect(found).toMatchObject({
    [`trawl_events_total${asa}`]: 250,
    [`trawl_pages_total${asa}`]: 3,
    [`trawl_rejected_events_total${asa}`]: 0,
    'trawl_http_requests_total{collector="asa",source="asa",status="200"}': demo.requests.audits + demo.requests.tokens,
    [`trawl_newest_event_timestamp_seconds${asa}`]: Date.parse([...demo.truth()].at(-1)!.timestamp) / 1000,
    [`trawl_recurring${asa}`]: 0,
    'trawl_problem{collector="asa",code="LATE"}': 0,
    'trawl_unmapped_types{collector="asa",schema="ocsf"}': 0,
  });
  expect(found.trawl_store_size_bytes).toBeGreaterThan(100_000);
  expect(found[`trawl_retention_left_seconds${asa}`]).toBeGreaterThan(89 * 86_400);
  expect(found[`trawl_last_success_age_seconds${asa}`]).toBeGreaterThanOrEqual(0);
  expect(Object.keys(found).some((key) => key.startsWith('temporal_'))).toBe(true);
  const exported = await text();
  for (const { name } of metricDefinitions) expect(exported).toContain(`# TYPE ${name} `);
  // Only Trawl's own metrics: Temporal chooses the names of the SDK's.
  const own = exported.split('\n').filter((line) => /^(# (HELP|TYPE) )?trawl_/.test(line));
  expect(execFileSync(promtool(), ['check', 'metrics'], { input: `${own.join('\n')}\n`, encoding: 'utf8' })).toBe('');
  expect(exported).not.toContain(demo.keySecret);
}, 120_000);

it('failures are counted, and the lag grows until the fault is gone', async () => {
  const { place, demo, samples } = await measured();
  await place.run('start', 'asa', '--cron', '@every 1s');
  await until('it is caught up', async () => (await samples())[`trawl_lag_seconds${asa}`] === 0);
  demo.expireTokens();
  demo.revokeKey();
  const failures = 'trawl_step_failures_total{collector="asa",activity="fetchPages",code="CREDENTIALS_REFUSED"}';
  await until('the failure is counted', async () => ((await samples())[failures] ?? 0) >= 1);
  await until('it is late', async () => (await samples())['trawl_problem{collector="asa",code="LATE"}'] === 1);
  const behind = async () => (await samples())[`trawl_lag_seconds${asa}`] ?? 0;
  await until('it is behind', async () => (await behind()) > 0);
  const before = await behind();
  await until('it is further behind', async () => (await behind()) > before);
  demo.restoreKey();
  await until('it is caught up', async () => (await behind()) === 0);
  await place.run('stop', 'asa');
  await until('none is due', async () => (await samples())[`trawl_recurring${asa}`] === 0);
}, 120_000);
