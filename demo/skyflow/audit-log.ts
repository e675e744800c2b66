import { Random } from '../random.js';
import { rfc3339 } from '../rfc3339.js';
import { type DemoEvent, demoEvent } from './events.js';

export interface Cursor {
  timestamp: string;
  changeID: string;
}

export interface AuditLogOptions {
  seed: number;
  accountID: string;
  /** Number of events in the history. */
  events: number;
  historyDays: number;
  /** Epoch milliseconds at which the history ends. */
  anchorMs: number;
  /** One event each interval after the anchor; 0: none. */
  arrivalIntervalMs: number;
  nowMs: () => number;
}

/** In each 200 events of the history, the 100th to the 139th share one time. */
const runEvery = 200;
const runStart = 100;
const runLength = 40;

/** The events of the demo vault, in memory, in the order of a cursor: by time. */
export class AuditLog {
  readonly #options: AuditLogOptions;
  readonly #events: DemoEvent[] = [];
  /** Number of events made so far, since each has its own seed. */
  #made = 0;
  #arrived = 0;

  constructor(options: AuditLogOptions) {
    this.#options = options;
    for (let nth = 0; nth < options.events; nth += 1) this.#events.push(this.#create(historyTime(options, nth)));
  }

  get total(): number {
    return this.all().length;
  }

  /** Appends events that happen now. */
  add(count: number): void {
    for (let left = count; left > 0; left -= 1) this.#events.push(this.#create(this.#now()));
  }

  /** Adds events that share a time before now but appear only now: their order follows their time. */
  addLate(count: number, atMs: number): readonly DemoEvent[] {
    this.#arrive();
    const added = Array.from({ length: count }, () => this.#create(sqlTimestamp(atMs, 0)));
    const { timestamp } = added[0]!;
    const at = this.#events.findLastIndex((event) => event.timestamp <= timestamp) + 1;
    this.#events.splice(at, 0, ...added);
    return added;
  }

  /** Adds an event that the server sends as given, even if invalid; these values determine its place for a cursor. */
  addText(text: string, cursor: Partial<Cursor>): void {
    this.#events.push({ ...this.#create(this.#now()), ...cursor, contents: ['null', 'null'], text: () => text });
  }

  all(): readonly DemoEvent[] {
    this.#arrive();
    return this.#events;
  }

  /** The first matching events after a cursor, and whether there are more; undefined if no event has the cursor. */
  after(
    cursor: Cursor | undefined,
    limit: number,
    fits: (event: DemoEvent) => boolean,
  ): { events: DemoEvent[]; follows: boolean } | undefined {
    const all = this.all();
    const at = cursor ? this.#indexOf(cursor) : -1;
    if (cursor && at === -1) return undefined;
    const events: DemoEvent[] = [];
    for (let index = at + 1; index < all.length; index += 1) {
      if (!fits(all[index]!)) continue;
      if (events.length === limit) return { events, follows: true };
      events.push(all[index]!);
    }
    return { events, follows: false };
  }

  #indexOf({ timestamp, changeID }: Cursor): number {
    return this.#events.findIndex((event) => event.changeID === changeID && event.timestamp === timestamp);
  }

  /** Never before the last event, even if the clock goes back. */
  #now(): string {
    this.#arrive();
    return this.#notBeforeLast(sqlTimestamp(this.#options.nowMs(), 0));
  }

  /** Adds the events that were scheduled since the last call. */
  #arrive(): void {
    const { arrivalIntervalMs, anchorMs, nowMs } = this.#options;
    if (arrivalIntervalMs <= 0) return;
    for (;;) {
      const atMs = anchorMs + (this.#arrived + 1) * arrivalIntervalMs;
      if (atMs > nowMs()) return;
      this.#arrived += 1;
      this.#events.push(this.#create(this.#notBeforeLast(sqlTimestamp(Math.floor(atMs), 0))));
    }
  }

  #notBeforeLast(time: string): string {
    const last = this.#events.at(-1)?.timestamp;
    return last === undefined || last < time ? time : last;
  }

  #create(timestamp: string): DemoEvent {
    const { seed, accountID } = this.#options;
    this.#made += 1;
    return demoEvent(seed, this.#made - 1, timestamp, accountID);
  }
}

/** Each event has a slot of the same length and a random time within it. */
function historyTime({ seed, events, historyDays, anchorMs }: AuditLogOptions, nth: number): string {
  const within = nth % runEvery;
  const inRun = within >= runStart && within < runStart + runLength;
  const slot = inRun ? nth - within + runStart : nth;
  const historyMs = historyDays * 86_400_000;
  const fraction = new Random(seed, slot, 0x71e5).fraction();
  return sqlTimestamp(anchorMs - historyMs, Math.floor((((slot + fraction) * historyMs) / events) * 1e6));
}

/** "2023-06-27 14:01:14.271659365": without trailing zeros, so that texts sort as times do. */
function sqlTimestamp(startMs: number, sinceNs: number): string {
  return rfc3339(startMs, sinceNs).replace('T', ' ').replace('Z', '');
}
