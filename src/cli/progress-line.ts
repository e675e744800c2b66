import type { Progress } from '../../workflows/messages.js';
import { counted } from '../counted.js';
import { eventsInWords, placeInWords } from '../progress-words.js';
import { liveLine } from './live-line.js';
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

  /** @param isAlone false if other lines are written meanwhile, so that none can be rewritten. */
  constructor(name: string, isAlone = true) {
    this.#name = name;
    this.#rewrites = isAlone && process.stderr.isTTY === true;
  }

  show(progress: Progress): void {
    const text = this.#text(progress);
    if (this.#rewrites) liveLine.show(text);
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
      eventsInWords(progress),
      counted(pages, 'page'),
      `${Math.round(Math.max(newEvents, eventsRead) / seconds).toLocaleString('en')}/s`,
    ];
    if (rejected > 0) parts.push(`${rejected} rejected`);
    const place = placeInWords(progress).replace('T', ' ');
    if (place !== '') parts.push(place);
    const inWords = state === 'not caught up' ? printable(note.toLowerCase()) : state;
    return `${this.#name}: ${inWords}, ${parts.join(', ')}`;
  }
}
