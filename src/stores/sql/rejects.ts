import { createHash } from 'node:crypto';
import { counted } from '../../counted.js';
import { notes, type Rejected } from '../../domain.js';
import type { JournalEntry } from '../../proof/entry-schema.js';
import { textsDigest } from '../../proof/journal.js';
import { text } from '../copied-tables.js';
import type { RejectedRow, UnsettledRejects } from '../store.js';
import { holdCheckpoint, lockedCheckpoint, moveBack } from './checkpoints.js';
import type { Dialect } from './dialect.js';
import { logLine } from './log.js';
import { recordEntries } from './proof.js';
import { recordReset } from './proof-page.js';
import { all, changes, first, plainText, type Steps } from './steps.js';

/**
 * Rejected events that are neither stored nor acknowledged. An answer that was not a page is not one of them: its page
 * is asked for again until it is read.
 */
const unsettled = `collector = $1 AND kind = 'event' AND settled_at IS NULL`;

interface ReadPage {
  collector: string;
  offset: string;
  now: string;
  /** Ids of the page's events: these are stored now. */
  ids?: readonly string[];
}

interface KeptRejects {
  /** How many were new, or are open again. */
  opened: number;
  /** Journal entries for the new rejects. */
  entries: JournalEntry[];
}

/** Keeps each distinct text once; of altered events, whose id and time are known, each that differs in any of these. */
export function* keepRejects(
  dialect: Dialect,
  rejects: readonly Rejected[],
  { collector, offset, now, ids = [] }: ReadPage,
): Steps<KeptRejects> {
  if (rejects.length === 0) return { opened: 0, entries: [] };
  const stored = new Set(ids);
  const rows = rejects.map(({ kind, reason, raw, id = null, event }) => ({
    digest: createHash('sha256')
      .update([kind, ...(event ? [event.id, event.timestamp] : []), raw].join('\0'))
      .digest('hex'),
    kind,
    reason,
    raw,
    id,
  }));
  const opened = yield* openAgain(
    dialect,
    collector,
    rows.filter(({ id }) => id !== null && !stored.has(id)).map(({ digest }) => digest),
  );
  const fresh = yield* newRejects(dialect, collector, rows);
  const added = yield* dialect.insertRows({
    rows: fresh,
    columns: text('digest', 'kind', 'reason', 'raw', 'id'),
    shared: [collector, offset, now],
    insert: (source) =>
      `INSERT INTO rejected_events (collector, digest, kind, reason, "offset", raw, event_id, rejected_at)
       SELECT $1, digest, kind, reason, $2, raw, id, $3 FROM ${source} WHERE true ON CONFLICT DO NOTHING`,
  });
  return { opened: opened + added, entries: rejectEntries(fresh, offset, now) };
}

type RejectRow = ProvenReject & { digest: string };

/** The rejects that are not kept yet, each once. */
function* newRejects(dialect: Dialect, collector: string, rows: readonly RejectRow[]): Steps<RejectRow[]> {
  const kept = yield* all<{ digest: string }>(
    `SELECT digest FROM rejected_events WHERE collector = $1 AND digest ${dialect.among('$2')}`,
    collector,
    rows.map(({ digest }) => digest),
  );
  const seen = new Set(kept.map(({ digest }) => digest));
  return rows.filter(({ digest }) => !seen.has(digest) && seen.add(digest));
}

/** Rows in an entry of the journal, so that it does not grow too long. */
const rowsOfEntry = 400;

function rejectEntries(rows: readonly RejectRow[], offset: string, now: string): JournalEntry[] {
  const contents = rows.map((row) => `${row.digest}:${rejectContent(row, offset, now)}`);
  const entries: JournalEntry[] = [];
  for (let from = 0; from < contents.length; from += rowsOfEntry)
    entries.push({ kind: 'reject', at: now, rows: contents.slice(from, from + rowsOfEntry).join(',') });
  return entries;
}

type ProvenReject = { kind: string; reason: string; raw: string; id: string | null };

/** Digest of a row of `rejected_events`. That it is settled changes nothing. */
export function rejectContent({ kind, reason, raw, id }: ProvenReject, offset: string, rejectedAt: string): string {
  return textsDigest(...[kind, reason, offset, raw, id ?? '', rejectedAt].map(plainText));
}

/**
 * Opens rejects again that are rejected once more although a page had settled them: their events have been cleared since,
 * or the source flaps. What a person has acknowledged stays so: the ledger has no page of that time.
 */
