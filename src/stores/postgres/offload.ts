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
import { type PostgresDatabase, type Queries, withoutNul } from './database.js';
import type { Partitions } from './partitions.js';
import { holdCheckpoint } from './rows.js';

const batchColumns = `collector, sink, series, number, first_seq AS "firstSeq", last_seq AS "lastSeq", events,
  since_ns::text AS "sinceNs", until_ns::text AS "untilNs", form, fixed_at AS "fixedAt", sent_seq AS "sentSeq",
  confirmed_at AS "confirmedAt", objects`;

interface BatchRow extends Omit<FixedBatch, 'range' | 'form' | 'objects'> {
  sinceNs: string | null;
  untilNs: string | null;
  form: string;
  objects: string;
}

export class PostgresOffloadLedger implements OffloadLedger {
  readonly #db: PostgresDatabase;
  readonly #partitions: Partitions;
  readonly #now: () => Date;

  constructor(db: PostgresDatabase, partitions: Partitions, now: () => Date) {
    this.#db = db;
    this.#partitions = partitions;
    this.#now = now;
  }

  async cursors(collector?: string): Promise<OffloadCursor[]> {
    return this.#db.all<OffloadCursor>(
      `SELECT collector, sink, series, last_seq AS "lastSeq", batches, events, bytes, confirmed_at AS "confirmedAt", failure,
         failed_at AS "failedAt"
       FROM offload_cursors WHERE $1::text IS NULL OR collector = $1 ORDER BY collector, sink, series`,
      collector ?? null,
    );
  }

  async batches(collector: string, limit: number): Promise<FixedBatch[]> {
    const rows = await this.#db.all<BatchRow>(
      `SELECT ${batchColumns} FROM offload_batches WHERE collector = $1 ORDER BY fixed_at DESC, number DESC LIMIT $2`,
      collector,
      limit,
    );
    return rows.map(batchOf);
  }

  async fixBatch(wanted: BatchWanted): Promise<FixedBatch | null> {
    return this.#db.transaction(async (queries) => {
      const key = keyOf(wanted);
      await queries.run(
        'INSERT INTO offload_cursors (collector, sink, series) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
        ...key,
      );
      // Others that offload the same wait here, and find the batch that this one fixes.
      const cursor = (await queries.get<{ lastSeq: number; batches: number }>(
        `SELECT last_seq AS "lastSeq", batches FROM offload_cursors
         WHERE collector = $1 AND sink = $2 AND series = $3 FOR UPDATE`,
        ...key,
      ))!;
      const open = await queries.get<BatchRow>(
        `SELECT ${batchColumns} FROM offload_batches
         WHERE collector = $1 AND sink = $2 AND series = $3 AND confirmed_at IS NULL`,
        ...key,
      );
      if (open) return taken(queries, batchOf(open), wanted);
      await requireRange(queries, wanted);
      const following = await queries.all<{ seq: number; bytes: number; collectedAt: string }>(
        `SELECT seq, octet_length(raw_event) + coalesce(octet_length(extra), 0) AS bytes, collected_at AS "collectedAt"
         FROM audit_events
         WHERE collector = $1 AND seq > $2 AND ($3::bigint IS NULL OR time_ns >= $3) AND ($4::bigint IS NULL OR time_ns < $4)
         ORDER BY seq LIMIT $5`,
        wanted.collector,
        cursor.lastSeq,
        text(wanted.range.sinceNs),
        text(wanted.range.untilNs),
        wanted.eventsMax,
      );
      const count = countOf(following, wanted);
      if (count === 0) return null;
      const row = await queries.get<BatchRow>(
        `INSERT INTO offload_batches (collector, sink, series, number, first_seq, last_seq, events, since_ns, until_ns, form, fixed_at, sender)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING ${batchColumns}`,
        ...key,
        cursor.batches + 1,
        following[0]!.seq,
        following[count - 1]!.seq,
        count,
        text(wanted.range.sinceNs),
        text(wanted.range.untilNs),
        JSON.stringify(wanted.form),
        this.#now().toISOString(),
        wanted.sender,
      );
      return batchOf(row!);
    });
  }

  async notePart(
    batch: SeriesKey & { number: number },
    sender: string,
    { lastSeq, bytes, refused }: ConfirmedPart,
  ): Promise<boolean> {
    return this.#db.transaction(async (queries) => {
      const noted = await queries.run(
        `UPDATE offload_batches SET sent_seq = $5, bytes = bytes + $6
         WHERE collector = $1 AND sink = $2 AND series = $3 AND number = $4 AND sender = $7 AND confirmed_at IS NULL`,
        ...keyOf(batch),
        batch.number,
        lastSeq,
        bytes,
        sender,
      );
      if (noted === 0) return false;
      await keepRefused(queries, batch, refused, this.#now().toISOString());
      return true;
    });
  }

  async confirmBatch(batch: SeriesKey & { number: number }, sent: BatchSent): Promise<void> {
    const now = this.#now().toISOString();
    await this.#db.transaction(async (queries) => {
      const confirmed = await queries.run(
        `UPDATE offload_batches SET confirmed_at = $5, objects = $6, bytes = bytes + $7
         WHERE collector = $1 AND sink = $2 AND series = $3 AND number = $4 AND confirmed_at IS NULL`,
        ...keyOf(batch),
        batch.number,
        now,
        JSON.stringify(sent.objects),
        sent.bytes,
      );
      if (confirmed === 0) return;
      await queries.run(
        `UPDATE offload_cursors c SET last_seq = b.last_seq, batches = b.number, events = c.events + b.events,
           bytes = c.bytes + b.bytes, confirmed_at = $5, failure = NULL, failed_at = NULL
         FROM offload_batches b
         WHERE c.collector = $1 AND c.sink = $2 AND c.series = $3 AND b.collector = $1 AND b.sink = $2 AND b.series = $3
           AND b.number = $4`,
        ...keyOf(batch),
        batch.number,
        now,
      );
      await keepRefused(queries, batch, sent.refused, now);
    });
  }

  async refusedCounts(collector: string): Promise<Map<string, number>> {
    const rows = await this.#db.all<{ sink: string; events: number }>(
      `SELECT r.sink, count(*) AS events FROM refused_events r
       WHERE r.collector = $1 AND EXISTS (SELECT 1 FROM audit_events e WHERE e.collector = r.collector AND e.seq = r.seq)
       GROUP BY r.sink`,
      collector,
    );
    return new Map(rows.map(({ sink, events }) => [sink, events]));
  }

  async noteFailure(key: SeriesKey, failure: string): Promise<void> {
    await this.#db.run(
      `INSERT INTO offload_cursors (collector, sink, series, failure, failed_at) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (collector, sink, series) DO UPDATE SET failure = $4, failed_at = $5`,
      ...keyOf(key),
      failure,
      this.#now().toISOString(),
    );
  }

  async backlog(collector: string, sinks: readonly string[], countMax: number): Promise<number> {
    return lackingEvents(this.#db, collector, sinks, countMax);
  }

  async clearConfirmed({ collector, sinks, beforeNs, eventsMax }: Clearing): Promise<number> {
    return this.#db.transaction(async (queries) => {
      // Also keeps a page that is written just now from being looked at half.
      await holdCheckpoint(queries, collector);
      const least = await leastCursor(queries, collector, sinks);
      const upTo = Math.min(least, (await firstStillNeeded(queries, collector, sinks)) - 1);
      return (await queries.get<{ n: number }>(
        `WITH chosen AS MATERIALIZED (
           SELECT seq, event_time, id, time_ns FROM audit_events e
           WHERE collector = $1 AND seq <= $2 AND time_ns < $3 AND event_time <= to_timestamp($7) AND NOT EXISTS (
             SELECT 1 FROM refused_events r WHERE r.collector = $1 AND r.seq = e.seq AND r.sink = ANY($5))
           ORDER BY seq LIMIT $4
         ), ids AS (
           DELETE FROM audit_event_ids i USING chosen c
           WHERE i.collector = $1 AND i.digest = sha256(convert_to(c.id, 'UTF8')) AND i.seq = c.seq
           RETURNING i.digest, c.id, c.time_ns
         ), kept AS (
           INSERT INTO offloaded_event_ids (collector, digest, id, time_ns, cleared_at)
           SELECT $1, digest, id, time_ns, $6 FROM ids
           ON CONFLICT DO NOTHING
         ), gone AS (
           DELETE FROM audit_events e USING chosen c
           WHERE e.collector = $1 AND e.seq = c.seq AND e.event_time = c.event_time RETURNING 1
         ) SELECT count(*) AS n FROM gone`,
        collector,
        upTo,
        String(beforeNs),
        eventsMax,
        [...sinks],
        this.#now().toISOString(),
        // Months after it are not looked into.
        Math.ceil(Number(beforeNs / 1_000_000n) / 1_000),
      ))!.n;
    });
  }

  async prune(collector: string, before: { log?: string; related?: string; ids?: string }): Promise<void> {
    if (before.log !== undefined)
      await this.#db.run('DELETE FROM execution_log WHERE collector = $1 AND datetime < $2', collector, before.log);
    if (before.related !== undefined)
      await this.#db.run(
        'DELETE FROM audit_related_objects WHERE collector = $1 AND seen_at < $2',
        collector,
        before.related,
      );
    if (before.ids !== undefined)
      await this.#db.run(
        'DELETE FROM offloaded_event_ids WHERE collector = $1 AND cleared_at < $2',
        collector,
        before.ids,
      );
    await this.#db.run(
      'UPDATE audit_checkpoints SET pruned_at = $2 WHERE collector = $1',
      collector,
      this.#now().toISOString(),
    );
  }

  async prunedAt(collector: string): Promise<string | null> {
    const row = await this.#db.get<{ at: string | null }>(
      'SELECT pruned_at AS at FROM audit_checkpoints WHERE collector = $1',
      collector,
    );
    return row?.at ?? null;
  }

  /** Its own vacuum makes room for new rows; whole months that are empty go at once. */
  async shrink(): Promise<void> {
    await this.#partitions.dropEmpty(this.#now());
  }
}

