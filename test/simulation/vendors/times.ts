import type { VendorOptions } from './vendor.js';

export interface TimedEvent {
  id: string;
  /** Epoch milliseconds by the source's clock. */
  timeMs: number;
}

/** The log of a source that dates its events, some of which appear late or share a millisecond. */
export class TimedLog {
  readonly events: TimedEvent[] = [];
  readonly #options: VendorOptions;
  /** How far this machine's clock is from the source's. */
  readonly #skewMs: number;
  #isOld = false;

  constructor(options: VendorOptions, skewMs: number) {
    this.#options = options;
    this.#skewMs = skewMs;
  }

  get nowMs(): number {
    return Math.floor(this.#options.clock.nowMs + this.#skewMs);
  }

  /** What is there before the first run reaches back some days. */
  grow(count: number): TimedEvent[] {
    const { random, overlapMinutes } = this.#options;
    const lateMaxMs = overlapMinutes * 60_000 - 35_000;
    const isFirst = !this.#isOld;
    this.#isOld = true;
    const atOnce = random.chance(0.2);
    return Array.from({ length: count }, () => {
      const late = isFirst ? random.next() * 86_400_000 * 5 : random.chance(0.3) ? random.next() * lateMaxMs : 0;
      const event = {
        id: `e${this.events.length + 1}`,
        timeMs: Math.floor(this.nowMs - (atOnce && !isFirst ? 1 : late)),
      };
      this.events.push(event);
      return event;
    });
  }
}
