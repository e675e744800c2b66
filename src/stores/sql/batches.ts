import type { BatchForm, RefusedEvent } from '../../batch.js';
import type { StoredEvent } from '../../domain.js';
import {
  countOf,
  droppedError,
  formToSend,
  lacksFolderNames,
  requireRepetition,
  requireSameRange,
  withFolderNames,
} from '../batches.js';
import { integer, text } from '../copied-tables.js';
import type {
  ArchivedBatch,
  BatchKey,
  BatchWanted,
  ClosedBatch,
  FixedBatch,
  NotedPart,
  Sender,
  SeriesKey,
} from '../offload.js';
import { clearedUnsentNote, goneNote } from '../page-notes.js';
import { allDurable, lockedCheckpoint } from './checkpoints.js';
import type { Dialect } from './dialect.js';
import { erasedWithin } from './erasure.js';
import { takeLease } from './leases.js';
import { logLine } from './log.js';
import { objectEntries } from './object-entries.js';
import { recordEntries } from './proof.js';
import { afterCleared } from './seen-events.js';
import { all, changes, first, insert, type Steps } from './steps.js';

const range = 'CAST(since_ns AS text) AS "sinceNs", CAST(until_ns AS text) AS "untilNs"';
const columns = `collector, sink, series, number, first_seq AS "firstSeq", last_seq AS "lastSeq", events, ${range}, form,
  fixed_at AS "fixedAt", sent_seq AS "sentSeq", sent_events AS "sentEvents", gone_events AS "goneEvents",
  confirmed_at AS "confirmedAt", objects`;

interface RangeRow {
  sinceNs: string | null;
  untilNs: string | null;
}

interface BatchRow extends Omit<FixedBatch, 'range' | 'form' | 'objects'>, RangeRow {
  form: string;
  objects: string;
}

export function* batches(collector: string, limit: number): Steps<FixedBatch[]> {
  const rows = yield* all<BatchRow>(
    `SELECT ${columns} FROM offload_batches WHERE collector = $1 ORDER BY fixed_at DESC, number DESC LIMIT $2`,
    collector,
    limit,
  );
  return rows.map(batchOf);
}

/** See `OffloadStore.archived`. */
export function* archived(sink: string, collector?: string): Steps<ArchivedBatch[]> {
  const rows = yield* all<BatchRow & { stored: number }>(
    `SELECT ${columns}, (SELECT count(*) FROM audit_events AS e
       WHERE e.collector = b.collector AND e.seq > ${afterCleared('b.collector')} AND e.seq BETWEEN b.first_seq AND b.last_seq
         AND (b.since_ns IS NULL OR e.time_ns >= b.since_ns) AND (b.until_ns IS NULL OR e.time_ns < b.until_ns))
       + (SELECT count(*) FROM erased_events AS x
          WHERE x.collector = b.collector AND x.seq BETWEEN b.first_seq AND b.last_seq) AS stored
     FROM offload_batches AS b
     WHERE sink = $1 AND (CAST($2 AS text) IS NULL OR collector = $2) AND confirmed_at IS NOT NULL AND objects <> '[]'
     ORDER BY collector, series, number`,
    sink,
    collector ?? null,
  );
  return rows.map(({ stored, ...row }) => {
    const { range, form, objects, events, goneEvents } = batchOf(row);
    return { collector: row.collector, range, form, objects, onlyThere: Math.max(0, events - goneEvents - stored) };
  });
}

/** See `OffloadStore.batchesWith`. */
export function* batchesWith(collector: string, seq: number): Steps<FixedBatch[]> {
  const rows = yield* all<BatchRow>(
    `SELECT ${columns} FROM offload_batches WHERE collector = $1 AND first_seq <= $2 AND last_seq >= $2
     ORDER BY sink, series, number`,
    collector,
    seq,
  );
  return rows.map(batchOf);
}

