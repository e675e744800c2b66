import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SkyflowClient } from '../../src/sources/skyflow/client.js';
import { offsetOf, type Position, positionOf, readFrom } from '../../src/sources/skyflow/overlap.js';
import { FakeVault } from '../unit/skyflow/fake-vault.js';

const minute = 60_000;
const overlapMs = 15 * minute;
const start = Date.parse('2026-01-01T00:00:00Z');

beforeEach(() => {
  vi.useFakeTimers({ now: start });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A collector of a fake vault: its offset, and the events that it has read. */
class Collector {
  offset = '';
  readonly found = new Set<string>();
  readonly #client: SkyflowClient;

  constructor(client: SkyflowClient) {
    this.#client = client;
  }

  /** Returns the number of requests. */
  async run(): Promise<number> {
    for (let requests = 1; requests < 2_000; requests += 1) {
      const page = await this.#client.fetchPage(this.offset);
      expect(page.warning).toBeUndefined();
      for (const { id } of page.content.events) this.found.add(id);
      this.offset = page.nextOffset;
      if (!page.more) return requests;
    }
    throw new Error('the run has no end');
  }
}

/** Events close together, many as late as allowed, so that each decision about a page matters. */
const eventsArb = fc.array(
  fc.record({
    at: fc.integer({ min: 0, max: 40 * minute }),
    late: fc.oneof(fc.constant(0), fc.constant(overlapMs), fc.integer({ min: 0, max: overlapMs })),
  }),
  { maxLength: 60 },
);
const vaultArb = fc.record({
  limitMax: fc.integer({ min: 1, max: 8 }),
  lastNextOps: fc.constantFrom('given', 'missing'),
  clockAheadMs: fc.constantFrom(0, -3 * 60 * minute, 7 * minute, 3 * 60 * minute),
  tookMs: fc.constantFrom(0, 700, 20_000, minute, 4 * minute),
});
/** Times from the end of each run to the beginning of the next. */
const runsArb = fc.array(fc.integer({ min: 1, max: 20 * minute }), { minLength: 1, maxLength: 12 });

describe('the overlap', () => {
  it('misses no event that is late by less than the overlap, and comes to rest', async () => {
    await fc.assert(
      fc.asyncProperty(vaultArb, eventsArb, runsArb, async (options, events, runs) => {
        vi.setSystemTime(start);
        const vault = new FakeVault(options);
        const base = vault.nowMs();
        // Some share a time.
        for (const [index, { at, late }] of events.entries()) {
          const timeMs = base + at - (at % 5_000);
          vault.events.push({ id: `e${index * 7_919}`, timeMs, visibleMs: timeMs + Math.min(late, overlapMs - 1) });
        }
        const collector = new Collector(vault.client({ skyflowOverlapMinutes: overlapMs / minute }));
        for (const gap of runs) {
          vi.advanceTimersByTime(gap);
          await collector.run();
        }
        // By now all events have appeared. Recent ones are read once more, and those read then may be read again.
        vi.advanceTimersByTime(Math.max(0, base + 40 * minute + overlapMs - vault.nowMs()));
        for (let run = 0; run < 4; run += 1) {
          await collector.run();
          vi.advanceTimersByTime(overlapMs + 10_000);
        }
        expect([...collector.found].sort()).toEqual(events.map((_, index) => `e${index * 7_919}`).sort());
        for (let run = 0; run < 3; run += 1) {
          const { offset } = collector;
          expect(await collector.run()).toBe(1);
          expect(collector.offset).toBe(offset);
          expect(offset).not.toContain('settled');
          vi.advanceTimersByTime(overlapMs + 10_000);
        }
      }),
      { numRuns: 600 },
    );
  });

  it('reads a steady stream little more than twice', async () => {
    const vault = new FakeVault({ limitMax: 10 });
    for (let n = 0; n < 1_440; n += 1) {
      const timeMs = start + n * minute;
      vault.events.push({ id: `e${String(n).padStart(5, '0')}`, timeMs, visibleMs: timeMs });
    }
    const collector = new Collector(vault.client());
    let requests = 0;
    for (let run = 0; run < 288; run += 1) {
      requests += await collector.run();
      vi.advanceTimersByTime(5 * minute);
    }
    await collector.run();
    expect(collector.found.size).toBe(1_440);
    // Two for each run (a page and the end), and three for each return.
    expect(requests).toBeLessThan(288 * 2 + 96 * 3);
  });

  it('costs one request per run of an idle source between two returns, and keeps its offset', async () => {
    const vault = new FakeVault();
    vault.events.push({ id: 'e1', timeMs: start - 1_000, visibleMs: 0 });
    const collector = new Collector(vault.client());
    expect(await collector.run()).toBe(2);
    const { offset } = collector;
    expect(JSON.parse(offset).settled).toEqual({ at: '2026-01-01T00:00:00.000Z' });
    for (let run = 0; run < 3; run += 1) {
      vi.advanceTimersByTime(5 * minute);
      expect(await collector.run()).toBe(1);
      expect(collector.offset).toBe(offset);
    }
    vi.advanceTimersByTime(5 * minute);
    expect(await collector.run()).toBe(2);
    expect(JSON.parse(collector.offset).settled).toBeUndefined();
    expect(await collector.run()).toBe(1);
  });

  it.each([
    ['all of it is gone', () => ({ status: 200, body: '{"event":null}' })],
    ['the page has no nextOps', undefined],
  ])('comes to rest if on the return %s', async (_, instead) => {
    const vault = new FakeVault();
    vault.events.push({ id: 'e1', timeMs: start - 2_000, visibleMs: 0 });
    const collector = new Collector(vault.client());
    await collector.run();
    const later = new FakeVault({ lastNextOps: 'missing' });
    later.events.push(...vault.events);
    if (instead) later.instead = instead;
    const again = new Collector(later.client());
    again.offset = collector.offset;
    for (let run = 0; run < 3; run += 1) {
      vi.advanceTimersByTime(20 * minute);
      expect(await again.run()).toBe(1);
      expect(again.offset).toBe('');
    }
  });

  it('of 0 trusts the cursor, even after another overlap', async () => {
    const vault = new FakeVault();
    vault.events.push({ id: 'e1', timeMs: start - 1_000, visibleMs: 0 });
    const before = new Collector(vault.client());
    await before.run();
    const collector = new Collector(vault.client({ skyflowOverlapMinutes: 0 }));
    collector.offset = before.offset;
    vi.advanceTimersByTime(60 * minute);
    expect(await collector.run()).toBe(1);
    vault.events.push({ id: 'e2', timeMs: vault.nowMs() + 5_000, visibleMs: 0 });
    expect(await collector.run()).toBe(2);
    expect(collector.offset).toBe('{"timestamp":"2026-01-01 01:00:05.000","changeID":"e2"}');
  });

  it('uses the time of the last event if nextOps has none', async () => {
    const vault = new FakeVault();
    const page = (timestamp: string) => ({
      status: 200,
      body: `{"event":[{"context":{"changeID":"e1"},"request":{"timestamp":"${timestamp}"}}],"nextOps":{"timestamp":"token","changeID":"e1"}}`,
    });
    vault.instead = () => page('2025-12-31 23:59:59');
    expect(positionOf((await vault.client().fetchPage('')).nextOffset)?.settled).toBeDefined();
    vault.instead = () => page('2025-12-31 23:40:00');
    expect(positionOf((await vault.client().fetchPage('')).nextOffset)?.settled).toBeUndefined();
    vault.instead = () => page('never');
    expect(positionOf((await vault.client().fetchPage('')).nextOffset)?.settled).toBeUndefined();
  });

  it("uses this machine's clock if answers have no Date", async () => {
    const vault = new FakeVault({ date: false });
    vault.events.push({ id: 'e1', timeMs: start - overlapMs - 1, visibleMs: 0 });
    expect(positionOf((await vault.client().fetchPage('')).nextOffset)?.settled).toBeUndefined();
    vault.events[0]!.timeMs += 1;
    expect(positionOf((await vault.client().fetchPage('')).nextOffset)?.settled).toBeDefined();
  });
});

describe('an offset', () => {
  const cursorArb = fc.record({
    timestamp: fc.string({ minLength: 1, unit: 'grapheme' }),
    changeID: fc.string({ minLength: 1, unit: 'grapheme' }),
  });
  const positionArb: fc.Arbitrary<Position> = fc.oneof(
    fc.constant({ cursor: null }),
    fc.record({ cursor: cursorArb }),
    fc.record({
      cursor: cursorArb,
      settled: fc.record({
        cursor: fc.option(cursorArb),
        atMs: fc.integer({ min: 0, max: Date.parse('9999-12-31T00:00:00Z') }),
      }),
    }),
  );

  it('is the same text for the same position, and leads back to it', () => {
    fc.assert(
      fc.property(positionArb, (position) => {
        const offset = offsetOf(position);
        expect(positionOf(offset)).toEqual(position);
        expect(offsetOf(positionOf(offset)!)).toBe(offset);
      }),
    );
  });

  it('may be typed by hand', () => {
    const typed = '{ "changeID": "c1", "timestamp": "2023-06-27 14:01:14.271659365" }';
    expect(positionOf(typed)).toEqual({ cursor: { timestamp: '2023-06-27 14:01:14.271659365', changeID: 'c1' } });
  });

  it.each([
    'x',
    'null',
    '[]',
    '{}',
    '{"timestamp":"t"}',
    '{"timestamp":"t","changeID":""}',
    '{"timestamp":"t","changeID":"c","more":1}',
    '{"timestamp":"t","changeID":"c","settled":null}',
    '{"timestamp":"t","changeID":"c","settled":{"at":"yesterday"}}',
    '{"timestamp":"t","changeID":"c","settled":{"timestamp":"t","at":"2026-01-01T00:00:00Z"}}',
  ])('is refused: %s', (text) => {
    expect(positionOf(text)).toBeNull();
  });

  it('from before the clock was set back does not wait for its time', () => {
    const position = { cursor: { timestamp: 't', changeID: 'c' }, settled: { cursor: null, atMs: start } };
    expect(readFrom(position, overlapMs, start + overlapMs)).toBe(position);
    expect(readFrom(position, overlapMs, start + overlapMs + 1)).toEqual({ cursor: null });
    expect(readFrom(position, overlapMs, start - overlapMs - 1)).toEqual({ cursor: null });
  });
});
