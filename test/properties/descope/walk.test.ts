import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Cursor, cursorOf, offsetOf } from '../../../src/sources/descope/cursor.js';
import { parseDescopePage } from '../../../src/sources/descope/page.js';
import { advance, freeze, type PageRequest, requestOf } from '../../../src/sources/descope/walk.js';

const day = 86_400_000;
const retentionMs = 30 * day;
const base = Date.parse('2026-11-01T00:00:00Z');
const overlapMs = 900_000;

interface Event {
  id: number;
  occurred: number;
  visible: number;
  /** Its time has a form that nobody knows. */
  unreadable?: boolean;
}

/** `arrival` by the time of appearance; `none`: another order for each request. */
const orders = ['oldest', 'newest', 'mixed', 'arrival', 'latest arrival first', 'none'] as const;

interface Api {
  order: (typeof orders)[number];
  fromCounts: boolean;
  toCounts: boolean;
}

/** An audit search over events in memory. */
function search(api: Api, events: readonly Event[], request: PageRequest, nowMs: number): Uint8Array {
  expect(request.from).toBeGreaterThanOrEqual(nowMs - retentionMs);
  expect(request.to).toBeGreaterThan(request.from);
  const found = events
    .filter(({ visible, occurred }) => visible <= nowMs && occurred >= nowMs - retentionMs)
    .filter(({ occurred }) => (api.fromCounts ? occurred >= request.from : occurred > request.from))
    .filter(({ occurred }) => (api.toCounts ? occurred <= request.to : occurred < request.to))
    .sort((a, b) => a.occurred - b.occurred || a.id - b.id);
  if (api.order === 'newest') found.reverse();
  if (api.order === 'arrival') found.sort((a, b) => a.visible - b.visible || a.id - b.id);
  if (api.order === 'latest arrival first') found.sort((a, b) => b.visible - a.visible || b.id - a.id);
  // By page number, an API without any order gives nothing that could be relied on.
  if (api.order === 'none' && request.page === 0 && request.to - request.from > 4)
    found.sort((a, b) => ((a.id * request.to) % 104_729) - ((b.id * request.to) % 104_729));
  if (api.order === 'mixed') found.sort((a, b) => ((a.id * 7919) % 104_729) - ((b.id * 7919) % 104_729));
  const page = found.slice(request.page * request.size, (request.page + 1) * request.size);
  const audits = page.map(({ id, occurred, unreadable }) => ({
    ID: String(id),
    occurred: unreadable ? new Date(occurred).toISOString() : String(occurred),
  }));
  return Buffer.from(JSON.stringify({ audits, total: found.length }));
}

/** One run: reads until there is no more now. `between` happens before each request. */
function run(
  api: Api,
  events: () => readonly Event[],
  clock: { nowMs: number },
  offset: string,
  size: number,
  between: () => void = () => undefined,
): { offset: string; read: Set<number>; requests: number; gaps: { from: string; to: string }[] } {
  const read = new Set<number>();
  const gaps: { from: string; to: string }[] = [];
  for (let requests = 1; ; requests += 1) {
    if (requests > 3_000) throw new Error(`no end: ${offset}`);
    const cursor: Cursor = cursorOf(offset);
    expect(offsetOf(cursor)).toBe(offset);
    const window = cursor.kind === 'open' ? freeze(cursor, clock.nowMs, overlapMs) : cursor;
    between();
    const request = requestOf(window.todo[0]!, size, clock.nowMs - retentionMs + 60_000);
    const page = parseDescopePage(search(api, events(), request, clock.nowMs));
    for (const { id } of page.events) read.add(Number(id));
    const step = advance(cursor, window, request, page, { nowMs: clock.nowMs, overlapMs });
    if (step.gap) gaps.push(step.gap);
    offset = offsetOf(step.next);
    if (!step.more) return { offset, read, requests, gaps };
  }
}

const apis = fc.record({
  order: fc.constantFrom(...orders),
  fromCounts: fc.boolean(),
  toCounts: fc.boolean(),
});

/** Times before `base`: some far apart, some in the same few milliseconds. */
const times = fc.array(
  fc.oneof(fc.integer({ min: 0, max: 29 * day }), fc.integer({ min: 0, max: 40 }), fc.constant(17)),
  { maxLength: 120 },
);

