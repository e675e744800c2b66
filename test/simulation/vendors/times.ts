import type { VendorOptions, Version } from './vendor.js';

export interface TimedEvent {
  id: string;
  /** Epoch milliseconds by the source's clock. */
  timeMs: number;
  /** Number of times that it was altered. */
  altered: number;
}

/** The log of a source that dates its events, some of which appear late or share a millisecond. */
export class TimedLog {
  readonly events: TimedEvent[] = [];
  readonly versions = new Map<string, Version[]>();
  readonly #textOf: (event: TimedEvent) => string;
  readonly #options: VendorOptions;
  /** How far this machine's clock is from the source's. */
  readonly #skewMs: number;
  /** What is there before the first run reaches back this far. */
  readonly #reachDays: number;
  #isOld = false;

  constructor(options: VendorOptions, skewMs: number, textOf: (event: TimedEvent) => string, reachDays = 5) {
    this.#options = options;
    this.#reachDays = reachDays;
    this.#textOf = textOf;
    this.#skewMs = skewMs;
  }

  get nowMs(): number {
    return Math.floor(this.#options.clock.nowMs + this.#skewMs);
  }

  grow(count: number): void {
    const { random, overlapMinutes } = this.#options;
    const lateMaxMs = overlapMinutes * 60_000 - 35_000;
    const isFirst = !this.#isOld;
    this.#isOld = true;
    const atOnce = random.chance(0.2);
    for (let nth = 0; nth < count; nth += 1) {
      const late = isFirst
        ? random.next() * 86_400_000 * this.#reachDays
        : random.chance(0.3)
          ? random.next() * lateMaxMs
          : 0;
      const event = {
        id: `e${this.events.length + 1}`,
        timeMs: Math.floor(this.nowMs - (atOnce && !isFirst ? 1 : late)),
        altered: 0,
      };
      this.events.push(event);
      this.#note(event);
    }
  }

  alter(): void {
    for (const event of this.#options.random.some(this.events)) {
      event.altered += 1;
      this.#note(event);
    }
  }

  #note(event: TimedEvent): void {
    const text = this.#textOf(event);
    this.versions.set(event.id, [...(this.versions.get(event.id) ?? []), { raw: text, whole: text }]);
  }
}
