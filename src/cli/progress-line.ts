import type { Progress } from '../../workflows/messages.js';
import { printable, tell } from './output.js';

/** Without a terminal, a line is written this often at the most. */
const plainEveryMs = 5_000;

/** How far a run is: one line that is rewritten on a terminal, a line now and then elsewhere. */
export class ProgressLine {
  readonly #name: string;
  readonly #startedAt = Date.now();
  readonly #terminal = process.stderr.isTTY === true;
  #lastPlain = 0;
  readonly #told = new Set<string>();
  #open = false;

  constructor(name: string) {
    this.#name = name;
  }

  show(progress: Progress): void {
    const text = this.#text(progress);
    if (this.#terminal) {
      process.stderr.write(`\r\u001b[2K${text}`);
      this.#open = true;
    } else if (Date.now() - this.#lastPlain >= plainEveryMs) {
      this.#lastPlain = Date.now();
      tell(text);
    }
  }

  /** Says what is wrong, each thing once. */
  trouble(text: string): void {
    if (this.#told.has(text)) return;
    this.#told.add(text);
    this.end();
    tell(`${this.#name}: ${printable(text)}`);
  }

  finish(progress: Progress): void {
    this.end();
    tell(this.#text(progress));
  }

  /** Leaves the line that is being rewritten. */
  end(): void {
    if (this.#open) process.stderr.write('\n');
    this.#open = false;
  }

  #text({ newEvents, pages, rejected, newest, state }: Progress): string {
    const seconds = Math.max((Date.now() - this.#startedAt) / 1000, 0.001);
    const parts = [
      `${newEvents.toLocaleString('en')} new events`,
      `${pages.toLocaleString('en')} pages`,
      `${Math.round(newEvents / seconds).toLocaleString('en')}/s`,
    ];
    if (rejected > 0) parts.push(`${rejected} rejected`);
    if (newest) parts.push(`up to ${newest.replace('T', ' ')}`);
    return `${this.#name}: ${state}, ${parts.join(', ')}`;
  }
}
