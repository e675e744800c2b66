import { rfc3339 } from '../rfc3339.js';
import { type DemoEvent, demoEvent } from './events.js';

export interface Cursor {
  timestamp: string;
  changeID: string;
}

/** Events that follow each other and share one timestamp, now and then. */
const runLength = 40;

/** The events of the demo vault, in order; only ever more at the end. */
export class AuditLog {
  readonly #seed: number;
  readonly #accountID: string;
  readonly #startMs: number;
  readonly #texts: DemoEvent[] = [];

  constructor(seed: number, events: number, anchorMs: number, accountID: string) {
    this.#seed = seed;
    this.#accountID = accountID;
    this.#startMs = anchorMs - 30 * 86_400_000;
    this.add(events);
  }

  get total(): number {
    return this.#texts.length;
  }

  add(count: number): void {
    for (let left = count; left > 0; left -= 1) {
      const position = this.#texts.length;
      this.#texts.push(demoEvent(this.#seed, position, sqlTimestamp(this.#startMs, position), this.#accountID));
    }
  }

  /** An event that is sent as it is given, whatever it is; for a cursor it stands by these. */
  addText(text: string, cursor: Partial<Cursor>): void {
    this.add(1);
    const last = this.#texts.pop()!;
    this.#texts.push({ ...last, ...cursor, contents: ['null', 'null'], text: () => text });
  }

  all(): readonly DemoEvent[] {
    return this.#texts;
  }

  /** What follows a cursor; undefined where no event has it. */
  after(cursor: Cursor | undefined): readonly DemoEvent[] | undefined {
    if (!cursor) return this.#texts;
    const at = this.#texts.findIndex(
      ({ changeID, timestamp }) => changeID === cursor.changeID && timestamp === cursor.timestamp,
    );
    return at === -1 ? undefined : this.#texts.slice(at + 1);
  }
}

/** Events 100 to 139 of each 200 share the time of the first of them. */
function sqlTimestamp(startMs: number, position: number): string {
  const within = position % 200;
  const shared = within >= 100 && within < 100 + runLength ? position - within + 100 : position;
  return rfc3339(startMs, shared * 1_234_567_891)
    .replace('T', ' ')
    .replace('Z', '');
}
