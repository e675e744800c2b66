import type { Progress } from '../../workflows/messages.js';
import { eventsInWords, placeInWords } from '../progress-words.js';
import { liveLine } from './live-line.js';
import { printable, tell } from './output.js';

/** Minimum interval between lines without a terminal. */
const plainEveryMs = 5_000;

const inDigits = (count: number) => count.toLocaleString('en');

/** Shows the progress of a run: one line that is rewritten on a terminal, otherwise a line now and then. */
export class ProgressLine {
  readonly #name: string;
  readonly #startedAt = Date.now();
  #lastPlain = 0;
  readonly #reported = new Set<string>();

  constructor(name: string) {
    this.#name = name;
  }

  show(progress: Progress): void {
    const text = this.#text(progress);
    if (liveLine.isShown) liveLine.show(text);
    else if (Date.now() - this.#lastPlain >= plainEveryMs) {
      this.#lastPlain = Date.now();
      tell(text);
    }
  }

  /** Reports a problem. Each text is reported once. */
  trouble(text: string): void {
    if (this.#reported.has(text)) return;
    this.#reported.add(text);
    tell(`${this.#name}: ${printable(text)}`);
  }

  finish(progress: Progress): void {
    liveLine.show('');
    tell(this.#text(progress));
  }

  /** Ends the line that is being rewritten. */
  end(): void {
    liveLine.keep();
  }

  #text(progress: Progress): string {
    const { newEvents, eventsRead = 0, pages, rejected, state, note } = progress;
    const seconds = Math.max((Date.now() - this.#startedAt) / 1000, 0.001);
    const parts = [
      eventsInWords(progress, inDigits),
      `${inDigits(pages)} pages`,
      `${inDigits(Math.round(Math.max(newEvents, eventsRead) / seconds))}/s`,
    ];
    if (rejected > 0) parts.push(`${rejected} rejected`);
    const place = placeInWords(progress).replace(/T(.*)Z$/, ' $1');
    if (place !== '') parts.push(place);
    const inWords = state === 'not caught up' ? printable(note.toLowerCase()) : state;
    return `${this.#name}: ${inWords}, ${parts.join(', ')}`;
  }
}
