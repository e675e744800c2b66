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
  expect(await history('audit-collection-asa-now')).not.toMatch(/"offset"|eyJ/);

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
  await place.run('stop', 'asa');

  // Without the keys, there is a clear error, and nothing is lost.
  place.env.TRAWL_PAYLOAD_KEYS = newKey('third');
  expect((await place.run('status')).stderr).toContain('is unknown');
  place.env.TRAWL_PAYLOAD_KEYS = 'nonsense';
  expect(await place.run('status')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('TRAWL_PAYLOAD_KEYS must be'),
  });
}, 180_000);