export function* fixBatch(dialect: Dialect, wanted: BatchWanted, now: string): Steps<FixedBatch | 'held' | null> {
  const { collector, sink, series } = wanted;
  requireRepetition(wanted);
  // Until the batch is fixed, nothing may clear its events. Without a checkpoint there are none.
  if (!(yield* lockedCheckpoint(dialect, collector))) return null;
  yield* insert('offload_cursors', { collector, sink, series }, 'ON CONFLICT DO NOTHING');
  const key = keyOf(wanted);
  // Other senders of the same series wait here, and then find the batch that this one fixes.
  const cursor = (yield* first<{ lastSeq: number; batches: number; droppedAt: string | null }>(
    `SELECT last_seq AS "lastSeq", batches, dropped_at AS "droppedAt" FROM offload_cursors WHERE collector = $1 AND sink = $2 AND series = $3 ${dialect.rowLock}`,
    ...key,
  ))!;
  const droppedAt = cursor.droppedAt ?? (yield* whenDropped(wanted));
  if (droppedAt !== null) throw droppedError(wanted, droppedAt);
  // Before an open batch is read, too: a worker of an earlier version may have fixed it.
  yield* allDurable(collector);
  const open = yield* first<BatchRow>(
    `SELECT ${columns} FROM offload_batches
     WHERE collector = $1 AND sink = $2 AND series = $3 AND confirmed_at IS NULL`,
    ...key,
  );
  const form = yield* settledForm(wanted, cursor.batches);
  if (open) return (yield* takeLease(dialect, open, wanted)) ? yield* inForm(batchOf(open), form) : 'held';
  yield* requireRange(wanted);
  const following = yield* followingEvents(wanted, cursor.lastSeq);
  const count = countOf(following, wanted);
  if (count === 0) return null;
  const upToSeq = following[count - 1]!.seq;
  yield* noteCleared(wanted, cursor, { cleared: upToSeq - cursor.lastSeq - count, upToSeq }, now);
  const row = yield* first<BatchRow>(
    `INSERT INTO offload_batches (collector, sink, series, number, first_seq, last_seq, events, since_ns, until_ns, form, fixed_at,
       sender, attempt, leased_until_ms)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, ${dialect.clockMs} + $14) RETURNING ${columns}`,
    ...key,
    cursor.batches + 1,
    following[0]!.seq,
    following[count - 1]!.seq,
    count,
    wanted.range.sinceNs,
    wanted.range.untilNs,
    JSON.stringify(form),
    now,
    wanted.sender.id,
    wanted.sender.attempt,
    wanted.leaseMs,
  );
  return batchOf(row!);
}

/** A repetition is dropped for every sink, also for one that it has not begun with. */
function* whenDropped({ collector, series }: SeriesKey): Steps<string | null> {
  if (series === '') return null;
  const row = yield* first<{ at: string }>(
    'SELECT dropped_at AS at FROM offload_cursors WHERE collector = $1 AND series = $2 AND dropped_at IS NOT NULL LIMIT 1',
    collector,
    series,
  );
  return row?.at ?? null;
}

/**
 * The form for a new batch. A series keeps the keys of its folders, and begins with those of the sink's other series. A
 * batch without keys is of an earlier version, which may still be at work.
 */
function* settledForm({ form, ...key }: BatchWanted, batches: number): Steps<BatchForm> {
  if (!lacksFolderNames(form)) return form;
  const isOwn = 'collector = $1 AND sink = $2 AND series = $3';
  const last = yield* formsOf(`${isOwn} AND number = $4`, ...keyOf(key), batches);
  if (last[0]?.folderNames) return withFolderNames(form, last);
  const own = yield* formsOf(isOwn, ...keyOf(key));
  return withFolderNames(form, own.length > 0 ? own : yield* formsOf('sink = $1', key.sink));
}

