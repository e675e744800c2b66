import { expect, it } from 'vitest';
import { newKey } from '../../src/temporal/codec/keys.js';
import { until } from '../support/collection.js';
import { placeWithoutWorker, temporal } from '../support/namespace.js';

const [first, second] = [newKey('first'), newKey('second')];

it("payloads in Temporal's history are encrypted, also after a change of keys, and the codec server shows them", async () => {
  const { place, namespace } = await placeWithoutWorker({ events: 250 });
  const history = async (...args: string[]) =>
    temporal('workflow', 'show', '--output', 'json', '--namespace', namespace, '--workflow-id', ...args);
  place.env.TRAWL_PAYLOAD_KEYS = first;
  let worker = place.start('worker');
  await until('the worker runs', () => worker.stderr.includes('A worker runs'));
  expect(await place.run('collect', 'asa')).toMatchObject({ code: 0 });
  expect(await history('audit-collection-asa-now')).not.toMatch(/"offset"|"eyJ/);

  // A person sends unencrypted input, and a Schedule has a memo.
  const run = ['--task-queue', 'audit-collection', '--input', '{"collector":"asa"}', '--namespace', namespace];
  await temporal('workflow', 'execute', '--type', 'recurringAuditCollection', '--workflow-id', 'by-hand', ...run);
  await place.run('start', 'asa', '--schedule', '--cron', '@every 1s');
  const status = async () => JSON.parse((await place.run('status', '--json')).stdout).collectors[0];
  expect(await status()).toMatchObject({ recurrence: 'schedule', cron: '@every 1s' });

  // From now on the other key encrypts, and the first one still decrypts.
  worker.signal('SIGTERM');
  await worker.ended;
  place.env.TRAWL_PAYLOAD_KEYS = `${second},${first}`;
  worker = place.start('worker');
  const before = (await status()).lastRun;
  await until('a run is done', async () => (await status()).lastRun !== before);
  expect(await status()).toMatchObject({ cron: '@every 1s', lastFailure: null });

  const server = place.start('codec', 'serve', '--port', '0');
  await until('the codec is served', () => server.stdout.includes('http'));
  const decoded = await history('audit-collection-asa-now', '--codec-endpoint', server.stdout.trim());
  expect(decoded).toContain(Buffer.from('{"collector":"asa"').toString('base64'));

  // What was encrypted for one workflow is refused in another one.
  const { events } = JSON.parse(await history('audit-collection-asa-now'));
  const [payload] = events[0].workflowExecutionStartedEventAttributes.input.payloads;
  const metadata = Object.entries<string>(payload.metadata).map(([name, value]) => [
    '--input-meta',
    `${name}=${Buffer.from(value, 'base64')}`,
  ]);
  const moved = ['--input-base64', '--input', payload.data, ...metadata.flat(), '--namespace', namespace];
  const to = ['--type', 'clearEvents', '--task-queue', 'audit-collection', '--workflow-id'];
  await temporal('workflow', 'start', ...to, 'elsewhere', ...moved);
  await until('it is refused', async () => (await history('elsewhere')).includes('WORKFLOW_TASK_FAILED'));
  expect(await history('elsewhere')).toMatch(/made for the workflow \\?"audit-collection-asa-now\\?", but stands in/);
  await temporal('workflow', 'terminate', '--workflow-id', 'elsewhere', '--namespace', namespace);

  const open = await place.run('codec', 'serve', '--port', '0', '--host', '0.0.0.0');
  expect(open).toMatchObject({ code: 1, stderr: expect.stringContaining('TRAWL_CODEC_TOKEN') });
  const anyone = await place.run('codec', 'serve', '--port', '0', '--origin', '*');
  expect(anyone).toMatchObject({ code: 1, stderr: expect.stringContaining('origin') });
  await place.run('stop', 'asa');
  const page = await fetch(`${server.stdout.trim()}/decode`, {
    method: 'POST',
    headers: { origin: 'http://evil.example' },
  });
  expect(page.status).toBe(403);

  // Without the keys, there is a clear error, and nothing is lost.
  place.env.TRAWL_PAYLOAD_KEYS = newKey('third');
  expect((await place.run('status')).stderr).toContain('is unknown');
  place.env.TRAWL_PAYLOAD_KEYS = 'nonsense';
  expect(await place.run('status')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('TRAWL_PAYLOAD_KEYS must be'),
  });
}, 180_000);
