import { EventGenerator, type EventText } from './events.js';
import { Offsets } from './offsets.js';
import { type Page, type PageRequest, pageOf } from './pages.js';
import { createTeam, type Team } from './team.js';
import { Timeline, type TimelineOptions } from './timeline.js';

export interface AuditLogOptions extends TimelineOptions {
  team: string;
  nextWhenFull: boolean;
}

/** All events of the demo team, in pages. */
export class AuditLog {
  readonly #options: AuditLogOptions;
  readonly #team: Team;
  readonly #timeline: Timeline;
  readonly #events: EventGenerator;
  readonly #offsets: Offsets;

  constructor(options: AuditLogOptions) {
    this.#options = options;
    this.#team = createTeam(options.seed, options.team);
    this.#timeline = new Timeline(options);
    this.#events = new EventGenerator(options.seed, this.#team, this.#timeline);
    this.#offsets = new Offsets(options.seed);
  }

  total(): number {
    return this.#timeline.total();
  }

  addEvents(count: number): void {
    if (!Number.isSafeInteger(count) || count < 0)
      throw new RangeError('A number of events is a whole number of 0 or more.');
    if (count > 0) this.#timeline.insert(count);
  }

  insertRaw(text: string): void {
    this.#timeline.insert(1, text);
  }

  rewriteRaw(change: (text: string) => string): void {
    this.#timeline.rewrite(change);
  }

  /** @throws RangeError if there is no such event. */
  event(position: number): EventText {
    const total = this.total();
    if (!Number.isInteger(position) || position < 0 || position >= total)
      throw new RangeError(`There is no event ${position}, only 0 to ${total - 1}.`);
    const { id, timestamp, details, text } = this.#events.event(position);
    return { id, timestamp, details, text };
  }

  /** Every event that exists at the start, oldest first, except inserted texts that are not events. */
  *events(): Generator<Omit<EventText, 'text'>> {
    const total = this.total();
    for (let position = 0; position < total; position += 1) {
      const { id, timestamp, details } = this.#events.event(position);
      if (id !== '' && timestamp !== '' && details !== '') yield { id, timestamp, details };
    }
  }

  page(request: PageRequest): Page {
    return pageOf(this.#events, this.#team, this.total(), { ...request, nextWhenFull: this.#options.nextWhenFull });
  }

  offsetOf(boundary: number): string {
    return this.#offsets.write(this.#timeline.cursorOf(boundary));
  }

  /** Returns undefined for an unknown offset. */
  boundaryOf(offset: string): number | undefined {
    const cursor = this.#offsets.read(offset);
    return cursor && this.#timeline.positionOf(cursor);
  }

  forgetOffsets(): void {
    this.#offsets.forget();
  }
}