/** The forms of batches that are files, the newest first. */
function* formsOf(where: string, ...values: (string | number)[]): Steps<BatchForm[]> {
  const rows = yield* all<{ form: string }>(
    `SELECT form FROM offload_batches WHERE ${where} GROUP BY form ORDER BY max(fixed_at) DESC`,
    ...values,
  );
  return rows.map((row) => JSON.parse(row.form) as BatchForm).filter(({ format }) => format !== '');
}

function* inForm(open: FixedBatch, wanted: BatchForm): Steps<FixedBatch> {
  const batch = { ...open, form: formToSend(open.form, wanted) };
  yield* changes(
    'UPDATE offload_batches SET form = $5 WHERE collector = $1 AND sink = $2 AND series = $3 AND number = $4',
    ...keyOf(open),
    open.number,
    JSON.stringify(batch.form),
  );
  return batch;
}

/** The first batch begins with what is stored, but from then on only a clearing makes numbers of the collector missing. */
function* noteCleared(
  { collector, sink, series }: SeriesKey,
  cursor: { lastSeq: number; batches: number },
  { cleared, upToSeq }: { cleared: number; upToSeq: number },
  now: string,
): Steps<void> {
  if (series !== '' || cursor.batches === 0 || cleared === 0) return;
  const unsent = cleared - (yield* erasedWithin(collector, cursor.lastSeq, upToSeq));
  if (unsent > 0) yield* logLine(collector, { now, note: clearedUnsentNote(sink, unsent, cursor.lastSeq), key: null });
}

/** See `OffloadStore.batchEvents`. */
export function batchEvents(
  dialect: Dialect,
  { collector, firstSeq, lastSeq, range: { sinceNs, untilNs } }: FixedBatch,
): Promise<StoredEvent[]> {
  const times = { sinceNs: sinceNs ?? undefined, untilNs: untilNs ?? undefined };
  return dialect.events({ collector, afterSeq: firstSeq - 1, upToSeq: lastSeq, ...times }, lastSeq - firstSeq + 1);
}

/** See `OffloadStore.refusedBefore`. Events without a gap in their numbers are one after the other. */
export function* refusedBefore({ collector, sink, firstSeq, sentSeq }: FixedBatch, countMax: number): Steps<number> {
  const last = Math.max(sentSeq, firstSeq - 1);
  const rows = yield* all<{ seq: number }>(
    'SELECT seq FROM refused_events WHERE collector = $1 AND sink = $2 AND seq <= $3 ORDER BY seq DESC LIMIT $4',
    collector,
    sink,
    last,
    countMax,
  );
  const end = rows.findIndex(({ seq }, at) => seq !== last - at);
  return end < 0 ? rows.length : end;
}

function* requireRange(wanted: BatchWanted): Steps<void> {
  if (wanted.series === '') return;
  const before = yield* first<RangeRow>(
    `SELECT ${range} FROM offload_batches WHERE collector = $1 AND sink = $2 AND series = $3 ORDER BY number LIMIT 1`,
    ...keyOf(wanted),
  );
  if (before) requireSameRange(wanted, before);
}

function* followingEvents({ collector, range: { sinceNs, untilNs }, eventsMax }: BatchWanted, afterSeq: number) {
  return yield* all<{ seq: number; bytes: number; collectedAt: string }>(
    `SELECT seq, octet_length(raw_event) + coalesce(octet_length(extra), 0) AS bytes, collected_at AS "collectedAt"
     FROM audit_events
     WHERE collector = $1 AND seq > ${afterCleared('$1', '$2')} AND (CAST($3 AS bigint) IS NULL OR time_ns >= $3)
       AND (CAST($4 AS bigint) IS NULL OR time_ns < $4)
     ORDER BY seq LIMIT $5`,
    collector,
    afterSeq,
    sinceNs,
    untilNs,
    eventsMax,
  );
}

