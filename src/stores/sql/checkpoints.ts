import { branchNote, unchangedPage } from '../../branches.js';
import { type Checkpoint, notes, runFailed } from '../../domain.js';
import type { DueRuns, SeenPage, WalkStart } from '../store.js';
import type { Dialect } from './dialect.js';
import { logLine, newestFailure } from './log.js';
import { changes, first, plainText, type Steps } from './steps.js';

const columns = `last_offset AS "lastOffset", last_date_time AS "lastDateTime", caught_up_at AS "caughtUpAt", last_count AS "lastCount", generation,
  last_digest AS "lastDigest", refused_offset AS "refusedOffset", newest_timestamp AS "newestTimestamp", pages,
  last_seq AS "lastSeq"`;
const selected = `SELECT ${columns} FROM audit_checkpoints WHERE collector = $1`;

const firstCheckpoint: Checkpoint = {
  lastOffset: '',
  lastDateTime: null,
  caughtUpAt: null,
  lastCount: 0,
  generation: 0,
  lastDigest: '',
  refusedOffset: null,
  newestTimestamp: null,
  pages: 0,
  lastSeq: 0,
};

/** U10: the collector's checkpoint, or the initial one. */
export function* checkpointOf(collector: string): Steps<Checkpoint> {
  return (yield* first<Checkpoint>(selected, collector)) ?? firstCheckpoint;
}

/** See `Store.walkStart`, which is one statement: idle runs ask too. @param since RFC 3339, as is `until` */
export function* walkStart(collector: string, since: string, until: string): Steps<WalkStart> {
  const { isBeingRead, isClearing, isProofBehind, ...row } = (yield* first<Nullable<WalkStart>>(
    `SELECT ${columns},
       EXISTS (SELECT 1 FROM staged_pages AS staged WHERE staged.collector = $1 AND staged.staged_at > $2
         AND staged.staged_at <= $3 AND staged.generation = coalesce(checkpoint.generation, 0)) AS "isBeingRead",
       EXISTS (SELECT 1 FROM clearings WHERE clearings.collector = $1) AS "isClearing",
       coalesce(${proofIsBehind('checkpoint')}, false) AS "isProofBehind"
     FROM (SELECT 1 AS one) AS always LEFT JOIN audit_checkpoints AS checkpoint ON checkpoint.collector = $1`,
    collector,
    since,
    until,
  ))!;
  const checkpoint = row.lastOffset === null ? firstCheckpoint : (row as Checkpoint);
  return {
    ...checkpoint,
    isBeingRead: Boolean(isBeingRead),
    isClearing: Boolean(isClearing),
    isProofBehind: Boolean(isProofBehind),
  };
}

/** SQL that is true of a checkpoint if the proof of its collector lacks events or pages. */
export function proofIsBehind(checkpoint: string): string {
  return `(${checkpoint}.last_seq > 0 OR ${checkpoint}.pages > 0) AND NOT EXISTS (SELECT 1 FROM proof_heads
    WHERE proof_heads.collector = ${checkpoint}.collector AND proof_heads.events >= ${checkpoint}.last_seq
      AND proof_heads.pages >= ${checkpoint}.pages)`;
}

type Nullable<Row> = { [Column in keyof Row]: Row[Column] | null };

/** Locks the checkpoint until the transaction ends, creating it if needed. Serializes the writers of a collector. */
export function* holdCheckpoint(dialect: Dialect, collector: string): Steps<Checkpoint> {
  const row = yield* lockedCheckpoint(dialect, collector);
  if (row) return row;
  yield* changes('INSERT INTO audit_checkpoints (collector) VALUES ($1) ON CONFLICT DO NOTHING', collector);
  return (yield* lockedCheckpoint(dialect, collector))!;
}

/** The same for a collector that has one already. Undefined if it has stored nothing. */
export function* lockedCheckpoint({ rowLock }: Dialect, collector: string): Steps<Checkpoint | undefined> {
  return yield* first<Checkpoint>(`${selected} ${rowLock}`, collector);
}

export function isAt(checkpoint: Checkpoint, { offset, generation }: { offset: string; generation: number }): boolean {
  return checkpoint.lastOffset === plainText(offset) && checkpoint.generation === generation;
}

