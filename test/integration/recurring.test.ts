import { expect, it } from 'vitest';
import { recurringState, startRecurring, stopRecurring } from '../../src/temporal/collection.js';
import { TestCollection } from '../support/collection.js';

it('a recurring collection is started, changed and stopped whatever moment of its cron it is', async () => {
  // No worker takes work from the shared task queue here: each run stays where it is when its tick has come.
  const { client } = await TestCollection.start({ events: 1 });
  const name = `unit-${process.pid}`;
  expect(await startRecurring(client, name, '0 0 1 1 *')).toBe('started');
  expect(await startRecurring(client, name, '0 0 1 1 *')).toBe('running already');
  expect(await startRecurring(client, name, '0 0 2 1 *')).toBe('changed');
  expect(await recurringState(client, name)).toMatchObject({ running: true, cron: '0 0 2 1 *' });
  await expect(startRecurring(client, name, 'nonsense')).rejects.toThrow();
  expect(await recurringState(client, name)).toMatchObject({ running: true, cron: '0 0 2 1 *' });
  expect(await stopRecurring(client, name, 'test')).toBe('stopped');
  expect(await recurringState(client, name)).toMatchObject({ running: false });
  expect(await stopRecurring(client, name, 'test')).toBe('stopped');
});