/** Whoever had it before is told so when it notes a part. */
async function taken(queries: Queries, open: FixedBatch, { form, sender }: BatchWanted): Promise<FixedBatch> {
  const batch = { ...open, form: formToSend(open.form, form) };
  await queries.run(
    `UPDATE offload_batches SET sender = $5, form = $6
     WHERE collector = $1 AND sink = $2 AND series = $3 AND number = $4`,
    ...keyOf(open),
    open.number,
    sender,
    JSON.stringify(batch.form),
  );
  return batch;
}

async function requireRange(queries: Queries, wanted: BatchWanted): Promise<void> {
  if (wanted.series === '') return;
  const before = await queries.get<{ sinceNs: string | null; untilNs: string | null }>(
    `SELECT since_ns::text AS "sinceNs", until_ns::text AS "untilNs" FROM offload_batches
     WHERE collector = $1 AND sink = $2 AND series = $3 ORDER BY number LIMIT 1`,
    ...keyOf(wanted),
  );
  if (before) requireSameRange(wanted, before);
}

async function keepRefused(
  queries: Queries,
  { collector, sink }: SeriesKey,
  refused: readonly RefusedEvent[],
  now: string,
): Promise<void> {
  if (refused.length === 0) return;
  await queries.run(
    `INSERT INTO refused_events (collector, sink, seq, id, reason, refused_at)
     SELECT $1, $2, seq, id, reason, $4 FROM json_to_recordset($3::json) AS row (seq bigint, id text, reason text)
     ON CONFLICT DO NOTHING`,
    collector,
    sink,
    JSON.stringify(refused.map(({ seq, id, reason }) => ({ seq, id: withoutNul(id), reason: withoutNul(reason) }))),
    now,
  );
}

