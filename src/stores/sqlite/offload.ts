import { setImmediate } from 'node:timers/promises';
import type { ConfirmedPart, RefusedEvent } from '../../sinks/sink.js';
import { countOf, formToSend, requireSameRange } from '../batches.js';
import type {
  BatchSent,
  BatchWanted,
  Clearing,
  FixedBatch,
  OffloadCursor,
  OffloadLedger,
  SeriesKey,
} from '../offload.js';
import type { SqliteDatabase } from './database.js';
import { forgetEventIds } from './event-ids.js';

const batchColumns = `collector, sink, series, number, first_seq AS firstSeq, last_seq AS lastSeq, events,
  CAST(since_ns AS TEXT) AS sinceNs, CAST(until_ns AS TEXT) AS untilNs, form, fixed_at AS fixedAt,
  sent_seq AS sentSeq, confirmed_at AS confirmedAt, objects`;

interface BatchRow extends Omit<FixedBatch, 'range' | 'form' | 'objects'> {
  sinceNs: string | null;
  untilNs: string | null;
  form: string;
  objects: string;
}

/** A file is rewritten once where this share of it is free and it cannot shrink by itself. */
const freeShareMax = 0.25;
const pagesAtOnce = 2_000;
/** A larger one is left as it is: nothing else happens in this process while it is rewritten. */
const rewrittenPagesMax = 100_000;

export class SqliteOffloadLedger implements OffloadLedger {
  readonly #db: SqliteDatabase;
  readonly #now: () => Date;

  constructor(db: SqliteDatabase, now: () => Date) {
    this.#db = db;
    this.#now = now;
  }

