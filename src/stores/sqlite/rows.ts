import { createHash } from 'node:crypto';
import type { Checkpoint, Rejected } from '../../domain.js';
import type { Standing } from '../store.js';
import type { SqliteDatabase } from './database.js';

interface CheckpointRow {
  last_offset: string;
  last_date_time: string | null;
  last_count: number;
  generation: number;
  last_digest: string;
  refused_offset: string | null;
  newest_timestamp: string | null;
  pages: number;
  last_seq: number;
}

/** U10: the checkpoint's row, or the one that a collector starts with. */
export function checkpointOf(db: SqliteDatabase, collector: string): Checkpoint {
  const row = db.get<CheckpointRow>(
    `SELECT last_offset, last_date_time, last_count, generation, last_digest, refused_offset, newest_timestamp, pages, last_seq
     FROM audit_checkpoints WHERE collector = ?`,
    collector,
  );
  return {
    lastOffset: row?.last_offset ?? '',
    lastDateTime: row?.last_date_time ?? null,
    lastCount: row?.last_count ?? 0,
    generation: row?.generation ?? 0,
    lastDigest: row?.last_digest ?? '',
    refusedOffset: row?.refused_offset ?? null,
    newestTimestamp: row?.newest_timestamp ?? null,
    pages: row?.pages ?? 0,
    lastSeq: row?.last_seq ?? 0,
  };
}

interface StandingRow {
  collector: string;
  lastDateTime: string | null;
  caughtUpAt: string | null;
  newestTimestamp: string | null;
  dueCron: string | null;
  dueSince: string;
  dueTick: string | null;
  lastSeq: number;
  pages: number;
  rejected: number;
}

export function standings(db: SqliteDatabase, collector?: string): Standing[] {
  return db
    .all<StandingRow>(
      `SELECT collector, last_date_time AS lastDateTime, caught_up_at AS caughtUpAt, newest_timestamp AS newestTimestamp,
         last_seq AS lastSeq, pages,
         (SELECT COUNT(*) FROM rejected_events AS r WHERE r.collector = c.collector) AS rejected,
         due_cron AS dueCron, due_since AS dueSince, due_tick AS dueTick
       FROM audit_checkpoints AS c WHERE ?1 IS NULL OR collector = ?1 ORDER BY collector`,
      collector ?? null,
    )
    .map(({ dueCron, dueSince, dueTick, ...standing }) => ({
      ...standing,
      due: dueCron === null ? null : { cron: dueCron, since: dueSince, tick: dueTick },
    }));
}

/** U20 Write Exec Log Record. Gives 0 where the key has been used. */
export function logLine(
  db: SqliteDatabase,
  collector: string,
  now: string,
  eventsWritten: number,
  note: string,
  key: string | null,
): number {
  return db.run(
    'INSERT INTO execution_log (collector, datetime, events_written, notes, key) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    collector,
    now,
    eventsWritten,
    note,
    key,
  );
}

/** Gives 1, or 0 where the same text has been kept before. */
export function keepReject(
  db: SqliteDatabase,
  collector: string,
  offset: string,
  rejected: Rejected,
  now: string,
): number {
  const digest = createHash('sha256').update(`${rejected.kind}\0${rejected.raw}`).digest('hex');
  return db.run(
    `INSERT INTO rejected_events (collector, digest, kind, reason, "offset", raw, rejected_at) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO NOTHING`,
    collector,
    digest,
    rejected.kind,
    rejected.reason,
    offset,
    // The driver ends a text at NUL.
    rejected.raw.replaceAll('\0', '\ufffd'),
    now,
  );
}
