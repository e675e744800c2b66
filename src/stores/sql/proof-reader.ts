import type { RetentionGap } from '../../domain.js';
import type { Tile } from '../../proof/tree.js';
import type { ListedObjects, ProofLog, ProofReader, ProofState, ProvenReject, Strays } from '../proof-reader.js';
import type { Dialect } from './dialect.js';
import { tilesOf } from './proof.js';
import { provenPages, provenRows } from './proven-rows.js';
import { rejectContent } from './rejects.js';
import { all, first, type Steps } from './steps.js';

export function proofReader(dialect: Dialect): ProofReader {
  return {
    state: (collector) => dialect.run(state(collector)),
    entries: (collector, after, limit) => dialect.run(entries(collector, after, limit)),
    tiles: (collector, log, level, numbers) => dialect.run(tiles(collector, log, level, numbers)),
    rows: (collector, range) => dialect.run(provenRows(collector, range)),
    pages: (collector, after, upTo) => dialect.run(provenPages(collector, after, upTo)),
    rejects: (collector, after, limit) => dialect.run(rejects(dialect, collector, after, limit)),
    listedObjects: (collector) => dialect.run(listedObjects(collector)),
    gaps: (collector) => dialect.run(gaps(collector)),
    strays: (collector) => dialect.run(strays(collector)),
  };
}

/** In one statement, and so from one moment. */
function* state(collector: string): Steps<ProofState> {
  return (yield* first<ProofState>(
    `SELECT coalesce(h.events, 0) AS events, coalesce(h.entries, 0) AS entries, coalesce(h.pages, 0) AS pages,
       coalesce(h.store, '') AS store, h.events_note AS "eventsNote", h.journal_note AS "journalNote",
       coalesce(c.last_seq, 0) AS "lastSeq", coalesce(c.pages, 0) AS "lastPage"
     FROM (SELECT 1 AS one) AS always LEFT JOIN proof_heads AS h ON h.collector = $1
       LEFT JOIN audit_checkpoints AS c ON c.collector = $1`,
    collector,
  ))!;
}

function* entries(collector: string, after: number, limit: number): Steps<{ number: number; entry: string }[]> {
  return yield* all(
    'SELECT number, entry FROM proof_journal WHERE collector = $1 AND number > $2 ORDER BY number LIMIT $3',
    collector,
    after,
    limit,
  );
}

function* tiles(
  collector: string,
  log: ProofLog,
  level: number,
  { from, to }: { from: number; to: number },
): Steps<Tile[]> {
  return yield* tilesOf(
    `WHERE collector = $1 AND log = $2 AND level = $3 AND number BETWEEN $4 AND $5`,
    collector,
    log,
    level,
    from,
    to,
  );
}

interface RejectRow {
  digest: string;
  kind: string;
  reason: string;
  offset: string;
  raw: string;
  id: string | null;
  at: string;
}

function* rejects({ byBytes }: Dialect, collector: string, after: string, limit: number): Steps<ProvenReject[]> {
  const rows = yield* all<RejectRow>(
    `SELECT digest, kind, reason, "offset", raw, event_id AS id, rejected_at AS at FROM rejected_events
     WHERE collector = $1 AND digest > $2 ORDER BY digest${byBytes} LIMIT $3`,
    collector,
    after,
    limit,
  );
  return rows.map(({ digest, offset, at, ...row }) => ({ digest, at, content: rejectContent(row, offset, at) }));
}

function* listedObjects(collector: string): Steps<ListedObjects[]> {
  const rows = yield* all<{ sink: string; objects: string }>(
    `SELECT sink, objects FROM offload_batches
     WHERE collector = $1 AND confirmed_at IS NOT NULL AND objects <> '[]' ORDER BY sink, series, number`,
    collector,
  );
  return rows.map(({ sink, objects }) => ({ sink, objects: JSON.parse(objects) as ListedObjects['objects'] }));
}

function* gaps(collector: string): Steps<(RetentionGap & { at: string })[]> {
  return yield* all(
    `SELECT from_time AS "from", to_time AS "to", found_at AS at FROM retention_gaps WHERE collector = $1 ORDER BY from_time`,
    collector,
  );
}

/** Rows that no log can have. One statement looks for them, since a page may be written at any moment. */
function* strays(collector: string): Steps<Strays> {
  return (yield* first<Strays>(
    `SELECT
       (SELECT min(seq) FROM audit_events WHERE collector = $1
          AND (seq < 1 OR seq > coalesce((SELECT last_seq FROM audit_checkpoints WHERE collector = $1), 0))) AS seq,
       (SELECT min(number) FROM audit_pages WHERE collector = $1
          AND (number < 1 OR number > coalesce((SELECT pages FROM audit_checkpoints WHERE collector = $1), 0))) AS page,
       (SELECT min(number) FROM proof_journal WHERE collector = $1
          AND (number < 1 OR number > coalesce((SELECT entries FROM proof_heads WHERE collector = $1), 0))) AS entry`,
    collector,
  ))!;
}
