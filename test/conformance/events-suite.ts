import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EnrichedEvent } from '../../src/domain.js';
import { eventWords, type Match, type OwnFilter, type Term } from '../../src/filter/filter.js';
import { parseFilter } from '../../src/filter/parse.js';
import type { EventFilter, Store } from '../../src/stores/store.js';
import { event, page } from './pages.js';
import type { StoreUnderTest } from './store-suite.js';

const own = (query: string) => parseFilter(query) as OwnFilter;
const all: EventFilter = { collector: 'asa', afterSeq: 0 };
const second = 1_000_000_000n;

type OwnTerm = Term<OwnFilter['excluded'][number]['of']>;

/** The columns of each word, as docs/events.md has them. */
const columnsOf: Record<OwnTerm['of'], (one: EnrichedEvent) => string[]> = {
  user: ({ user, actor }) => [user, actor],
  actor: ({ actor }) => [actor],
  type: ({ type }) => [type],
  host: ({ hostname, server }) => [hostname, server],
  ip: ({ fromAddr }) => [fromAddr],
  server: ({ server }) => [server],
  client: ({ client }) => [client],
  gateway: ({ gateway }) => [gateway],
  group: ({ group }) => [group],
  project: ({ project }) => [project],
  id: ({ id }) => [id],
  text: ({ id, type, actor, user, client, gateway, group, project, hostname, server, fromAddr, rawEvent }) => [
    ...[id, type, actor, user, client, gateway, group, project, hostname, server, fromAddr, rawEvent],
  ],
};

function matches({ how, text }: Match, value: string): boolean {
  if (how === 'is') return value === text;
  if (how === 'contains') return value.toLowerCase().includes(text.toLowerCase());
  const form = text
    .replace(/[.%_\\]/g, '\\$&')
    .replaceAll('\\%', '%')
    .replaceAll('\\_', '_')
    .replaceAll('*', '.*');
  return new RegExp(`^${form}$`, 'is').test(value);
}

function fits({ of, match }: OwnTerm, one: EnrichedEvent): boolean {
  const columns = columnsOf[of](one);
  if (match.how === 'is' && match.text === '') return columns.every((value) => value === '');
  return columns.some((value) => matches(match, value));
}