describe('the walk over frozen windows', () => {
  it('reads every event, in any order, with either reading of from and to', () => {
    fc.assert(
      fc.property(apis, times, fc.integer({ min: 2, max: 12 }), (api, ages, size) => {
        // Arrived in another order than they occurred in, and later than any overlap.
        const events = ages.map((age, id) => ({ id, occurred: base - age, visible: (id * 7_919) % 1_009 }));
        const { read, gaps } = run(api, () => events, { nowMs: base }, '', size);
        expect(read.size).toBe(events.length);
        expect(gaps).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });

  it('misses nothing that stays, when events go or come while pages are read', () => {
    fc.assert(
      fc.property(
        apis,
        times,
        fc.integer({ min: 2, max: 12 }),
        fc.boolean(),
        fc.infiniteStream(fc.nat(1_000_000)),
        (api, ages, size, goes, chance) => {
          let events: Event[] = ages.map((age, id) => ({ id, occurred: base - age, visible: 0 }));
          const clock = { nowMs: base };
          const next = () => chance.next().value as number;
          const first = new Set(events.map(({ id }) => id));
          let nextId = 10_000;
          const { read } = run(
            api,
            () => events,
            clock,
            '',
            size,
            () => {
              // A run reads on for as long as reading its overlap takes more than 20 s.
              clock.nowMs += 10;
              if (goes) events = events.filter(() => next() % 10 > 0);
              // Pages of two events do not keep up with one more for each request: what comes has an end.
              else
                for (let n = nextId < 10_100 ? next() % 3 : 0; n > 0; n -= 1) {
                  const occurred = base - (next() % 2 ? next() % 40 : next() * 2_000);
                  events = [...events, { id: nextId++, occurred, visible: 0 }];
                }
            },
          );
          const missed = events.filter(({ id }) => first.has(id) && !read.has(id));
          expect(missed).toEqual([]);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('finds every event that appears within the overlap, over many runs', () => {
    fc.assert(
      fc.property(
        apis,
        fc.array(fc.record({ at: fc.nat(3 * 3_600_000), late: fc.nat(overlapMs) }), { maxLength: 150 }),
        fc.integer({ min: 2, max: 20 }),
        fc.array(fc.integer({ min: 1_000, max: 1_200_000 }), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 0, max: 90_000 }),
        (api, arrivals, size, pauses, requestMs) => {
          const events = arrivals.map(({ at, late }, id) => ({ id, occurred: base + at, visible: base + at + late }));
          const clock = { nowMs: base };
          const read = new Set<number>();
          let offset = '';
          const once = () => {
            const done = run(
              api,
              () => events,
              clock,
              offset,
              size,
              () => {
                // Slow for a while only: so many requests as slow as this never catch up with the clock.
                if (clock.nowMs < base + 4 * 3_600_000) clock.nowMs += requestMs;
              },
            );
            offset = done.offset;
            for (const id of done.read) read.add(id);
          };
          for (const pause of pauses) {
            once();
            clock.nowMs += pause;
          }
          clock.nowMs = Math.max(clock.nowMs, base + 5 * 3_600_000);
          once();
          expect(read.size).toBe(events.length);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('what a run costs', () => {
  const api: Api = { order: 'oldest', fromCounts: true, toCounts: true };
  const at = (occurred: number, id: number): Event => ({ id, occurred, visible: 0 });

  it('nothing new: one request, at an offset that stays while there is no need to move it', () => {
    const clock = { nowMs: base };
    const events = [at(base - 1_000, 1), at(base - 500, 2)];
    let { offset } = run(api, () => events, clock, '', 10);
    expect(offset).toBe('v1 from=2026-10-31T23:45:00.000Z');
    const seen = new Set<string>();
    for (let tick = 0; tick < 24; tick += 1) {
      clock.nowMs += 300_000;
      const idle = run(api, () => events, clock, offset, 10);
      expect(idle.requests).toBe(1);
      seen.add(idle.offset);
      offset = idle.offset;
    }
    // Two hours: it moved when the events were out of the overlap, and once because it was an hour behind.
    expect(seen.size).toBe(3);
    expect(Date.parse(offset.slice('v1 from='.length))).toBeGreaterThan(clock.nowMs - 3_600_000 - overlapMs - 300_000);
  });

  it('exactly one full page', () => {
    const events = Array.from({ length: 10 }, (_, id) => at(base - 1_000 * id - 5_000, id));
    const { read, requests, offset } = run(api, () => events, { nowMs: base }, '', 10);
    expect({ read: read.size, requests, offset }).toEqual({
      read: 10,
      requests: 3,
      offset: 'v1 from=2026-10-31T23:45:00.000Z',
    });
  });

  it.each(orders)('most of a page of new events for each request, order: %s', (order) => {
    const events = Array.from({ length: 5_000 }, (_, id) => at(base - 400_000 * id, id));
    const { read, requests } = run({ ...api, order }, () => events, { nowMs: base }, '', 100);
    expect(read.size).toBe(5_000);
    expect(requests).toBeLessThan(90);
  });

  it('twice as much as that at worst, where days are busy and nights are not', () => {
    const hours = Array.from({ length: 29 * 24 }, (_, hour) => hour);
    const times = hours.flatMap((hour) =>
      Array.from({ length: hour % 24 < 8 ? 2 : 40 }, (_, nth) => base - hour * 3_600_000 - nth * 80_000),
    );
    const { read, requests } = run(api, () => times.map(at), { nowMs: base }, '', 200);
    expect(read.size).toBe(times.length);
    expect(requests).toBeLessThan((times.length / 200) * 2.5);
  });

  it('an offset that stays short, however many full pages say nothing about where to cut', () => {
    const audits = Array.from({ length: 5 }, () => ({ occurred: 'soon' }));
    const page = parseDescopePage(Buffer.from(JSON.stringify({ audits })));
    let cursor = cursorOf('');
    for (let requests = 0; requests < 500; requests += 1) {
      const window = cursor.kind === 'open' ? freeze(cursor, base, overlapMs) : cursor;
      const request = requestOf(window.todo[0]!, 5, base - retentionMs + 60_000);
      cursor = advance(cursor, window, request, page, { nowMs: base, overlapMs }).next;
      expect(offsetOf(cursor).length).toBeLessThan(250);
    }
  });

  it('thousands of events in one millisecond: numbered pages there, forward and back, and only there', () => {
    const events = Array.from({ length: 5_300 }, (_, id) => at(id < 5_000 ? base - 77_777 : base - id * 60_000, id));
    for (const order of orders) {
      const { read, requests } = run({ ...api, order }, () => events, { nowMs: base }, '', 1_000);
      expect(read.size).toBe(5_300);
      expect(requests).toBeLessThan(20);
    }
  });

  it('a long catch-up is followed by the time that it took', () => {
    const clock = { nowMs: base };
    const events = Array.from({ length: 1_000 }, (_, id) => at(base - 60_000 * id, id));
    events.push(at(base + 100_000, 5_000));
    const { read } = run(
      api,
      () => events,
      clock,
      '',
      50,
      () => {
        clock.nowMs += 6_000;
      },
    );
    expect(read.size).toBe(1_001);
  });
});

describe('the retention', () => {
  const api: Api = { order: 'newest', fromCounts: true, toCounts: true };

  it.each(['oldest', 'newest'] as const)('a gap is told once, %s first', (order) => {
    const clock = { nowMs: base };
    const first = run({ ...api, order }, () => [], clock, '', 5);
    expect(first.gaps).toEqual([]);
    clock.nowMs = base + 33 * day;
    const events = Array.from({ length: 100 }, (_, id) => ({ id, occurred: clock.nowMs - id * 3_600_000, visible: 0 }));
    const late = run(
      { ...api, order },
      () => events,
      clock,
      first.offset,
      5,
      () => {
        clock.nowMs += 1_000;
      },
    );
    expect(late.read.size).toBe(100);
    expect(late.gaps).toHaveLength(1);
    expect(late.gaps[0]!.from).toBe('2026-10-31T23:45:00.000Z');
    expect(late.gaps[0]!.to).toMatch(/^2026-11-04T00:0[1-9]:/);
    clock.nowMs += 300_000;
    expect(run({ ...api, order }, () => events, clock, late.offset, 5).gaps).toEqual([]);
  });

  it('a catch-up goes on after a pause in which it has passed the part that was to be read next', () => {
    const events = Array.from({ length: 1_000 }, (_, id) => ({ id, occurred: base - id * 2_590_000, visible: 0 }));
    const clock = { nowMs: base };
    let asked = 0;
    const { read, requests } = run(
      { ...api, order: 'oldest' },
      () => events,
      clock,
      '',
      20,
      () => {
        // Ten a minute are allowed.
        clock.nowMs += asked === 1 ? day : 6_000;
        asked += 1;
      },
    );
    expect(events.filter(({ id, occurred }) => occurred > base - 28 * day && !read.has(id))).toEqual([]);
    expect(requests).toBeLessThan(200);
  });

  it('a catch-up over times that cannot be read has an end', () => {
    const events = Array.from({ length: 300 }, (_, id) => ({
      id,
      occurred: base - id * 5_000_000,
      visible: 0,
      unreadable: true,
    }));
    const clock = { nowMs: base };
    const { requests } = run(
      api,
      () => events,
      clock,
      '',
      20,
      () => {
        clock.nowMs += 6_000;
      },
    );
    expect(requests).toBeLessThan(200);
  });

  it('an idle collector never falls behind it', () => {
    const clock = { nowMs: base };
    let offset = '';
    for (let tick = 0; tick < 24 * 40; tick += 1) {
      const idle = run(api, () => [], clock, offset, 5);
      expect({ gaps: idle.gaps, requests: idle.requests }).toEqual({ gaps: [], requests: 1 });
      offset = idle.offset;
      clock.nowMs += 3_600_000;
    }
  });

  it('a clock that goes back does not stop it', () => {
    const clock = { nowMs: base };
    const { offset } = run(api, () => [], clock, '', 5);
    clock.nowMs = base - 3_600_000;
    const events = [{ id: 1, occurred: base - 3_700_000, visible: 0 }];
    expect(run(api, () => events, clock, offset, 5).read.size).toBe(1);
  });
});
