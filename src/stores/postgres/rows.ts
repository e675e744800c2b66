import { createHash } from 'node:crypto';
import type { Checkpoint, Rejected } from '../../domain.js';
import type { Standing } from '../store.js';
import type { Queries } from './database.js';

const checkpointColumns = `last_offset AS "lastOffset", last_date_time AS "lastDateTime", last_count AS "lastCount", generation,
  last_digest AS "lastDigest", refused_offset AS "refusedOffset", newest_timestamp AS "newestTimestamp", pages,
  last_seq AS "lastSeq"`;

const firstCheckpoint: Checkpoint = {
  lastOffset: '',
  lastDateTime: null,
  lastCount: 0,
  generation: 0,
  lastDigest: '',
  refusedOffset: null,
  newestTimestamp: null,
  pages: 0,
  lastSeq: 0,
};

/** U10: the checkpoint's row, or the one that a collector starts with. */
export async function checkpointOf(queries: Queries, collector: string): Promise<Checkpoint> {
  const row = await queries.get<Checkpoint>(
    `SELECT ${checkpointColumns} FROM audit_checkpoints WHERE collector = $1`,
    collector,
  );
  return row ?? firstCheckpoint;
}

/** The same, made where there is none, and held until the transaction ends: writers of a collector come one by one. */
export async function holdCheckpoint(queries: Queries, collector: string): Promise<Checkpoint> {
  const held = () =>
    queries.get<Checkpoint>(
      `SELECT ${checkpointColumns} FROM audit_checkpoints WHERE collector = $1 FOR UPDATE`,
      collector,
    );
  const row = await held();
  if (row) return row;
  await queries.run('INSERT INTO audit_checkpoints (collector) VALUES ($1) ON CONFLICT DO NOTHING', collector);
  return (await held())!;
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

export async function standings(queries: Queries, collector?: string): Promise<Standing[]> {
  const rows = await queries.all<StandingRow>(
    `SELECT collector, last_date_time AS "lastDateTime", caught_up_at AS "caughtUpAt", newest_timestamp AS "newestTimestamp",
       last_seq AS "lastSeq", pages,
       (SELECT COUNT(*) FROM rejected_events AS r WHERE r.collector = c.collector) AS rejected,
       due_cron AS "dueCron", due_since AS "dueSince", due_tick AS "dueTick"
     FROM audit_checkpoints AS c WHERE $1::text IS NULL OR collector = $1 ORDER BY collector`,
    collector ?? null,
  );
  return rows.map(({ dueCron, dueSince, dueTick, ...standing }) => ({
    ...standing,
    due: dueCron === null ? null : { cron: dueCron, since: dueSince, tick: dueTick },
  }));
}

/** U20 Write Exec Log Record. Gives 0 where the key has been used. */
export async function logLine(
  queries: Queries,
  collector: string,
  now: string,
  eventsWritten: number,
  note: string,
  key: string | null,
): Promise<number> {
  return queries.run(
    'INSERT INTO execution_log (collector, datetime, events_written, notes, key) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING',
    collector,
    now,
    eventsWritten,
    note,
    key,
  );
}

/** Gives 1, or 0 where the same text has been kept before. */
export async function keepReject(
  queries: Queries,
  collector: string,
  offset: string,
  rejected: Rejected,
  now: string,
): Promise<number> {
  const digest = createHash('sha256').update(`${rejected.kind}\0${rejected.raw}`).digest('hex');
  return queries.run(
    `INSERT INTO rejected_events (collector, digest, kind, reason, "offset", raw, rejected_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT DO NOTHING`,
    collector,
    digest,
    rejected.kind,
    rejected.reason,
    offset,
    rejected.raw,
    now,
  );
}

/** What an event or a related object is found by. */
export function idDigest(id: string): Buffer {
  return createHash('sha256').update(id).digest();
}