async function leastCursor(queries: Queries, collector: string, sinks: readonly string[]): Promise<number> {
  const rows = await queries.all<{ sink: string; lastSeq: number }>(
    `SELECT sink, last_seq AS "lastSeq" FROM offload_cursors WHERE collector = $1 AND series = '' AND sink = ANY($2)`,
    collector,
    [...sinks],
  );
  const cursors = new Map(rows.map(({ sink, lastSeq }) => [sink, lastSeq]));
  return Math.min(...sinks.map((sink) => cursors.get(sink) ?? 0));
}

/** Of the page that may still fill, which is read again, and of batches that are still to be sent. */
async function firstStillNeeded(queries: Queries, collector: string, sinks: readonly string[]): Promise<number> {
  const row = await queries.get<{ page: number | null; batch: number | null }>(
    `SELECT
       (SELECT min(p.first_seq) FROM audit_pages p JOIN audit_checkpoints c ON c.collector = p.collector
        WHERE p.collector = $1 AND p."offset" = c.last_offset) AS page,
       (SELECT min(first_seq) FROM offload_batches
        WHERE collector = $1 AND confirmed_at IS NULL AND sink = ANY($2)) AS batch`,
    collector,
    [...sinks],
  );
  return Math.min(row!.page ?? Number.MAX_SAFE_INTEGER, row!.batch ?? Number.MAX_SAFE_INTEGER);
}

