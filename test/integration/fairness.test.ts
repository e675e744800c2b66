import type { Client, WorkflowHandle } from '@temporalio/client';
import { expect, it, onTestFinished } from 'vitest';
import { startDemoAsa } from '../../demo/asa/server.js';
import { defaultTuning } from '../../src/worker-tuning.js';
import { TestCollection, until } from '../support/collection.js';

const slots = 2;
const long = Array.from({ length: 8 }, (_, number) => `long-${number + 1}`);

interface Step {
  scheduledMs: number;
  startedMs: number;
}

async function stepsOf(client: Client, { workflowId }: WorkflowHandle): Promise<Step[]> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  const ms = (time: { seconds?: unknown; nanos?: number | null } | null | undefined) =>
    Number(time?.seconds ?? 0) * 1_000 + (time?.nanos ?? 0) / 1e6;
  const scheduled = new Map((events ?? []).map((event) => [String(event.eventId), ms(event.eventTime)]));
  return (events ?? []).flatMap((event) => {
    const started = event.activityTaskStartedEventAttributes;
    return started
      ? [{ scheduledMs: scheduled.get(String(started.scheduledEventId))!, startedMs: ms(event.eventTime) }]
      : [];
  });
}

it('long catch-ups that occupy a worker do not delay a collector with little to read', async () => {
  const collection = await TestCollection.start({ events: 20_000, latencyMs: 20 }, { SEARCH_COUNT: '20' }, undefined, {
    tuning: { ...defaultTuning, activities: slots },
  });
  const { store, client, demo } = collection;
  const small = await startDemoAsa({ events: 5, keySecret: demo.keySecret });
  onTestFinished(() => small.close());
  collection.env.TRAWL_SECRET_HOSTS = new URL(small.baseUrl).origin;
  for (const name of long) await store.setSettings(name, { source: 'asa' }, []);
  await store.setSettings('quick', { source: 'asa', asaBaseUrl: small.baseUrl, asaKeySecretEnv: 'ASA_KEY_SECRET' }, []);

  const walks: WorkflowHandle[] = [];
  for (const collector of long) walks.push(await collection.start({ input: { collector } }));
  const pagesOf = async (collector: string) => (await store.checkpoint(collector)).pages;
  await until(
    'each catches up',
    async () => (await Promise.all(long.map(pagesOf))).every((pages) => pages > 20),
    60_000,
  );
  for (let run = 0; run < 3; run += 1) {
    const quick = await collection.start({ input: { collector: 'quick' } });
    await quick.result();
    const others = (await Promise.all(walks.map((walk) => stepsOf(client, walk)))).flat();
    const overtakers = (await stepsOf(client, quick)).map(
      (step) => others.filter(({ startedMs }) => startedMs > step.scheduledMs && startedMs < step.startedMs).length,
    );
    // Only steps already handed to a slot begin meanwhile; in strict order, a step would wait for several of each.
    expect(Math.max(...overtakers)).toBeLessThan(2 * long.length);
  }
  expect(await store.eventCount('quick')).toBe(5);
}, 120_000);
