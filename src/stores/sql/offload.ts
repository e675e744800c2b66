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
import { type BatchKey, batches, confirmBatch, fixBatch, noteFailure, notePart } from './batches.js';
import { lackingEvents } from './cursors.js';
import type { Dialect } from './dialect.js';
import { clearConfirmed, prune } from './retention.js';
import { all, first, type Steps, timed } from './steps.js';

/** The ledger of offloading in any database. */
export class SqlOffloadLedger implements OffloadLedger {
  readonly #dialect: Dialect;
  readonly #now: () => Date;

  constructor(dialect: Dialect, now: () => Date) {
    this.#dialect = dialect;
    this.#now = now;
  }

  async cursors(collector?: string): Promise<OffloadCursor[]> {
    return this.#dialect.run(
      all<OffloadCursor>(
        `SELECT collector, sink, series, last_seq AS "lastSeq", batches, events, bytes, confirmed_at AS "confirmedAt", failure,
           failed_at AS "failedAt"
         FROM offload_cursors WHERE CAST($1 AS text) IS NULL OR collector = $1 ORDER BY collector, sink, series`,
        collector ?? null,
      ),
    );
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
    const rows = await this.#dialect.run(
      all<{ sink: string; events: number }>(
        `SELECT r.sink, count(*) AS events FROM refused_events r
         WHERE r.collector = $1 AND EXISTS (SELECT 1 FROM audit_events e WHERE e.collector = r.collector AND e.seq = r.seq)
         GROUP BY r.sink`,
        collector,
      ),
    );
    return new Map(rows.map(({ sink, events }) => [sink, events]));
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
    const row = await this.#dialect.run(
      first<{ at: string | null }>('SELECT pruned_at AS at FROM audit_checkpoints WHERE collector = $1', collector),
    );
    return row?.at ?? null;
  }

  async shrink(): Promise<void> {
    await this.#dialect.shrink(this.#now());
  }

  async #transaction<T>(decide: (now: string) => Steps<T>): Promise<T> {
    return this.#dialect.transaction(timed(this.#now, decide));
  }
}