  async cursors(collector?: string): Promise<OffloadCursor[]> {
    return this.#db.all<OffloadCursor>(
      `SELECT collector, sink, series, last_seq AS lastSeq, batches, events, bytes, confirmed_at AS confirmedAt, failure,
         failed_at AS failedAt
       FROM offload_cursors WHERE ?1 IS NULL OR collector = ?1 ORDER BY collector, sink, series`,
      collector ?? null,
    );
  }

  async batches(collector: string, limit: number): Promise<FixedBatch[]> {
    return this.#db
      .all<BatchRow>(
        `SELECT ${batchColumns} FROM offload_batches WHERE collector = ? ORDER BY fixed_at DESC, number DESC LIMIT ?`,
        collector,
        limit,
      )
      .map(batchOf);
  }

  async fixBatch(wanted: BatchWanted): Promise<FixedBatch | null> {
    return this.#db.transaction(() => {
      const key = keyOf(wanted);
      const open = this.#db.get<BatchRow>(
        `SELECT ${batchColumns} FROM offload_batches
         WHERE collector = ? AND sink = ? AND series = ? AND confirmed_at IS NULL`,
        ...key,
      );
      if (open) return this.#taken(batchOf(open), wanted);
      this.#requireRange(wanted);
      this.#db.run(
        'INSERT INTO offload_cursors (collector, sink, series) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
        ...key,
      );
      const cursor = this.#db.get<{ lastSeq: number; batches: number }>(
        'SELECT last_seq AS lastSeq, batches FROM offload_cursors WHERE collector = ? AND sink = ? AND series = ?',
        ...key,
      )!;
      const following = this.#db.all<{ seq: number; bytes: number; collectedAt: string }>(
        `SELECT seq, octet_length(raw_event) + ifnull(octet_length(extra), 0) AS bytes, collected_at AS collectedAt
         FROM audit_events
         WHERE collector = ?1 AND seq > ?2 AND (?3 IS NULL OR time_ns >= ?3) AND (?4 IS NULL OR time_ns < ?4)
         ORDER BY seq LIMIT ?5`,
        wanted.collector,
        cursor.lastSeq,
        wanted.range.sinceNs,
        wanted.range.untilNs,
        wanted.eventsMax,
      );
      const count = countOf(following, wanted);
      if (count === 0) return null;
      const number = cursor.batches + 1;
      this.#db.run(
        `INSERT INTO offload_batches (collector, sink, series, number, first_seq, last_seq, events, since_ns, until_ns, form, fixed_at, sender)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        ...key,
        number,
        following[0]!.seq,
        following[count - 1]!.seq,
        count,
        wanted.range.sinceNs,
        wanted.range.untilNs,
        JSON.stringify(wanted.form),
        this.#now().toISOString(),
        wanted.sender,
      );
      return batchOf(
        this.#db.get<BatchRow>(
          `SELECT ${batchColumns} FROM offload_batches WHERE collector = ? AND sink = ? AND series = ? AND number = ?`,
          ...key,
          number,
        )!,
      );
    });
  }

  /** Whoever had it before is told so when it notes a part. */
  #taken(open: FixedBatch, { form, sender }: BatchWanted): FixedBatch {
    const batch = { ...open, form: formToSend(open.form, form) };
    this.#db.run(
      'UPDATE offload_batches SET sender = ?, form = ? WHERE collector = ? AND sink = ? AND series = ? AND number = ?',
      sender,
      JSON.stringify(batch.form),
      ...keyOf(open),
      open.number,
    );
    return batch;
  }

  #requireRange(wanted: BatchWanted): void {
    if (wanted.series === '') return;
    const before = this.#db.get<{ sinceNs: string | null; untilNs: string | null }>(
      `SELECT CAST(since_ns AS TEXT) AS sinceNs, CAST(until_ns AS TEXT) AS untilNs FROM offload_batches
       WHERE collector = ? AND sink = ? AND series = ? ORDER BY number LIMIT 1`,
      ...keyOf(wanted),
    );
    if (before) requireSameRange(wanted, before);
  }

  async notePart(
    batch: SeriesKey & { number: number },
    sender: string,
    { lastSeq, bytes, refused }: ConfirmedPart,
  ): Promise<boolean> {
    return this.#db.transaction(() => {
      const noted = this.#db.run(
        `UPDATE offload_batches SET sent_seq = ?, bytes = bytes + ?
         WHERE collector = ? AND sink = ? AND series = ? AND number = ? AND sender = ? AND confirmed_at IS NULL`,
        lastSeq,
        bytes,
        ...keyOf(batch),
        batch.number,
        sender,
      );
      if (noted === 0) return false;
      this.#keepRefused(batch, refused, this.#now().toISOString());
      return true;
    });
  }

  async confirmBatch(batch: SeriesKey & { number: number }, sent: BatchSent): Promise<void> {
    const now = this.#now().toISOString();
    this.#db.transaction(() => {
      const confirmed = this.#db.run(
        `UPDATE offload_batches SET confirmed_at = ?, objects = ?, bytes = bytes + ?
         WHERE collector = ? AND sink = ? AND series = ? AND number = ? AND confirmed_at IS NULL`,
        now,
        JSON.stringify(sent.objects),
        sent.bytes,
        ...keyOf(batch),
        batch.number,
      );
      if (confirmed === 0) return;
      this.#db.run(
        `UPDATE offload_cursors SET (last_seq, events, bytes) = (
             SELECT b.last_seq, offload_cursors.events + b.events, offload_cursors.bytes + b.bytes FROM offload_batches b
             WHERE b.collector = ?1 AND b.sink = ?2 AND b.series = ?3 AND b.number = ?4),
           batches = ?4, confirmed_at = ?5, failure = NULL, failed_at = NULL
         WHERE collector = ?1 AND sink = ?2 AND series = ?3`,
        ...keyOf(batch),
        batch.number,
        now,
      );
      this.#keepRefused(batch, sent.refused, now);
    });
  }

  #keepRefused({ collector, sink }: SeriesKey, refused: readonly RefusedEvent[], now: string): void {
    for (const { seq, id, reason } of refused) {
      this.#db.run(
        `INSERT INTO refused_events (collector, sink, seq, id, reason, refused_at) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT DO NOTHING`,
        collector,
        sink,
        seq,
        id,
        reason,
        now,
      );
    }
  }

  async refusedCounts(collector: string): Promise<Map<string, number>> {
    const rows = this.#db.all<{ sink: string; events: number }>(
      `SELECT r.sink, count(*) AS events FROM refused_events r
       JOIN audit_events e ON e.collector = r.collector AND e.seq = r.seq WHERE r.collector = ? GROUP BY r.sink`,
      collector,
    );
    return new Map(rows.map(({ sink, events }) => [sink, events]));
  }

  async noteFailure(key: SeriesKey, failure: string): Promise<void> {
    this.#db.run(
      `INSERT INTO offload_cursors (collector, sink, series, failure, failed_at) VALUES (?1, ?2, ?3, ?4, ?5)
       ON CONFLICT (collector, sink, series) DO UPDATE SET failure = ?4, failed_at = ?5`,
      ...keyOf(key),
      failure,
      this.#now().toISOString(),
    );
  }

  async backlog(collector: string, sinks: readonly string[], countMax: number): Promise<number> {
    return lackingEvents(this.#db, collector, sinks, countMax);
  }

  async clearConfirmed({ collector, sinks, beforeNs, eventsMax }: Clearing): Promise<number> {
    return this.#db.transaction(() => {
      const upTo = Math.min(leastCursor(this.#db, collector, sinks), this.#firstStillNeeded(collector, sinks) - 1);
      // In the order of the index by time, so that nothing is looked at that is younger.
      this.#db.run('CREATE TEMP TABLE IF NOT EXISTS chosen_events (seq INTEGER PRIMARY KEY)');
      this.#db.run('DELETE FROM chosen_events');
      const chosen = this.#db.run(
        `INSERT INTO chosen_events SELECT seq FROM audit_events e
         WHERE collector = ?1 AND time_ns < ?3 AND seq <= ?2 AND NOT EXISTS (
           SELECT 1 FROM refused_events r
           WHERE r.collector = ?1 AND r.seq = e.seq AND r.sink IN (SELECT value FROM json_each(?5)))
         ORDER BY time_ns, seq LIMIT ?4`,
        collector,
        upTo,
        beforeNs,
        eventsMax,
        JSON.stringify(sinks),
      );
      if (chosen === 0) return 0;
      const chosenOnes = 'collector = ? AND seq IN (SELECT seq FROM chosen_events)';
      const those = `FROM audit_events WHERE ${chosenOnes}`;
      this.#db.run(
        `INSERT INTO offloaded_event_ids (collector, id, time_ns, cleared_at) SELECT collector, id, time_ns, ? ${those}
         ON CONFLICT DO NOTHING`,
        this.#now().toISOString(),
        collector,
      );
      forgetEventIds(this.#db, chosenOnes, collector);
      return this.#db.run(`DELETE ${those}`, collector);
    });
  }

  async prune(collector: string, before: { log?: string; related?: string; ids?: string }): Promise<void> {
    this.#db.transaction(() => {
      if (before.log !== undefined)
        this.#db.run('DELETE FROM execution_log WHERE collector = ? AND datetime < ?', collector, before.log);
      if (before.related !== undefined)
        this.#db.run(
          'DELETE FROM audit_related_objects WHERE collector = ? AND seen_at < ?',
          collector,
          before.related,
        );
      if (before.ids !== undefined)
        this.#db.run('DELETE FROM offloaded_event_ids WHERE collector = ? AND cleared_at < ?', collector, before.ids);
      this.#db.run(
        'UPDATE audit_checkpoints SET pruned_at = ? WHERE collector = ?',
        this.#now().toISOString(),
        collector,
      );
    });
  }

  async prunedAt(collector: string): Promise<string | null> {
    const row = this.#db.get<{ at: string | null }>(
      'SELECT pruned_at AS at FROM audit_checkpoints WHERE collector = ?',
      collector,
    );
    return row?.at ?? null;
  }

  async shrink(): Promise<void> {
    const pragma = (name: string) => Number(Object.values(this.#db.get<object>(`PRAGMA ${name}`)!)[0]);
    const free = pragma('freelist_count');
    if (free === 0) return;
    if (pragma('auto_vacuum') !== 2) {
      // A file of before: it is rewritten once, and can shrink from then on.
      const pages = pragma('page_count');
      if (free < pages * freeShareMax || pages > rewrittenPagesMax) return;
      this.#db.run('PRAGMA auto_vacuum = INCREMENTAL');
      this.#db.run('VACUUM');
      return;
    }
    // In parts, for others wait meanwhile.
    for (let left = free; left > 0; left -= pagesAtOnce) {
      this.#db.all(`PRAGMA incremental_vacuum(${pagesAtOnce})`);
      await setImmediate();
    }
    this.#db.all('PRAGMA wal_checkpoint(PASSIVE)');
  }

  /** Of the page that may still fill, which is read again, and of batches that are still to be sent. */
  #firstStillNeeded(collector: string, sinks: readonly string[]): number {
    const { page, batch } = this.#db.get<{ page: number | null; batch: number | null }>(
      `SELECT
         (SELECT min(p.first_seq) FROM audit_pages p JOIN audit_checkpoints c ON c.collector = p.collector
          WHERE p.collector = ?1 AND p."offset" = c.last_offset) AS page,
         (SELECT min(first_seq) FROM offload_batches
          WHERE collector = ?1 AND confirmed_at IS NULL AND sink IN (SELECT value FROM json_each(?2))) AS batch`,
      collector,
      JSON.stringify(sinks),
    )!;
    return Math.min(page ?? Number.MAX_SAFE_INTEGER, batch ?? Number.MAX_SAFE_INTEGER);
  }
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

/** 0 where one of them has confirmed nothing yet. */
function leastCursor(db: SqliteDatabase, collector: string, sinks: readonly string[]): number {
  const cursors = sinks.map(
    (sink) =>
      db.get<{ lastSeq: number }>(
        `SELECT last_seq AS lastSeq FROM offload_cursors WHERE collector = ? AND sink = ? AND series = ''`,
        collector,
        sink,
      )?.lastSeq ?? 0,
  );
  return Math.min(...cursors);
}

/** How many events at least one of these sinks has not confirmed, counted up to `countMax`. */
export function lackingEvents(
  db: SqliteDatabase,
  collector: string,
  sinks: readonly string[],
  countMax = Number.MAX_SAFE_INTEGER,
): number {
  return db.get<{ n: number }>(
    'SELECT count(*) AS n FROM (SELECT 1 FROM audit_events WHERE collector = ? AND seq > ? LIMIT ?)',
    collector,
    leastCursor(db, collector, sinks),
    countMax,
  )!.n;
}

/** How many events at least one of these sinks has not confirmed, or has refused. */
export function unsentEvents(db: SqliteDatabase, collector: string, sinks: readonly string[]): number {
  return db.get<{ n: number }>(
    `SELECT count(*) AS n FROM audit_events e WHERE collector = ?1 AND (seq > ?2 OR EXISTS (
       SELECT 1 FROM refused_events r
       WHERE r.collector = ?1 AND r.seq = e.seq AND r.sink IN (SELECT value FROM json_each(?3))))`,
    collector,
    leastCursor(db, collector, sinks),
    JSON.stringify(sinks),
  )!.n;
}

/** The last event that all of these sinks have; where there are none now, that all have which ever had any. */
export function allSentUpTo(db: SqliteDatabase, collector: string, sinks: readonly string[]): number {
  if (sinks.length > 0) return leastCursor(db, collector, sinks);
  return db.get<{ seq: number }>(
    `SELECT coalesce(min(last_seq), 0) AS seq FROM offload_cursors WHERE collector = ? AND series = '' AND batches > 0`,
    collector,
  )!.seq;
}