function* openAgain(dialect: Dialect, collector: string, digests: readonly string[]): Steps<number> {
  if (digests.length === 0) return 0;
  const those = `collector = $1 AND digest ${dialect.among('$2')}`;
  const settled = yield* all<{ at: string }>(
    `SELECT DISTINCT settled_at AS at FROM rejected_events WHERE ${those} AND settled_at IS NOT NULL`,
    collector,
    digests,
  );
  if (settled.length === 0) return 0;
  const byPages = yield* all<{ at: string }>(
    `SELECT DISTINCT committed_at AS at FROM audit_pages WHERE collector = $1 AND committed_at ${dialect.among('$2')}`,
    collector,
    settled.map(({ at }) => at),
  );
  if (byPages.length === 0) return 0;
  return yield* changes(
    `UPDATE rejected_events SET settled_at = NULL WHERE ${those} AND settled_at ${dialect.among('$3')}`,
    collector,
    digests,
    byPages.map(({ at }) => at),
  );
}

/**
 * Settles the rejects whose events are stored now, by their ids. One whose id could not be read, and an event that came
 * altered, stay until a person acknowledges them: that they are missing from a page proves nothing, since the same
 * offset may stand for other events later.
 */
export function* settleRejects(dialect: Dialect, { collector, now, ids = [] }: ReadPage): Steps<void> {
  if (!(yield* first(`SELECT 1 FROM rejected_events WHERE ${unsettled} LIMIT 1`, collector))) return;
  yield* changes(
    `UPDATE rejected_events SET settled_at = $2 WHERE ${unsettled} AND event_id ${dialect.among('$3')}`,
    collector,
    now,
    ids,
  );
}

/** Null if there are none. */
export function* unsettledRejects(collector: string): Steps<UnsettledRejects | null> {
  const row = yield* first<{ reason: string; at: string }>(
    `SELECT reason, rejected_at AS at FROM rejected_events WHERE ${unsettled} ORDER BY rejected_at DESC LIMIT 1`,
    collector,
  );
  if (row === undefined) return null;
  return { events: yield* countUnsettled(collector), ...row };
}

function* countUnsettled(collector: string): Steps<number> {
  const sql = `SELECT count(*) AS n FROM rejected_events WHERE ${unsettled}`;
  return (yield* first<{ n: number }>(sql, collector))!.n;
}

/** The newest first. */
export function* rejectedRows(collector: string, limit: number): Steps<RejectedRow[]> {
  return yield* all<RejectedRow>(
    `SELECT rejected_at AS "rejectedAt", reason, "offset", event_id AS id, raw FROM rejected_events
     WHERE ${unsettled} ORDER BY rejected_at DESC, digest LIMIT $2`,
    collector,
    limit,
  );
}

/** See `Store.keepAnswer`. */
export function* keepAnswer(dialect: Dialect, answer: Rejected, at: Omit<ReadPage, 'ids'>): Steps<void> {
  const { entries } = yield* keepRejects(dialect, [answer], at);
  yield* recordEntries(dialect, at, entries);
}

export function* acknowledgeRejects(dialect: Dialect, collector: string, key: string, now: string): Steps<number> {
  yield* lockedCheckpoint(dialect, collector);
  const n = yield* countUnsettled(collector);
  if (n === 0 || (yield* logLine(collector, { now, note: acknowledgedNote(n), key })) === 0) return 0;
  yield* changes(`UPDATE rejected_events SET settled_at = $2 WHERE ${unsettled}`, collector, now);
  yield* recordEntries(dialect, { collector, now }, [{ kind: 'acknowledged', at: now, rows: n }]);
  return n;
}

function acknowledgedNote(events: number): string {
  return `Acknowledged ${counted(events, 'rejected event')}`;
}

/** See `Store.resetToRejected`. */
export function* resetToRejected(dialect: Dialect, collector: string, key: string, now: string): Steps<boolean> {
  yield* holdCheckpoint(dialect, collector);
  const page = yield* first<{ offset: string }>(
    `SELECT p."offset" FROM audit_pages AS p WHERE p.collector = $1 AND p."offset" IN
       (SELECT "offset" FROM rejected_events WHERE ${unsettled}) ORDER BY p.number LIMIT 1`,
    collector,
  );
  if (page === undefined) return false;
  if ((yield* logLine(collector, { now, note: notes.resetToRejected, key })) === 0) return true;
  yield* moveBack(collector, { to: page.offset, refused: null });
  yield* recordReset(dialect, { collector, now }, notes.resetToRejected);
  return true;
}
