import type { OffloadCursor, OffloadStore } from '../offload.js';
import {
  archived,
  batchEvents,
  batches,
  batchesWith,
  confirmBatch,
  fixBatch,
  noteFailure,
  notePart,
  refusedBefore,
} from './batches.js';
import { changeObjects, leaseCompaction, listed } from './compaction.js';
import type { Dialect } from './dialect.js';
import { renewLease } from './leases.js';
import { dropRepetition, openRepetitions } from './repetitions.js';
import { clearConfirmed, lackingEvents, prune } from './retention.js';
import { afterCleared } from './seen-events.js';
import { all, first, type Steps, timed } from './steps.js';

/** The offload ledger for any database. */
export function offloadStore(dialect: Dialect, now: () => Date): OffloadStore {
  const transaction = <T>(decide: (now: string) => Steps<T>) => dialect.transaction(timed(now, decide));
  return {
    cursors: (collector) => dialect.run(cursors(collector)),
    batches: (collector, limit) => dialect.run(batches(collector, limit)),
    batchesWith: (collector, seq) => dialect.run(batchesWith(collector, seq)),
    archived: (sink, collector) => dialect.run(archived(sink, collector)),
    fixBatch: (wanted) => transaction((at) => fixBatch(dialect, wanted, at)),
    renewLease: (batch, sender, leaseMs) => dialect.transaction(renewLease(dialect, batch, { sender, leaseMs }), true),
    batchEvents: (batch) => batchEvents(dialect, batch),
    refusedBefore: (batch, countMax) => dialect.run(refusedBefore(batch, countMax)),
    notePart: (batch, sender, part) => transaction((at) => notePart(dialect, batch, { ...part, sender }, at)),
    confirmBatch: (batch, sent) => transaction((at) => confirmBatch(dialect, batch, sent, at)),
    listed: (collector, sink) => dialect.run(listed(collector, sink)),
    changeObjects: (collector, changed, merged) =>
      transaction((at) => changeObjects(dialect, { collector, now: at }, { changed, merged })),
    leaseCompaction: (collector, sink, sender, leaseMs) =>
      dialect.transaction(leaseCompaction(dialect, { collector, sink }, sender, leaseMs)),
    openRepetitions: (collector) => dialect.run(openRepetitions(dialect, collector)),
    dropRepetition: (collector, series) => transaction((at) => dropRepetition(dialect, collector, series, at)),
    refusedCounts: (collector) => dialect.run(refusedCounts(collector)),
    noteFailure: (key, failure) => transaction((at) => noteFailure(key, failure, at)),
    backlog: (collector, sinks, countMax) => dialect.run(lackingEvents(dialect, collector, sinks, countMax)),
    clearConfirmed: (clearing) => transaction((at) => clearConfirmed(dialect, clearing, at)),
    prune: (collector, request) => transaction((at) => prune(dialect, collector, request, at)),
    prunedAt: (collector) => dialect.run(prunedAt(collector)),
    shrink: () => dialect.shrink(now()),
  };
}

function* cursors(collector?: string): Steps<OffloadCursor[]> {
  return yield* all<OffloadCursor>(
    `SELECT collector, sink, series, last_seq AS "lastSeq", batches, events, bytes, confirmed_at AS "confirmedAt", failure,
       failed_at AS "failedAt"
     FROM offload_cursors WHERE CAST($1 AS text) IS NULL OR collector = $1 ORDER BY collector, sink, series`,
    collector ?? null,
  );
}

function* refusedCounts(collector: string): Steps<Map<string, number>> {
  const rows = yield* all<{ sink: string; events: number }>(
    `SELECT r.sink, count(*) AS events FROM refused_events r
     WHERE r.collector = $1 AND r.seq > ${afterCleared('$1')} AND EXISTS (SELECT 1 FROM audit_events e WHERE e.collector = r.collector AND e.seq = r.seq)
     GROUP BY r.sink`,
    collector,
  );
  return new Map(rows.map(({ sink, events }) => [sink, events]));
}

function* prunedAt(collector: string): Steps<string | null> {
  const row = yield* first<{ at: string | null }>(
    'SELECT pruned_at AS at FROM audit_checkpoints WHERE collector = $1',
    collector,
  );
  return row?.at ?? null;
}
