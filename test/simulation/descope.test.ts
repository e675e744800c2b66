import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Random } from '../../demo/random.js';
import { FakeAudit, type FakeAuditOptions } from '../unit/descope/fake-audit.js';

const start = Date.parse('2026-11-01T00:00:00Z');
const minute = 60_000;
const orders = ['oldest', 'newest', 'mixed', 'arrival', 'arrival, latest first'] as const;

beforeEach(() => void vi.useFakeTimers({ now: start, toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

/** A project whose events come in bursts and late, and a collector of it, over an evening. */
class Evening {
  readonly #random: Random;
  readonly #audit: FakeAudit;
  readonly #overlapMs: number;
  readonly #size: number;
  readonly #found = new Set<string>();
  #offset = '';
  /** How many more requests take time and see events appear: a run of more of them would never catch up. */
  #busy = 0;

  constructor(seed: number, order: (typeof orders)[number]) {
    const random = new Random(seed);
    this.#random = random;
    this.#overlapMs = random.pick([1, 5, 15]) * minute;
    this.#size = random.pick([10, 20, 50]);
    const slowMs = random.pick([50, 3_000]);
    const pageMax = random.pick([1_000, 1_000, this.#size, 7]);
    const totals = { exact: (found: number) => found, absent: () => undefined, all: () => this.#audit.events.length };
    const options: FakeAuditOptions = {
      order,
      fromCounts: random.chance(0.5),
      toCounts: random.chance(0.5),
      clockAheadMs: random.pick([0, 0, 20_000, -20_000, 400_000, -400_000]),
      // An API that cuts its answers can be noticed only if it says how many there are.
      total: pageMax < this.#size ? totals.exact : totals[random.pick(['exact', 'absent', 'all'] as const)],
      tookMs: () => this.#took(slowMs),
    };
    this.#audit = new FakeAudit(options);
    this.#audit.pageMax = pageMax;
    const backMs = random.pick([1, 24, 240]) * 60 * minute;
    // Of before the first run; some appeared later than any overlap.
    for (let nth = random.below(400); nth > 0; nth -= 1) this.#put(random.below(backMs), Number.NEGATIVE_INFINITY);
  }

  /** Returns the events that the collector has not found in the end. */
  async missed(): Promise<string[]> {
    for (let run = 0; run < 20; run += 1) {
      if (this.#random.chance(0.15)) this.#burst();
      await this.#run(50);
      const waitMs = this.#random.pick([5_000, minute, 5 * minute, 20 * minute]);
      for (let nth = 0; nth < 5; nth += 1) {
        vi.setSystemTime(Date.now() + waitMs / 5);
        this.#appear(this.#random.below(8));
      }
    }
    for (let run = 0; run < 4; run += 1) {
      await this.#run(0);
      vi.setSystemTime(Date.now() + this.#overlapMs / 2 + 1_000);
    }
    return this.#audit.events.filter(({ id }) => !this.#found.has(id)).map(({ id }) => id);
  }

  async #run(busy: number): Promise<void> {
    this.#busy = busy;
    // Other workers take over, who know only the offset.
    let client = this.#audit.client({ searchCount: this.#size, overlapMs: this.#overlapMs });
    for (let requests = 1; requests < 3_000; requests += 1) {
      const page = await client.fetchPage(this.#offset);
      for (const { id } of page.content.events) this.#found.add(id);
      this.#offset = page.nextOffset;
      if (!page.more) return;
      if (this.#random.chance(0.1)) {
        client = this.#audit.client({ searchCount: this.#size, overlapMs: this.#overlapMs });
        if (this.#busy > 0) vi.setSystemTime(Date.now() + 30_000);
      }
    }
    throw new Error(`the run has no end: ${this.#offset}`);
  }

  #took(slowMs: number): number {
    this.#busy -= 1;
    if (this.#busy <= 0) return 0;
    if (this.#random.chance(0.2)) this.#appear(2);
    return 20 + this.#random.below(slowMs);
  }

  /** Events that appear now; some happened before, by almost as much as the overlap. */
  #appear(count: number): void {
    for (let nth = 0; nth < count; nth += 1) {
      const isLate = this.#random.chance(0.3);
      // A difference of the clocks below half a minute is not noticed.
      this.#put(isLate ? this.#random.below(this.#overlapMs - 25_000) : 0, this.#audit.nowMs());
    }
  }

  #burst(): void {
    for (let nth = this.#random.below(90); nth > 0; nth -= 1)
      this.#put(this.#random.chance(0.2) ? 1 : 0, this.#audit.nowMs());
  }

  #put(lateMs: number, visible: number): void {
    const { events } = this.#audit;
    const arrived = Number.isFinite(visible) ? visible : start - this.#random.below(86_400_000 * 20);
    events.push({ id: `e${events.length}`, occurred: this.#audit.nowMs() - lateMs, visible: arrived });
  }
}

describe('evenings of events that come late, in bursts, and while pages are read', () => {
  it.each(orders)('none is missed by an API that sorts by: %s', async (order) => {
    for (let seed = 1; seed <= 8; seed += 1) {
      const missed = await new Evening(seed, order).missed();
      expect({ seed, missed }).toEqual({ seed, missed: [] });
    }
  });
});
