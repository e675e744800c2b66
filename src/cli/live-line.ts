import { printableLines } from '../printable.js';

/** The last line of a terminal, rewritten as things change. Other lines are written above it. */
class LiveLine {
  readonly #terminal = process.stderr.isTTY === true;
  #text = '';

  /** False where standard error is not a terminal: then nothing is shown. */
  get isShown(): boolean {
    return this.#terminal;
  }

  /** Replaces the line; an empty text removes it. */
  show(text: string): void {
    if (!this.#terminal || text === this.#text) return;
    this.#erase();
    // A longer one would leave its first rows behind when it is replaced.
    const columns = Math.max(1, (process.stderr.columns ?? 80) - 1);
    this.#text = [...printableLines(text)].slice(0, columns).join('');
    process.stderr.write(this.#text);
  }

  /** Keeps the line where it is; what follows goes below it. */
  keep(): void {
    if (this.#text !== '') process.stderr.write('\n');
    this.#text = '';
  }

  /** Writes whole lines above the line. */
  above(write: () => void): void {
    const text = this.#text;
    this.#erase();
    write();
    if (text !== '') process.stderr.write(text);
    this.#text = text;
  }

  #erase(): void {
    if (this.#text !== '') process.stderr.write('\r\u001b[2K');
    this.#text = '';
  }
}

/** One for the process: it has one terminal. */
export const liveLine = new LiveLine();
