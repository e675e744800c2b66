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
      'getLastCheckpoint: asa',
      'fetchPages: asa: from page 1',
      'enrichPages: asa: pages 1 to 3, 250 events',
      'writePages: asa: pages 1 to 3, 250 events',
    ]);
  });
});
