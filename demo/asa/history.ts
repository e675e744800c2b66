import { Random } from '../random.js';

const dayNs = 86_400e9;
const historyDays = 80;

/** Length of the history before the anchor. */
export const historyMs = historyDays * 86_400_000;

/**
 * The times of the history's events: nanoseconds since its start, which a double holds exactly for 104 days.
 *
 * Every event has a slot of the same length; within it, chance decides. The slots are then bent so that working hours
 * (around 15:00 UTC) hold more of them. Both keep the order, so no event needs to know the one before.
 */
export class History {
  readonly #seed: number;
  readonly #slotNs: number;
  readonly #phaseNs: number;
  readonly #startNsOfSecond: number;
  readonly #random = new Random();

  constructor(seed: number, events: number, startMs: number) {
    this.#seed = seed;
    this.#slotNs = (historyDays * dayNs) / Math.max(events, 1);
    this.#phaseNs = (startMs % 86_400_000) * 1e6 - dayNs / 8;
    this.#startNsOfSecond = (startMs % 1000) * 1e6;
  }

  /** Never less than for the previous event; occasionally the same. */
  timeNs(index: number): number {
    let at = index;
    for (; at > 0; at -= 1) {
      if (!this.#random.reseed(this.#seed, at, 0x7135).chance(1 / 16)) break;
    }
    if (at === 0) this.#random.reseed(this.#seed, at, 0x7135).uint32();
    const slotStart = at * this.#slotNs;
    const exact = Math.floor(this.#bent(slotStart + this.#random.fraction() * 0.9 * this.#slotNs));
    if (!this.#random.chance(1 / 12)) return exact;
    const rounded = exact - ((exact + this.#startNsOfSecond) % this.#random.pick([1e9, 250e6, 10e6, 1e3]));
    return rounded > this.#bent(slotStart) ? rounded : exact;
  }

  #bent(ns: number): number {
    const amplitude = (0.8 * dayNs) / (2 * Math.PI);
    const wave = (at: number): number => Math.sin((2 * Math.PI * at) / dayNs);
    return ns + amplitude * (wave(ns + this.#phaseNs) - wave(this.#phaseNs));
  }
}
