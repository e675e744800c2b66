import type { WorkflowHandle } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { TestCollection } from '../support/collection.js';

/** Every text of a history, payloads decoded. */
function textOf(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([name, member]) => `${name}: ${textOf(member)}`)
    .join('\n');
}

describe('the history of a run', () => {
  it('holds no event and no secret, even if steps failed', async () => {
    const collection = await TestCollection.start({ events: 400 }, { SEARCH_COUNT: '100' });
    for (const fault of ['html', 'truncated', 'token-expired'] as const) collection.demo.faults.add({ kind: fault });
    const handle = await collection.start();
    await handle.result();
    const text = textOf(await handle.fetchHistory());
    expect(text).toContain('fetchPages');
    expect(text).not.toContain(collection.demo.keySecret);
    expect(text).not.toContain(collection.demo.keyId);
    expect(text).not.toMatch(/Bearer|eyJ[\w-]{10}/);
    expect(text).toContain('{"collector":"asa"}');
    for (const event of await collection.stored()) {
      expect(text).not.toContain(event.id);
      if (event.actor) expect(text).not.toContain(event.actor);
    }
  });

  it('describes the walk: each step has a summary', async () => {
    const collection = await TestCollection.start({ events: 250 }, { SEARCH_COUNT: '100' });
    const handle = await collection.start();
    await handle.result();
    const { events } = await handle.fetchHistory();
    const summaries = events!
      .filter((event) => event.activityTaskScheduledEventAttributes)
      .map((event) => {
        const name = event.activityTaskScheduledEventAttributes!.activityType!.name;
        return `${name}: ${Buffer.from(event.userMetadata!.summary!.data!).toString('utf8').replaceAll('"', '')}`;
      });
    expect(summaries).toEqual([
      'getLastCheckpoint: asa: checkpoint',
      'fetchPages: asa: fetch from page 1',
      'enrichPages: asa: enrich pages 1 to 3, 250 events',
      'writePages: asa: write pages 1 to 3, 250 events',
    ]);
  });

  it('says in its details why the run failed and what to do, and how far it got', async () => {
    const collection = await TestCollection.start({ events: 100 });
    const invalid = await collection.start({ input: {} });
    await invalid.result().catch(() => undefined);
    expect(await detailsOf(invalid)).toMatch(/^\*\*Failed\*\* \[INPUT_INVALID\]: .*Start it with --input/);
    collection.demo.revokeKey();
    const refused = await collection.start();
    await refused.signal('resetcheckpoint');
    await refused.result().catch(() => undefined);
    const [why, step, progress] = (await detailsOf(refused)).split('\n\n');
    expect(why).toMatch(/^\*\*Failed\*\* \[CREDENTIALS_REFUSED\]: .*ASA_KEY_SECRET/);
    expect([step, progress]).toEqual(['**asa**: failed', '0 new events in 0 pages']);
    expect(await collection.notes()).toContainEqual(expect.stringContaining('unknown name "resetcheckpoint"'));
  });
});

/** What the Temporal UI shows as current details. */
async function detailsOf(handle: WorkflowHandle): Promise<string> {
  const { currentDetails } = await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
  return currentDetails;
}
