import type { ConfirmedPart } from '../../sinks/sink.js';
import type {
  BatchSent,
  BatchWanted,
  Clearing,
  FixedBatch,
  OffloadCursor,
  OffloadLedger,
  SeriesKey,
} from '../offload.js';
import { type BatchKey, batches, confirmBatch, fixBatch, noteFailure, notePart, refusedCounts } from './batches.js';
import { cursors, lackingEvents } from './cursors.js';
import type { Dialect } from './dialect.js';
import { clearConfirmed, prune, prunedAt } from './retention.js';
import { type Steps, timed } from './steps.js';

/** The ledger of offloading in any database. */
export class SqlOffloadLedger implements OffloadLedger {
  readonly #dialect: Dialect;
  readonly #now: () => Date;

  constructor(dialect: Dialect, now: () => Date) {
    this.#dialect = dialect;
    this.#now = now;
  }

  async cursors(collector?: string): Promise<OffloadCursor[]> {
    return this.#dialect.run(cursors(collector));
  }

  async batches(collector: string, limit: number): Promise<FixedBatch[]> {
    return this.#dialect.run(batches(collector, limit));
  }

  async fixBatch(wanted: BatchWanted): Promise<FixedBatch | null> {
    return this.#transaction((now) => fixBatch(this.#dialect, wanted, now));
  }

  async notePart(batch: BatchKey, sender: string, part: ConfirmedPart): Promise<boolean> {
    return this.#transaction((now) => notePart(this.#dialect, batch, { ...part, sender }, now));
  }

  async confirmBatch(batch: BatchKey, sent: BatchSent): Promise<void> {
    return this.#transaction((now) => confirmBatch(this.#dialect, batch, sent, now));
  }

  async refusedCounts(collector: string): Promise<Map<string, number>> {
    return this.#dialect.run(refusedCounts(collector));
  }

  async noteFailure(key: SeriesKey, failure: string): Promise<void> {
    return this.#dialect.run(noteFailure(key, failure, this.#now().toISOString()));
  }

  async backlog(collector: string, sinks: readonly string[], countMax: number): Promise<number> {
    return this.#dialect.run(lackingEvents(this.#dialect, collector, sinks, countMax));
  }

  async clearConfirmed(clearing: Clearing): Promise<number> {
    return this.#transaction((now) => clearConfirmed(this.#dialect, clearing, now));
  }

  async prune(collector: string, before: { log?: string; related?: string; ids?: string }): Promise<void> {
    return this.#transaction((now) => prune(collector, before, now));
  }

  async prunedAt(collector: string): Promise<string | null> {
    return this.#dialect.run(prunedAt(collector));
  }

  async shrink(): Promise<void> {
    await this.#dialect.shrink(this.#now());
  }

  async #transaction<T>(decide: (now: string) => Steps<T>): Promise<T> {
    return this.#dialect.transaction(timed(this.#now, decide));
  }
}