/** Lets leave what was written without waiting for the disk. Only in a transaction that waits, and so for that as well. */
export function* allDurable(collector: string): Steps<void> {
  yield* changes(
    'UPDATE audit_checkpoints SET durable_seq = NULL WHERE collector = $1 AND durable_seq IS NOT NULL',
    collector,
  );
}

/** The same for every collector. */
export function* everythingDurable(): Steps<void> {
  if (yield* first('SELECT 1 FROM audit_checkpoints WHERE durable_seq IS NOT NULL LIMIT 1'))
    yield* changes('UPDATE audit_checkpoints SET durable_seq = NULL WHERE durable_seq IS NOT NULL');
}

/**
 * Sets the checkpoint back: pages that were read before are refused from then on. Only in a transaction that waits.
 * @param refused the offset that the source has refused; null if it refused none
 */
export function* moveBack(collector: string, { to, refused }: { to: string; refused: string | null }): Steps<void> {
  yield* changes(
    `UPDATE audit_checkpoints SET last_offset = $2, last_count = 0, last_digest = '', generation = generation + 1,
       refused_offset = $3, durable_seq = NULL
     WHERE collector = $1`,
    collector,
    to,
    refused,
  );
}

/** U20 for a run that failed, once per key. From then on the collector has a standing, even if nothing is stored. */
export function* logFailedRun(collector: string, failure: string, key: string, now: string): Steps<void> {
  yield* changes('INSERT INTO audit_checkpoints (collector) VALUES ($1) ON CONFLICT DO NOTHING', collector);
  yield* logLine(collector, { now, note: `${runFailed}${failure}`, key });
  // The next page may be days away.
  yield* allDurable(collector);
}

/**
 * U20 for a run that found nothing new; see `Store.logIdleRun`. Only the page at the checkpoint, unchanged, proves that:
 * otherwise nobody would notice a collector that has been kept from reading.
 */
export function* logIdleRun(
  { collector, key, offset, generation, digest }: SeenPage & { collector: string; key: string },
  now: string,
): Steps<boolean> {
  const noted = yield* changes(
    `UPDATE audit_checkpoints SET last_date_time = $2, caught_up_at = $2, durable_seq = NULL
     WHERE collector = $1 AND last_offset = $3 AND generation = $4 AND (CAST($5 AS text) IS NULL OR last_digest = $5)`,
    collector,
    now,
    plainText(offset),
    generation,
    digest,
  );
  const isFirst = noted === 0 && offset === '' && generation === 0 && digest === null;
  if (noted === 0 && !(isFirst && (yield* firstCaughtUp(collector, now)))) return false;
  yield* logLine(collector, { now, note: branchNote(unchangedPage), key });
  return true;
}

/** Of a collector whose source has never had an event. */
function* firstCaughtUp(collector: string, now: string): Steps<boolean> {
  const made = yield* changes(
    `INSERT INTO audit_checkpoints (collector, last_date_time, caught_up_at) VALUES ($1, $2, $2)
     ON CONFLICT DO NOTHING`,
    collector,
    now,
  );
  return made > 0;
}

export function* isExpected(collector: string): Steps<boolean> {
  const sql = 'SELECT collector FROM audit_checkpoints WHERE collector = $1 AND due_cron IS NOT NULL';
  return (yield* first(sql, collector)) !== undefined;
}

export function* expectRuns(
  dialect: Dialect,
  collector: string,
  due: Omit<DueRuns, 'since'> | null,
  now: string,
): Steps<void> {
  if (due) yield* holdCheckpoint(dialect, collector);
  else if ((yield* isExpected(collector)) || (yield* newestFailure(collector)))
    yield* logLine(collector, { now, note: notes.stopped, key: null });
  const isTold = due?.told ?? false;
  yield* changes(
    `UPDATE audit_checkpoints SET
       due_since = CASE WHEN due_cron IS NOT DISTINCT FROM $2 OR ($5 AND due_since IS NOT NULL) THEN due_since ELSE $3 END,
       due_cron = $2, due_tick = $4, due_told = CASE WHEN $5 THEN 1 ELSE 0 END, durable_seq = NULL
     WHERE collector = $1 AND (NOT $5 OR due_told = 1 OR coalesce(due_cron, '') = '')`,
    collector,
    due?.cron ?? null,
    due ? now : null,
    due?.tick ?? null,
    isTold,
  );
}
