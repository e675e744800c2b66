import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inSteps } from '../../src/stores/in-steps.js';
import type { Store } from '../../src/stores/store.js';
import { fixed } from './offload-suite.js';
import { event, idleRun, page } from './pages.js';
import type { StoreUnderTest } from './store-suite.js';

const seconds = (count: number) => ({ timeNs: BigInt(count) * 1_000_000_000n });
const sinks = ['archive', 'siem'];

type Step =
  | { kind: 'page'; ids: number[]; moves: boolean; followed: boolean }
  | { kind: 'clear'; sinks: string[]; force: boolean }
  | { kind: 'send'; sink: string; refuses: boolean }
  | { kind: 'fix'; sink: string }
  | { kind: 'retention'; before: number }
  | { kind: 'reset' | 'idle' | 'remove' };

const anySink = fc.constantFrom(...sinks);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('page' as const),
        ids: fc.array(fc.nat(5), { minLength: 1, maxLength: 4 }),
        moves: fc.boolean(),
        followed: fc.boolean(),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('clear' as const),
        sinks: fc.constantFrom([], ['archive'], sinks),
        force: fc.boolean(),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('send' as const), sink: anySink, refuses: fc.boolean() }),
    },
    fc.record({ kind: fc.constant('fix' as const), sink: anySink }),
    fc.record({ kind: fc.constant('retention' as const), before: fc.nat(6) }),
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constantFrom('reset' as const, 'idle' as const, 'remove' as const) }),
    },
  ),
  { minLength: 10, maxLength: 30 },
);

/** A clearing takes effect at once and its rows go a part at a time: nothing that goes on meanwhile may see the difference. */
export function clearingSuite(name: string, create: () => Promise<StoreUnderTest>, runs: number): void {
  describe(`clearing: ${name}`, () => {
    let under: StoreUnderTest;
    let store: Store;
    beforeAll(async () => {
      under = await create();
      store = await under.open();
    });
    afterAll(async () => {
      await store.close();
      await under.remove();
    });

    const removeAll = (collector: string) => inSteps(() => store.removeCleared(collector, 2));

    /** Takes a step, and returns what its caller was told. */
    async function take(collector: string, step: Step, key: string): Promise<unknown> {
      const { offload } = store;
      switch (step.kind) {
        case 'page': {
          const { lastOffset: offset, generation } = await store.checkpoint(collector);
          const events = step.ids.map((id) => event(`e${id}`, { ...seconds(id), rawEvent: '{}' }));
          const { followed } = step;
          const read = { collector, key, offset, generation, followed };
          return store.writePage(page(events, { ...read, nextOffset: step.moves ? key : offset }));
        }
        case 'clear':
          return store.clearEvents(collector, [key], step.sinks, step.force);
        case 'send': {
          const batch = await fixed(store, { collector, sink: step.sink, eventsMax: 3 });
          if (!batch) return null;
          const { firstSeq, lastSeq, events } = batch;
          const sent = await store.events({ collector, afterSeq: firstSeq - 1 }, events);
          const refused = step.refuses ? [{ seq: firstSeq, id: 'e', reason: 'too long' }] : [];
          await offload.confirmBatch(batch, { objects: [], bytes: 1, refused, goneEvents: 0 });
          return { firstSeq, lastSeq, sent: sent.filter(({ seq }) => seq <= lastSeq).map(({ id, seq }) => [id, seq]) };
        }
        case 'fix': {
          const batch = await fixed(store, { collector, sink: step.sink, eventsMax: 3 });
          return batch && [batch.firstSeq, batch.lastSeq, batch.events];
        }
        case 'retention':
          return offload.clearConfirmed({ collector, sinks, beforeNs: seconds(step.before).timeNs, eventsMax: 2 });
        case 'reset':
          return store.resetCheckpoint(collector, [key]);
        case 'idle':
          return idleRun(store, collector, key);
        case 'remove':
          return undefined;
      }
    }

    /** What readers of a collector are told. */
    async function seen(collector: string): Promise<unknown> {
      const all = { collector, afterSeq: 0 };
      const events = await store.events(all, 1_000);
      return {
        events: events.map(({ seq, id }) => `${seq} ${id}`),
        later: (await store.events({ collector, afterSeq: 3 }, 2)).map(({ seq }) => seq),
        since: (await store.events({ ...all, sinceNs: seconds(3).timeNs }, 3)).map(({ seq }) => seq),
        lines: (await store.eventLines(all, 1_000)).events,
        count: await store.eventCount(collector),
        refused: [...(await store.offload.refusedCounts(collector))],
        backlog: await Promise.all(sinks.map((sink) => store.offload.backlog(collector, [sink], 1_000))),
        log: (await store.executionLog({ collector, limit: 1_000 })).map(({ notes, eventsWritten }) => [
          notes,
          eventsWritten,
        ]),
      };
    }

    it('shows no difference between rows that are removed at once and rows that are removed later', async () => {
      let run = 0;
      await fc.assert(
        fc.asyncProperty(steps, async (taken) => {
          run += 1;
          const [soon, late] = [`soon-${run}`, `late-${run}`];
          for (const [index, step] of [...taken, { kind: 'reset' } as const, rereads].entries()) {
            const told = await take(soon, step, `${soon}/${index}`);
            await removeAll(soon);
            expect(await take(late, step, `${late}/${index}`)).toEqual(told);
            if (step.kind === 'remove') await store.removeCleared(late, 1);
            expect(await seen(late)).toEqual(await seen(soon));
          }
          await removeAll(late);
          expect(await seen(late)).toEqual(await seen(soon));
        }),
        { numRuns: runs },
      );
    }, 300_000);

    const rereads: Step = { kind: 'page', ids: [0, 1, 2, 3, 4, 5], moves: false, followed: false };

    it('goes on where it was after its process has died, takes effect once for each key, and spares what came later', async () => {
      const collector = 'asa';
      const write = (...ids: number[]) =>
        take(collector, { kind: 'page', ids, moves: true, followed: false }, `asa/${ids}`);
      await write(1, 2, 3, 4, 5);
      expect(await store.clearEvents(collector, ['c'])).toBeNull();
      expect(await store.removeCleared(collector, 2)).toBe(true);
      await write(6, 7);
      await write(1, 8);
      // The next attempt.
      expect(await store.clearEvents(collector, ['c'])).toBeNull();
      let more = true;
      for (let left = 3; left > 0; left -= 2) more = await store.removeCleared(collector, 2);
      expect(more).toBe(false);
      const ids = (await store.events({ collector, afterSeq: 0 }, 10)).map(({ id }) => id);
      expect(ids).toEqual(['e6', 'e7', 'e1', 'e8']);
      expect(await store.removeCleared(collector, 2)).toBe(false);
      expect(await store.eventCount(collector)).toBe(4);
    });
  });
}