export function* notePart(
  dialect: Dialect,
  batch: BatchKey,
  { sender, lastSeq, events, bytes, refused }: NotedPart & { sender: Sender },
  now: string,
): Steps<boolean> {
  const noted = yield* changes(
    `UPDATE offload_batches SET sent_seq = $5, bytes = bytes + $6, sent_events = sent_events + $8
     WHERE collector = $1 AND sink = $2 AND series = $3 AND number = $4 AND sender = $7 AND attempt = $9 AND confirmed_at IS NULL`,
    ...keyOf(batch),
    batch.number,
    lastSeq,
    bytes,
    sender.id,
    events,
    sender.attempt,
  );
  if (noted === 0) return false;
  yield* keepRefused(dialect, batch, refused, now);
  return true;
}

export function* confirmBatch(
  dialect: Dialect,
  batch: FixedBatch,
  { objects, bytes, refused, goneEvents }: ClosedBatch,
  now: string,
): Steps<void> {
  // In the order in which `fixBatch` locks them.
  yield* first(
    `SELECT 1 FROM offload_cursors WHERE collector = $1 AND sink = $2 AND series = $3 ${dialect.rowLock}`,
    ...keyOf(batch),
  );
  const confirmed = yield* changes(
    `UPDATE offload_batches SET confirmed_at = $5, objects = $6, bytes = bytes + $7, gone_events = $8
     WHERE collector = $1 AND sink = $2 AND series = $3 AND number = $4 AND confirmed_at IS NULL`,
    ...keyOf(batch),
    batch.number,
    now,
    JSON.stringify(objects.map(({ seqs: _, ...listed }) => listed)),
    bytes,
    goneEvents,
  );
  if (confirmed === 0) return;
  yield* recordEntries(dialect, { collector: batch.collector, now }, objectEntries(batch, objects, now));
  yield* changes(
    `UPDATE offload_cursors AS c SET last_seq = b.last_seq, batches = b.number, events = c.events + b.events - b.gone_events,
       bytes = c.bytes + b.bytes, confirmed_at = $5, failure = NULL, failed_at = NULL
     FROM offload_batches AS b
     WHERE c.collector = $1 AND c.sink = $2 AND c.series = $3 AND b.collector = $1 AND b.sink = $2 AND b.series = $3
       AND b.number = $4`,
    ...keyOf(batch),
    batch.number,
    now,
  );
  yield* keepRefused(dialect, batch, refused, now);
  if (goneEvents > 0) yield* logLine(batch.collector, { now, note: goneNote(batch, goneEvents), key: null });
}

function* keepRefused(
  dialect: Dialect,
  { collector, sink }: SeriesKey,
  refused: readonly RefusedEvent[],
  now: string,
): Steps<void> {
  yield* dialect.insertRows({
    rows: refused.map(({ seq, id, reason }) => ({ seq, id, reason })),
    columns: [...integer('seq'), ...text('id', 'reason')],
    shared: [collector, sink, now],
    insert: (source) =>
      `INSERT INTO refused_events (collector, sink, seq, id, reason, refused_at)
       SELECT $1, $2, seq, id, reason, $3 FROM ${source} WHERE true ON CONFLICT DO NOTHING`,
  });
}

export function* noteFailure(key: SeriesKey, failure: string, now: string): Steps<void> {
  yield* changes(
    `INSERT INTO offload_cursors (collector, sink, series, failure, failed_at) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (collector, sink, series) DO UPDATE SET failure = $4, failed_at = $5`,
    ...keyOf(key),
    failure,
    now,
  );
}

function keyOf({ collector, sink, series }: SeriesKey): [string, string, string] {
  return [collector, sink, series];
}

function batchOf({ sinceNs, untilNs, form, objects, ...row }: BatchRow): FixedBatch {
  return {
    ...row,
    range: { sinceNs: sinceNs === null ? null : BigInt(sinceNs), untilNs: untilNs === null ? null : BigInt(untilNs) },
    form: JSON.parse(form),
    objects: JSON.parse(objects),
  };
}
