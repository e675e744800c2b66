import type { HttpAnswer, HttpRequest } from '../../../src/http/client.js';
import { answerOf } from '../network.js';
import type { Random } from '../random.js';
import { type TimedEvent, TimedLog } from './times.js';
import type { Vendor, VendorOptions, Version } from './vendor.js';

/** Before all events. */
const beginning = '2026-08-01 00:00:00.000';

/** Skyflow: pages after a time and an id, the last of which may lack the cursor to go on from. */
export class SkyflowVendor implements Vendor {
  readonly kind = 'skyflow';
  readonly host = 'skyflow.example';
  readonly manner: string;
  readonly env: Record<string, string>;
  readonly #random: Random;
  readonly #log: TimedLog;
  readonly #cap: number;
  readonly #emptyPages: number;
  readonly #tail: 'cursor' | 'none' | 'none when short';
  /** Cursors are refused until then, in number of requests. */
  #refusals = 0;
  forgotten = 0;
  #mangled: 'time' | 'id' | undefined;
  #isEndless = false;

  constructor(options: VendorOptions) {
    const { random, searchCount, overlapMinutes } = options;
    this.#random = random;
    const skewMs = random.pick([0, 0, 0, 20_000, -20_000]);
    this.#log = new TimedLog(options, skewMs, textOf);
    this.#cap = random.pick([1_000, 1_000, Math.ceil(searchCount / 2)]);
    this.#tail = random.pick(['cursor', 'none', 'none when short'] as const);
    this.#emptyPages = random.pick([0, 0, 0, 4, 45]);
    this.manner = `cap ${this.#cap}, empty pages ${this.#emptyPages}, tail ${this.#tail}, skew ${skewMs} ms`;
    this.env = {
      SKYFLOW_ACCOUNT_ID: 'a1',
      SKYFLOW_VAULT_URL: `https://${this.host}`,
      SKYFLOW_API_KEY: 'key-key-key',
      SKYFLOW_KEEP_CONTENT: 'true',
      SKYFLOW_OVERLAP_MINUTES: String(overlapMinutes),
      SEARCH_COUNT: String(searchCount),
    };
  }

  get events(): ReadonlyMap<string, readonly Version[]> {
    return this.#log.versions;
  }

  grow(count: number): void {
    this.#log.grow(count);
  }

  alter(): void {
    this.#log.alter();
  }

  mangle(): void {
    this.#mangled = this.#mangled ? undefined : this.#random.pick(['time', 'id']);
  }

  wander(): void {
    this.#isEndless = !this.#isEndless;
  }

  upset(): void {
    this.#refusals = 4;
    this.forgotten += 1;
  }

  calm(): void {
    this.#refusals = 0;
    this.#mangled = undefined;
    this.#isEndless = false;
  }

  answer({ url }: HttpRequest): HttpAnswer {
    const headers = { date: [new Date(this.#log.nowMs).toUTCString()] };
    const query = new URL(url).searchParams;
    const time = query.get('afterOps.timestamp');
    const [id, empty = 0] = (query.get('afterOps.changeID') ?? 'e0').split('~') as [string, string?];
    if (time !== null && this.#refusals > 0) {
      this.#refusals -= 1;
      return answerOf(400, {});
    }
    if (this.#isEmpty(time, Number(empty))) {
      const next = { timestamp: time ?? beginning, changeID: `${id}~${Number(empty) + 1}` };
      return answerOf(200, { event: [], nextOps: next }, headers);
    }
    const after = time === null ? '' : `${time} ${id.padStart(9, '0')}`;
    const found = this.#log.events
      .filter((event) => keyOf(event) > after)
      .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    const size = Math.min(Number(query.get('limit')), this.#cap);
    const page = found.slice(0, size);
    const last = page.at(-1);
    const ends =
      (this.#tail === 'none' && page.length === found.length) ||
      (this.#tail === 'none when short' && page.length < size);
    const next = last && !ends ? `,"nextOps":{"timestamp":"${timeText(last)}","changeID":"${last.id}"}` : '';
    const body = `{"event":[${page.map((event) => this.#textOf(event)).join(',')}]${next}}`;
    return answerOf(200, body, this.#random.chance(0.9) ? headers : {});
  }

  /** Empty pages come after the start, and wherever there is no end. */
  #isEmpty(time: string | null, empty: number): boolean {
    return this.#isEndless || ((time === null || time === beginning) && empty < this.#emptyPages);
  }

  #textOf(event: TimedEvent): string {
    if (this.#mangled === 'id') return textOf(event).replace(/"changeID":"e(\d+)"/, '"changeID":$1');
    return this.#mangled ? textOf(event).replace(timeText(event), 'on a Tuesday') : textOf(event);
  }
}

function timeText({ timeMs }: TimedEvent): string {
  return new Date(timeMs).toISOString().replace('T', ' ').replace('Z', '');
}

function keyOf(event: TimedEvent): string {
  return `${timeText(event)} ${event.id.padStart(9, '0')}`;
}

function textOf(event: TimedEvent): string {
  const altered = event.altered > 0 ? `,"altered":${event.altered}` : '';
  return `{"context":{"changeID":"${event.id}"},"request":{"timestamp":"${timeText(event)}"${altered}}}`;
}
