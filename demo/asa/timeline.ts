import { Random } from '../random.js';
import { History, historyMs } from './history.js';

export interface TimelineOptions {
  seed: number;
  /** Number of events in the history. */
  events: number;
  /** Epoch milliseconds at which the history ends. */
  anchorMs: number;
  /** One event each interval after the anchor; 0: none. */
  arrivalIntervalMs: number;
}

/** Everything that determines the event at one position. */
export interface Moment {
  /** Nanoseconds since the timeline's start. */
  sinceNs: number;
  /** Seed words of the event; two events never share them. */
  words: [number, number];
  /** The whole event, if its text was given. */
  raw: string | undefined;
}

/**
 * The beginning of a page, in a form that outlives a restart: scheduled events exist again then, inserted ones do not.
 */
export interface Cursor {
  scheduled: number;
  inserted: number;
}

/** Events inserted by hand, between two scheduled ones. */
interface Insertion {
  /** Position of its first event. */
  start: number;
  count: number;
  /** Inserted events before it. */
  insertedBefore: number;
  atMs: number;
  firstNs: number;
  stepNs: number;
  raw: string | undefined;
}

/**
 * The order and the time of all events. New positions are only ever added at the end. The options alone determine the
 * history and the scheduled events; insertions are kept in memory.
 */
export class Timeline {
  readonly startMs: number;
  readonly #options: TimelineOptions;
  readonly #history: History;
  readonly #jitter = new Random();
  readonly #insertions: Insertion[] = [];
  #scheduled: number;

  constructor(options: TimelineOptions) {
    this.#options = options;
    this.#scheduled = options.events;
    this.startMs = options.anchorMs - historyMs;
    this.#history = new History(options.seed, options.events, this.startMs);
  }

  total(): number {
    return this.#scheduledNow() + this.#inserted();
  }

  /** Appends `count` events that happen now, or one event with the given text. */
  insert(count: number, raw?: string): void {
    const start = this.total();
    const lastNs = start === 0 ? 0 : this.at(start - 1).sinceNs;
    this.#insertions.push({
      start,
      count,
      insertedBefore: this.#inserted(),
      atMs: Date.now(),
      firstNs: Math.max((Date.now() - this.startMs) * 1e6, lastNs),
      stepNs: Math.min(1000, Math.floor(1e6 / count)),
      raw,
    });
  }

  /** Changes the texts of events that were inserted with one. */
  rewrite(change: (raw: string) => string): void {
    for (const insertion of this.#insertions) if (insertion.raw !== undefined) insertion.raw = change(insertion.raw);
  }

  at(position: number): Moment {
    const before = this.#lastInsertion((insertion) => insertion.start <= position);
    if (!before) return this.#scheduledAt(position, 0);
    const nth = position - before.start;
    if (nth >= before.count)
      return this.#scheduledAt(position - before.insertedBefore - before.count, lastNsOf(before));
    return {
      sinceNs: before.firstNs + nth * before.stepNs,
      // The words include the time, so that events added after a restart differ from those added before it.
      words: [before.insertedBefore + nth, (before.atMs % 2 ** 31) + 2 ** 31],
      raw: before.raw,
    };
  }

  cursorOf(position: number): Cursor {
    const before = this.#lastInsertion((insertion) => insertion.start < position);
    const inserted = before ? before.insertedBefore + Math.min(before.count, position - before.start) : 0;
    return { scheduled: position - inserted, inserted };
  }

  /** The position of a cursor. Passes over insertions that a restart has removed, and skips nothing else. */
  positionOf({ scheduled, inserted }: Cursor): number {
    const before = this.#lastInsertion((insertion) => insertion.start - insertion.insertedBefore <= scheduled);
    return scheduled + Math.min(inserted, before ? before.insertedBefore + before.count : 0);
  }

  #scheduledAt(nth: number, notBeforeNs: number): Moment {
    const { events, arrivalIntervalMs, seed } = this.#options;
    const words: [number, number] = [nth % 2 ** 32, Math.floor(nth / 2 ** 32)];
    if (nth < events) return { sinceNs: Math.max(this.#history.timeNs(nth), notBeforeNs), words, raw: undefined };
    const arrivalNs = Math.floor((nth - events + 1) * arrivalIntervalMs * 1e6) + historyMs * 1e6;
    const withinNs = Math.floor(
      this.#jitter.reseed(seed, nth, 0xa881).fraction() * Math.min(1, arrivalIntervalMs) * 1e6,
    );
    return { sinceNs: Math.max(arrivalNs + withinNs, notBeforeNs), words, raw: undefined };
  }

  /** Number of scheduled events so far. Never goes back, even if the machine's clock does. */
  #scheduledNow(): number {
    const { events, anchorMs, arrivalIntervalMs } = this.#options;
    const arrived = arrivalIntervalMs > 0 ? Math.floor((Date.now() - anchorMs) / arrivalIntervalMs) : 0;
    this.#scheduled = Math.max(this.#scheduled, events + arrived);
    return this.#scheduled;
  }

  #inserted(): number {
    const last = this.#insertions.at(-1);
    return last ? last.insertedBefore + last.count : 0;
  }

  /** The last insertion for which the condition holds, given that it holds up to some insertion and not after it. */
  #lastInsertion(holds: (insertion: Insertion) => boolean): Insertion | undefined {
    let low = 0;
    let high = this.#insertions.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (holds(this.#insertions[middle]!)) low = middle + 1;
      else high = middle;
    }
    return this.#insertions[low - 1];
  }
}

function lastNsOf(insertion: Insertion): number {
  return insertion.firstNs + (insertion.count - 1) * insertion.stepNs;
}
