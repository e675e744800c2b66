import { type ErrorCode, reasonOf, TrawlError } from '../../errors.js';
import { errorReport } from '../error-report.js';
import { printable, wrapped } from '../output.js';
import { padTo, widthOf } from '../width.js';

export type Outcome = 'passed' | 'warning' | 'failed' | 'skipped';

/** Result of one check of `trawl check`. */
interface CheckLine {
  /** The collector that it is about; absent if it is about none or all. */
  collector?: string;
  check: string;
  outcome: Outcome;
  /** False only if it failed. */
  ok: boolean;
  /** The finding or the failure, and the remedy. */
  detail: string;
  /** Code of docs/errors.md, if it failed. */
  code?: ErrorCode | 'UNEXPECTED';
}

/** Collects the results, in order. */
export class CheckLines {
  readonly all: CheckLine[] = [];
  #collector: string | null = null;
  #named = false;

  /** Says which collector the following results are about. @param named true if the text names it: there are several. */
  about(collector: string | null, named = false): void {
    this.#collector = collector;
    this.#named ||= named;
  }

  passed(check: string, detail: string): void {
    this.#add(check, 'passed', detail);
  }

  /** It works, but not for long or not as well as it should. */
  warning(check: string, detail: string): void {
    this.#add(check, 'warning', detail);
  }

  /** @param because why the check could not be done. */
  skipped(check: string, because: string): void {
    this.#add(check, 'skipped', because);
  }

  failed(check: string, error: unknown): void {
    const { code, message, hint } = errorReport(error);
    this.all.push({ ...this.#about(), check, outcome: 'failed', ok: false, detail: `${message} ${hint}`, code });
  }

  /** @returns undefined if it failed. */
  async attempt<T>(check: string, body: () => Promise<T>, detail: (value: T) => string): Promise<T | undefined> {
    try {
      const value = await body();
      this.passed(check, detail(value));
      return value;
    } catch (error) {
      this.failed(check, error instanceof TrawlError ? error : unexpected(error));
      return undefined;
    }
  }

  get ok(): boolean {
    return this.all.every((line) => line.ok);
  }

  /** @param columns of the terminal; without one, lines are not wrapped. */
  text(columns?: number): string {
    const labels = this.all.map(({ collector, check }) =>
      this.#named && collector ? `${collector}: ${check}` : check,
    );
    const width = Math.max(...labels.map(widthOf));
    const indent = columns !== undefined && columns >= 60 ? outcomeWidth + width + 4 : 2;
    return this.all
      .map(({ outcome, detail, code }, index) => {
        const end = code === undefined ? '' : ` [${code}]`;
        const line = `${words[outcome].padEnd(outcomeWidth)}  ${padTo(labels[index]!, width)}  ${printable(detail)}${end}`;
        return `${columns === undefined ? line : wrapped(line, columns, indent)}\n`;
      })
      .join('');
  }

  #add(check: string, outcome: Outcome, detail: string): void {
    this.all.push({ ...this.#about(), check, outcome, ok: true, detail });
  }

  #about(): Pick<CheckLine, 'collector'> {
    return this.#collector === null ? {} : { collector: this.#collector };
  }
}

const outcomeWidth = 7;

const words: Readonly<Record<Outcome, string>> = {
  passed: 'ok',
  warning: 'WARNING',
  failed: 'FAILED',
  skipped: 'skipped',
};

function unexpected(error: unknown): Error {
  return error instanceof Error ? error : new Error(reasonOf(error));
}