function keyOf({ collector, sink, series }: SeriesKey): [string, string, string] {
  return [collector, sink, series];
}

function text(value: bigint | null): string | null {
  return value === null ? null : String(value);
}

function batchOf({ sinceNs, untilNs, form, objects, ...row }: BatchRow): FixedBatch {
  return {
    ...row,
    range: { sinceNs: sinceNs === null ? null : BigInt(sinceNs), untilNs: untilNs === null ? null : BigInt(untilNs) },
    form: JSON.parse(form),
    objects: JSON.parse(objects),
  };
}

/** How many events at least one of these sinks has not confirmed, counted up to `countMax`. */
export async function lackingEvents(
  queries: Queries,
  collector: string,
  sinks: readonly string[],
  countMax = Number.MAX_SAFE_INTEGER,
): Promise<number> {
  const row = await queries.get<{ n: number }>(
    'SELECT count(*) AS n FROM (SELECT 1 FROM audit_events WHERE collector = $1 AND seq > $2 LIMIT $3) AS lacking',
    collector,
    await leastCursor(queries, collector, sinks),
    countMax,
  );
  return row!.n;
}

/** How many events at least one of these sinks has not confirmed, or has refused. */
export async function unsentEvents(queries: Queries, collector: string, sinks: readonly string[]): Promise<number> {
  const row = await queries.get<{ n: number }>(
    `SELECT count(*) AS n FROM audit_events e WHERE collector = $1 AND (seq > $2 OR EXISTS (
       SELECT 1 FROM refused_events r WHERE r.collector = $1 AND r.seq = e.seq AND r.sink = ANY($3)))`,
    collector,
    await leastCursor(queries, collector, sinks),
    [...sinks],
  );
  return row!.n;
}

/** The last event that all of these sinks have; where there are none now, that all have which ever had any. */
export async function allSentUpTo(queries: Queries, collector: string, sinks: readonly string[]): Promise<number> {
  if (sinks.length > 0) return leastCursor(queries, collector, sinks);
  const row = await queries.get<{ seq: number }>(
    `SELECT coalesce(min(last_seq), 0) AS seq FROM offload_cursors WHERE collector = $1 AND series = '' AND batches > 0`,
    collector,
  );
  return row!.seq;
}
