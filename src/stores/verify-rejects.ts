import { counted } from '../counted.js';
import type { JournalEntry } from '../proof/entry-schema.js';
import { journalText } from '../proof/journal.js';
import type { ProofReader } from './proof-reader.js';

const rowsAtOnce = 500;

/** Compares rejected events, and gaps in the source's retention, with what the journal says of them. */
export class RejectsCheck {
  readonly #reader: ProofReader;
  readonly #collector: string;
  readonly #report: (text: string) => void;
  /** Contents by digest. */
  readonly #rejects = new Map<string, string[]>();
  readonly #gaps = new Set<string>();
  #begunAt: string | undefined;
  #older = 0;

  constructor(reader: ProofReader, collector: string, report: (text: string) => void) {
    this.#reader = reader;
    this.#collector = collector;
    this.#report = report;
  }

  get unchecked(): string[] {
    return this.#older === 0
      ? []
      : [`${counted(this.#older, 'rejected event or gap is', 'rejected events and gaps are')} older than the journal`];
  }

  /** @param at when the journal's first entry was written */
  begin(at: string): void {
    this.#begunAt ??= at;
  }

  expect(rows: string): void {
    for (const row of rows.split(',')) {
      const [digest, content] = row.split(':') as [string, string];
      this.#rejects.set(digest, [...(this.#rejects.get(digest) ?? []), content]);
    }
  }

  /** @param digests of rows that went with an erased event */
  erase(digests: string): void {
    for (const digest of digests.split(',')) this.#rejects.delete(digest);
  }

  expectGap({ from, to }: JournalEntry & { kind: 'gap' }): void {
    this.#gaps.add(`${from} ${to}`);
  }

  async finish(): Promise<void> {
    for (let after = ''; ; ) {
      const rows = await this.#reader.rejects(this.#collector, after, rowsAtOnce);
      for (const row of rows) this.#compare(row);
      if (rows.length < rowsAtOnce) break;
      after = rows.at(-1)!.digest;
    }
    for (const digest of this.#rejects.keys())
      this.#report(`The row ${digest} of rejected_events is missing or changed.`);
    for (const { from, to, at } of await this.#reader.gaps(this.#collector)) {
      if (this.#gaps.delete(`${journalText(from)} ${journalText(to)}`)) continue;
      if (this.#isOlder(at)) this.#older += 1;
      else this.#report(`The journal has no entry of the gap from ${from} to ${to}.`);
    }
    for (const gap of this.#gaps) this.#report(`The gap ${gap} is missing from retention_gaps.`);
  }

  #compare({ digest, content, at }: { digest: string; content: string; at: string }): void {
    const contents = this.#rejects.get(digest);
    if (contents?.includes(content)) this.#rejects.delete(digest);
    else if (contents === undefined && this.#isOlder(at)) this.#older += 1;
    else if (contents === undefined) this.#report(`The journal has no entry of the row ${digest} of rejected_events.`);
  }

  #isOlder(at: string): boolean {
    return this.#begunAt === undefined || at < this.#begunAt;
  }
}
