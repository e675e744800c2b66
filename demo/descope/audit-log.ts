import { Random } from '../random.js';
import { createEvent, type DemoEvent } from './events.js';
import { type Filters, fits } from './filters.js';

export interface AuditLogOptions {
  projectId: string;
  seed: number;
  events: number;
  historyDays: number;
  anchorMs: number;
  arrivalIntervalMs: number;
  /** Maximum delay between an arriving event's time and its appearance. */
  latenessMaxMs: number;
  idlessShare: number;
}

interface Entry {
  event: DemoEvent;
  /** The time from which searches find it; epoch milliseconds. */
  visibleMs: number;
}

/** All events of the demo project, in memory, by time. */
export class DescopeAuditLog {
  readonly #options: AuditLogOptions;
  readonly #entries: Entry[] = [];
  #made = 0;
  #arrived = 0;

  constructor(options: AuditLogOptions) {
    this.#options = options;
    const { events, historyDays, anchorMs } = options;
    const slotMs = (historyDays * 86_400_000) / Math.max(events, 1);
    const jitter = new Random(options.seed, 1, 0xde5c);
    let before = 0;
    for (let nth = 0; nth < events; nth += 1) {
      const slot = anchorMs - historyDays * 86_400_000 + Math.floor((nth + jitter.fraction()) * slotMs);
      // Occasionally several share a millisecond.
      const occurred = nth > 0 && jitter.chance(1 / 12) ? before : Math.min(Math.max(slot, before), anchorMs);
      before = occurred;
      this.#put(this.#create(occurred), 0);
    }
  }

  /** Adds events at a time, with or without ids, and `copies` identical copies of each. */
  add(occurred: number, { count = 1, copies = 1, id = true, visibleMs = 0 } = {}): DemoEvent[] {
    const added: DemoEvent[] = [];
    for (let nth = 0; nth < count; nth += 1) {
      const event = this.#create(occurred, id);
      for (let copy = 0; copy < copies; copy += 1) this.#put(event, visibleMs);
      added.push(event);
    }
    return added;
  }

  /** Adds an event at `occurred` that the server sends byte for byte as given. */
  addRaw(text: string, occurred: number): void {
    this.#put({ id: '', occurred, text, members: {} }, 0);
  }

  /** Removes events and returns how many. */
  remove(which: (event: DemoEvent) => boolean): number {
    const kept = this.#entries.filter(({ event }) => !which(event));
    const removed = this.#entries.length - kept.length;
    this.#entries.splice(0, this.#entries.length, ...kept);
    return removed;
  }

  /** Events that a search finds at this moment, oldest first. */
  visible(nowMs: number, filters: Filters = {}): DemoEvent[] {
    this.#arrive(nowMs);
    return this.#entries
      .filter(({ visibleMs, event }) => visibleMs <= nowMs && fits(event, filters))
      .map(({ event }) => event);
  }

  /** Times at which the events that are still invisible will appear; epoch milliseconds. */
  pending(nowMs: number): number[] {
    return this.#entries.map(({ visibleMs }) => visibleMs).filter((visibleMs) => visibleMs > nowMs);
  }

  /** Adds the scheduled events: one each interval after the anchor. */
  #arrive(nowMs: number): void {
    const { arrivalIntervalMs, anchorMs, latenessMaxMs, seed } = this.#options;
    if (arrivalIntervalMs <= 0) return;
    for (; anchorMs + (this.#arrived + 1) * arrivalIntervalMs <= nowMs; this.#arrived += 1) {
      const occurred = anchorMs + Math.floor((this.#arrived + 1) * arrivalIntervalMs);
      const random = new Random(seed, this.#arrived, 0x1a7e);
      const late = random.chance(0.2) ? random.below(latenessMaxMs + 1) : 0;
      this.#put(this.#create(occurred), occurred + late);
    }
  }

  #create(occurred: number, id?: boolean): DemoEvent {
    const { seed, projectId, idlessShare } = this.#options;
    const random = new Random(seed, this.#made, 0xa0d1);
    this.#made += 1;
    return createEvent(random, projectId, occurred, id ?? !random.chance(idlessShare));
  }

  #put(event: DemoEvent, visibleMs: number): void {
    const entry = { event, visibleMs };
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#entries[middle]!.event.occurred <= event.occurred) low = middle + 1;
      else high = middle;
    }
    this.#entries.splice(low, 0, entry);
  }
}
