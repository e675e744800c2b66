import { expect, it } from 'vitest';
import { until } from '../support/collection.js';
import { placeWithoutWorker } from '../support/namespace.js';

interface Line {
  level: number;
  time: string;
  msg: string;
  workflowId?: string;
  runId?: string;
  collector?: string;
  page?: string;
}

it('each log line of a run names its run, collector and page, and contains nothing of an event', async () => {
  const marker = 'marker-in-an-event';
  const { place, demo } = await placeWithoutWorker({ events: 150 });
  demo.insertRaw(
    JSON.stringify({ id: marker, timestamp: '2026-11-01T00:00:00Z', details: { type: marker, actor: marker } }),
  );
  demo.insertRaw(`{"id":"${marker}","timestamp":"no time at all"}`);
  place.env.TRAWL_LOG_LEVEL = 'info';
  await place.run('env', 'set', 'asa', 'searchCount=100');
  const worker = place.start('worker');
  await until('the worker runs', () => worker.stderr.includes('A worker runs'));
  demo.faults.add({ kind: 'status', status: 503, times: 2, after: 1 });
  expect(await place.run('collect', 'asa')).toMatchObject({ code: 0 });
  worker.signal('SIGTERM');
  await worker.ended;
  const lines = worker.stderr
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line);
  const ofRun = lines.filter(({ workflowId }) => workflowId !== undefined);
  expect(ofRun.some(({ msg }) => msg.includes('503'))).toBe(true);
  for (const line of ofRun)
    expect(line).toMatchObject({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      workflowId: 'audit-collection-asa-now',
      runId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      collector: 'asa',
      page: expect.any(String),
    });
  // For an event that no mapping knows, the log names only its type, as docs/logs-and-traces.md says.
  const others = worker.stderr.split('\n').filter((line) => !line.includes('No mapping exists'));
  expect(others.join('\n')).not.toContain(marker);
  expect(worker.stderr).not.toContain(demo.keySecret);
}, 120_000);
