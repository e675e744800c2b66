import type { Progress } from '../../workflows/messages.js';
import { counted } from '../counted.js';
import { printable, tell } from './output.js';

/** The time of a run's newest event, which its progress tells without the zone, with the zone. */
export function utcTime(newest: string): string {
  return newest.endsWith('Z') ? newest : `${newest}Z`;
}

/** Minimum interval between lines without a terminal. */
const plainEveryMs = 5_000;

/** Shows the progress of a run: one line that is rewritten on a terminal, otherwise a line now and then. */
export class ProgressLine {
  readonly #name: string;
  readonly #startedAt = Date.now();
  readonly #rewrites: boolean;
  #lastPlain = 0;
  readonly #reported = new Set<string>();
  #open = false;

  /** @param isAlone false if other lines are written meanwhile, so that none can be rewritten. */
  constructor(name: string, isAlone = true) {
    this.#name = name;
    this.#rewrites = isAlone && process.stderr.isTTY === true;
  }

  show(progress: Progress): void {
    const text = this.#text(progress);
    if (this.#rewrites) {
      process.stderr.write(`\r\u001b[2K${text}`);
      this.#open = true;
    } else if (Date.now() - this.#lastPlain >= plainEveryMs) {
      this.#lastPlain = Date.now();
      tell(text);
    }
  }

  /** Reports a problem. Each text is reported once. */
  trouble(text: string): void {
    if (this.#reported.has(text)) return;
    this.#reported.add(text);
    this.end();
    tell(`${this.#name}: ${printable(text)}`);
  }

  finish(progress: Progress): void {
    this.end();
    tell(this.#text(progress));
  }

  /** Ends the line that is being rewritten. */
  end(): void {
    if (this.#open) process.stderr.write('\n');
    this.#open = false;
  }

  #text({ newEvents, pages, rejected, newest, state, note }: Progress): string {
    const seconds = Math.max((Date.now() - this.#startedAt) / 1000, 0.001);
    const parts = [
      counted(newEvents, 'new event'),
      counted(pages, 'page'),
      `${Math.round(newEvents / seconds).toLocaleString('en')}/s`,
    ];
    if (rejected > 0) parts.push(`${rejected} rejected`);
    if (newest) parts.push(`up to ${utcTime(newest).replace('T', ' ')}`);
    const inWords = state === 'not caught up' ? printable(note.toLowerCase()) : state;
    return `${this.#name}: ${inWords}, ${parts.join(', ')}`;
  }
}