/** What readers ask of the stored events: the contract of `events`, `latestEvents`, `seenUpTo` and `pageOf`. */
export function eventsSuite(name: string, create: () => Promise<StoreUnderTest>): void {
  describe(`events: ${name}`, () => {
    let under: StoreUnderTest;
    let store: Store;
    beforeEach(async () => {
      under = await create();
      store = await under.open();
    });
    afterEach(async () => {
      await store.close();
      await under.remove();
    });
    const latest = async (filter: Partial<EventFilter> = {}, limit = 100) =>
      (await store.latestEvents({ ...all, ...filter }, limit)).map(({ id }) => id).join('');
    const found = async (query: string) => (await store.events({ ...all, where: own(query) }, 100)).map(({ id }) => id);

    it('of any filter are those that match it, whether in the order of storing or the latest first', async () => {
      const piece = fc.constantFrom('a', 'A', 'b', '.', '%', '_', '\\', "'", '"', ' ', '*');
      const value = fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join(''));
      const columns = fc.record({
        ...{ type: value, actor: value, user: value, client: value, gateway: value, group: value, project: value },
        ...{ hostname: value, server: value, fromAddr: value },
      });
      const events = fc
        .sample(columns, { numRuns: 40, seed: 11 })
        .map((one, index) =>
          event(`${index}`, { ...one, timeNs: BigInt((index * 7) % 40) * second, rawEvent: '{"r":"aAb"}' }),
        );
      await store.writePage(page(events));
      const term: fc.Arbitrary<OwnTerm> = fc.record({
        of: fc.constantFrom(...eventWords, 'text' as const),
        match: fc.record({
          how: fc.constantFrom('is', 'contains', 'like'),
          text: value.map((text) => text.trim() && text),
        }),
      });
      const filter = fc.record({
        groups: fc.array(fc.array(term, { minLength: 1, maxLength: 2 }), { maxLength: 2 }),
        excluded: fc.array(term, { maxLength: 2 }),
      });
      await fc.assert(
        fc.asyncProperty(filter, async (where) => {
          const wanted = events.filter(
            (one) =>
              where.groups.every((group) => group.some((each) => fits(each, one))) &&
              !where.excluded.some((each) => fits(each, one)),
          );
          const inOrder = (await store.events({ ...all, where }, 100)).map(({ id }) => id);
          expect(inOrder).toEqual(wanted.map(({ id }) => id));
          const byTime = [...wanted].sort((one, other) => Number(other.timeNs - one.timeNs));
          const newest = (await store.latestEvents({ ...all, where }, 100)).map(({ id }) => id);
          expect(newest).toEqual(byTime.map(({ id }) => id));
        }),
        { numRuns: 150 },
      );
    });

    it('are found by their ids, also those of no other event with one like it', async () => {
      const ids = ['UD5pqjIhjKVQ==', 'ud5pqjihjkvq==', "it's", '%', '漢 😀'];
      await store.writePage(page(ids.map((id) => event(id))));
      await store.writePage(page([event('%')], { collector: 'other' }));
      for (const id of ids) expect(await found(`id:${JSON.stringify(id)}`)).toEqual([id]);
      expect(await found('id:none')).toEqual([]);
      expect(await found('-id:%')).toHaveLength(4);
      expect(await found('id:UD5*')).toHaveLength(2);
    });

    it('come latest first by their times, then by their numbers', async () => {
      const at = (seconds: bigint) => ({ timeNs: seconds * second });
      await store.writePage(page([event('a', at(3n)), event('b', at(1n)), event('c', at(3n)), event('d', at(2n))]));
      expect(await latest()).toBe('cadb');
      expect(await latest({}, 2)).toBe('ca');
      expect(await latest({}, 0)).toBe('');
      expect(await latest({ sinceNs: 2n * second, untilNs: 3n * second })).toBe('d');
      expect(await latest({ afterSeq: 1, upToSeq: 3 })).toBe('cb');
      expect(await latest({ collector: 'other' })).toBe('');
    });

    it('that were cleared are gone', async () => {
      await store.writePage(page([event('a'), event('b')], { nextOffset: '1' }));
      await store.clearEvents('asa', ['k'], [], true);
      expect(await latest()).toBe('');
      expect(await found('id:a')).toEqual([]);
      await store.writePage(page([event('c')], { offset: '1' }));
      expect(await latest()).toBe('c');
    });

    it('of a page that the next one makes durable come with that one, and none of them is counted as seen before', async () => {
      expect(await store.seenUpTo('asa')).toBe(0);
      await store.writePage(page([event('a')], { nextOffset: '1', more: true }));
      await store.writePage(
        page([event('b'), event('c')], { offset: '1', nextOffset: '2', more: true, followed: true }),
      );
      expect([await latest(), await store.seenUpTo('asa')]).toEqual(['a', 1]);
      await store.writePage(page([event('d')], { offset: '2' }));
      expect([(await latest()).length, await store.seenUpTo('asa')]).toEqual([4, 4]);
    });

    it('of a page that waits for the next one come when another worker begins', async () => {
      await store.writePage(page([event('a')], { nextOffset: '1', more: true, followed: true }));
      expect(await latest()).toBe('');
      await store.beginWork();
      expect([await latest(), await store.seenUpTo('asa')]).toEqual(['a', 1]);
    });

    it('lead to the page that brought them, whatever pages brought nothing', async () => {
      const sizes = [2, 0, 0, 1, 0, 3, 1, 0];
      let seq = 0;
      const brought = new Map<number, number>();
      for (const [index, size] of sizes.entries()) {
        const events = Array.from({ length: size }, (_, at) => event(`${index}.${at}`));
        for (const _ of events) {
          seq += 1;
          brought.set(seq, index + 1);
        }
        await store.writePage(page(events, { offset: index === 0 ? '' : `${index}`, nextOffset: `${index + 1}` }));
      }
      await store.writePage(page([event('x')], { collector: 'other' }));
      for (const [number, pageNumber] of brought)
        expect(await store.pageOf('asa', number)).toMatchObject({ number: pageNumber, generation: 0 });
      expect(await store.pageOf('asa', 1)).toEqual({
        ...{ number: 1, offset: '', generation: 0, events: 2, newEvents: 2, rejected: 0, firstSeq: 1, lastSeq: 2 },
        ...{ digest: expect.any(String), note: 'First part page', committedAt: expect.stringMatching(/Z$/) },
      });
      for (const none of [0, seq + 1]) expect(await store.pageOf('asa', none)).toBeNull();
      expect(await store.pageOf('none', 1)).toBeNull();
    });
  });
}
