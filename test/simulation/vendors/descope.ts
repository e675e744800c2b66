import type { HttpAnswer, HttpRequest } from '../../../src/http/client.js';
import { answerOf } from '../network.js';
import type { Random } from '../random.js';
import { type TimedEvent, TimedLog } from './times.js';
import type { Vendor, VendorOptions, Version } from './vendor.js';

const retentionDays = 30;
/** What is about to be dropped may not be read any more, least of all by a clock that is wrong. */
const marginMs = 600_000;

/** `arrival`: in the order in which they appeared, whatever their times. */
const orders = ['oldest first', 'newest first', 'arrival'] as const;

/** Descope: a search over ranges of time, with numbered pages and a rate limit. */
export class DescopeVendor implements Vendor {
  readonly kind = 'descope';
  readonly host = 'descope.example';
  readonly manner: string;
  readonly env: Record<string, string>;
  readonly #random: Random;
  readonly #log: TimedLog;
  readonly #order: (typeof orders)[number];
  /** A clock that is wrong by minutes can be put right only by answers that are dated. */
  readonly #isFarOff: boolean;
  readonly #ends: { from: boolean; to: boolean };
  readonly #cap: number;
  readonly #total: 'exact' | 'absent';
  readonly #requestedMs: number[] = [];
  readonly #clock: VendorOptions['clock'];
  readonly forgotten = 0;
  #isMangled = false;

  constructor(options: VendorOptions) {
    const { random, searchCount, overlapMinutes, clock } = options;
    this.#random = random;
    this.#clock = clock;
    const skewMs = random.pick([0, 0, 20_000, -20_000, 400_000, -400_000]);
    this.#isFarOff = Math.abs(skewMs) > 60_000;
    const reachDays = random.pick([5, 5, retentionDays]);
    this.#log = new TimedLog(options, skewMs, textOf, reachDays);
    this.#order = random.pick(orders);
    this.#ends = { from: random.chance(0.5), to: random.chance(0.5) };
    this.#cap = random.pick([1_000, 1_000, 1_000, Math.max(10, searchCount - 3)]);
    this.#total = this.#cap < searchCount ? 'exact' : random.pick(['exact', 'absent'] as const);
    this.manner = `${this.#order}, cap ${this.#cap}, total ${this.#total}, skew ${skewMs} ms, reaches back ${reachDays} days, ends ${JSON.stringify(this.#ends)}`;
    this.env = {
      DESCOPE_PROJECT_ID: 'P1',
      DESCOPE_MANAGEMENT_KEY: 'key-key-key',
      DESCOPE_BASE_URL: `https://${this.host}`,
      DESCOPE_OVERLAP_MINUTES: String(overlapMinutes),
      SEARCH_COUNT: String(searchCount),
    };
  }

  get events(): ReadonlyMap<string, readonly Version[]> {
    return this.#log.versions;
  }

  grow(count: number): void {
    this.#log.grow(count);
  }

  hasDropped(id: string): boolean {
    const event = this.#log.events.find((one) => one.id === id);
    return event !== undefined && event.timeMs < this.#log.nowMs - retentionDays * 86_400_000 + marginMs;
  }

  alter(): void {
    this.#log.alter();
  }

  mangle(): void {
    this.#isMangled = !this.#isMangled;
  }

  upset(): void {}

  calm(): void {
    this.#isMangled = false;
  }

  answer({ body }: HttpRequest): HttpAnswer {
    const headers = { date: [new Date(this.#log.nowMs).toUTCString()] };
    const { nowMs } = this.#clock;
    const lately = this.#requestedMs.filter((atMs) => atMs > nowMs - 60_000);
    this.#requestedMs.push(nowMs);
    // A request counts when it arrives; the client can only count those that it makes.
    if (lately.length >= 10) return answerOf(429, {}, this.#random.chance(0.5) ? { 'retry-after': ['20'] } : {});
    const { from, to, page, size } = JSON.parse(String(body)) as Record<string, number>;
    const oldestMs = this.#log.nowMs - retentionDays * 86_400_000;
    const within = ({ timeMs }: TimedEvent) => timeMs >= oldestMs && this.#isWithin(timeMs, Number(from), Number(to));
    const found = this.#log.events.filter(within);
    const way = { 'oldest first': 1, 'newest first': -1, arrival: 0 }[this.#order];
    found.sort((a, b) => way * (a.timeMs - b.timeMs));
    const count = Math.min(size!, this.#cap);
    const audits = found.slice(page! * count, (page! + 1) * count).map((event) => this.#textOf(event));
    const total = this.#total === 'absent' ? '' : `,"total":${found.length}`;
    const isDated = this.#isFarOff || this.#random.chance(0.9);
    return answerOf(200, `{"audits":[${audits.join(',')}]${total}}`, isDated ? headers : {});
  }

  #textOf(event: TimedEvent): string {
    const text = textOf(event);
    return this.#isMangled ? text.replace(`"${event.timeMs}"`, `"${new Date(event.timeMs).toISOString()}"`) : text;
  }

  #isWithin(timeMs: number, from: number, to: number): boolean {
    const after = this.#ends.from ? timeMs >= from : timeMs > from;
    return after && (this.#ends.to ? timeMs <= to : timeMs < to);
  }
}

function textOf({ id, timeMs, altered }: TimedEvent): string {
  return `{"ID":"${id}","occurred":"${timeMs}","action":"LoginSucceed"${altered > 0 ? `,"risk":${altered}` : ''}}`;
}
