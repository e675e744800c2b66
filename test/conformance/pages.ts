import type { EnrichedEvent } from '../../src/domain.js';
import type { PageToWrite, Store } from '../../src/stores/store.js';

export const event = (id: string, more: Partial<EnrichedEvent> = {}): EnrichedEvent => ({
  id,
  timestamp: '2026-01-01T00:00:00.000000001Z',
  timeNs: 1_767_225_600_000_000_001n,
  type: 'auth_token.issue',
  actor: 'ada (status: ACTIVE , usertype: human)',
  user: '',
  client: '',
  gateway: '',
  group: '',
  project: '',
  hostname: '',
  server: '',
  fromAddr: '',
  rawEvent: `{"id":"${id}","n":9007199254740993.10}`,
  extra: null,
  ...more,
});

let pageNumber = 0;
export const page = (events: EnrichedEvent[], more: Partial<PageToWrite> = {}): PageToWrite => {
  pageNumber += 1;
  return {
    key: `key-${pageNumber}`,
    collector: 'asa',
    offset: '',
    generation: 0,
    nextOffset: '',
    more: false,
    events,
    rejected: [],
    relatedObjects: [],
    digest: `digest-${pageNumber}`,
    ...more,
  };
};

/** Logs a run that has found nothing new at the checkpoint. */
export async function idleRun(store: Store, collector: string, key: string): Promise<boolean> {
  const { lastOffset: offset, generation } = await store.checkpoint(collector);
  return store.logIdleRun(collector, key, { offset, generation, digest: null });
}
