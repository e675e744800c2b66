import {
  type Checkpoint,
  type ExecutionLogLine,
  notClearedNote,
  notes,
  type RelatedObject,
  type RetentionGap,
  type StoredEvent,
} from '../../domain.js';
import type { SettingsTable } from '../../settings/collector.js';
import type { OffloadLedger } from '../offload.js';
import { refusedAgain, rewoundNote } from '../page-notes.js';
import type {
  DueRuns,
  EventFilter,
  EventLines,
  PageToWrite,
  PageWritten,
  StagedPage,
  Standing,
  Store,
} from '../store.js';
import { PostgresCopySide } from './copy-side.js';
import { lockSpace, PostgresDatabase, type PostgresOptions, type Queries, withoutNul } from './database.js';
import { selectEvents, selectLines } from './events.js';
import { migrations } from './migrations.js';
import { allSentUpTo, PostgresOffloadLedger, unsentEvents } from './offload.js';
import { monthOf, Partitions } from './partitions.js';
import { checkpointOf, holdCheckpoint, idDigest, keepReject, logLine, standings } from './rows.js';
import { committedPage, writePage } from './write-page.js';

/** Staged pages of walks that died are kept this long. */
const stagedAgeMaxMs = 24 * 3600 * 1000;

/** The store in a PostgreSQL database, for any number of workers. */
export class PostgresStore implements Store {
  readonly shared = true;
  readonly schema = migrations.length;
  readonly #db: PostgresDatabase;
  readonly #partitions: Partitions;
  readonly #now: () => Date;
  readonly offload: OffloadLedger;

  private constructor(db: PostgresDatabase, now: () => Date) {
    this.#db = db;
    this.#partitions = new Partitions(db);
    this.#now = now;
    this.offload = new PostgresOffloadLedger(db, this.#partitions, now);
  }

  /** @throws TrawlError as `Store` says, or STORE_NEWER, STORE_REFUSED. */
  static async open(options: PostgresOptions, now: () => Date = () => new Date()): Promise<PostgresStore> {
    return new PostgresStore(await PostgresDatabase.open(options), now);
  }

  async identity(): Promise<string> {
    return (await this.#db.get<{ id: string }>('SELECT id FROM store_identity'))!.id;
  }

  async checkpoint(collector: string): Promise<Checkpoint> {
    return checkpointOf(this.#db, collector);
  }

  async stagePage(page: StagedPage): Promise<void> {
    const now = this.#now();
    await this.#db.run(
      `WITH swept AS (DELETE FROM staged_pages WHERE staged_at < $8)
       INSERT INTO staged_pages (key, collector, "offset", generation, next_offset, body, staged_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
      page.key,
      page.collector,
      page.offset,
      page.generation,
      page.nextOffset,
      page.body,
      now.toISOString(),
      new Date(now.getTime() - stagedAgeMaxMs).toISOString(),
    );
  }

  async stagedPage(key: string): Promise<StagedPage | null> {
    const row = await this.#db.get<StagedPage>(
      'SELECT key, collector, "offset", generation, next_offset AS "nextOffset", body FROM staged_pages WHERE key = $1',
      key,
    );
    return row ?? null;
  }

  async relatedObjects(collector: string, ids: readonly string[]): Promise<Map<string, RelatedObject>> {
    if (ids.length === 0) return new Map();
    const wanted = new Map(ids.map((id) => [idDigest(id).toString('hex'), id]));
    const rows = await this.#db.all<RelatedObject & { digest: string }>(
      `SELECT encode(digest, 'hex') AS digest, type, object FROM audit_related_objects
       WHERE collector = $1 AND digest = ANY($2)`,
      collector,
      ids.map(idDigest),
    );
    // The id as it was asked for.
    return new Map(
      rows.map(({ digest, type, object }) => [wanted.get(digest)!, { id: wanted.get(digest)!, type, object }]),
    );
  }

  async writePage(page: PageToWrite): Promise<PageWritten> {
    await this.#partitions.make(new Set(page.events.map(({ timeNs }) => monthOf(timeNs))), this.#now());
    return this.#db.transaction(async (queries) => {
      if (page.followed) await queries.run('SET LOCAL synchronous_commit = off');
      return writePage(queries, page, this.#now());
    });
  }

  async committedPage(key: string): Promise<PageWritten | null> {
    return committedPage(this.#db, key);
  }

  async dropStagedPages(keys: readonly string[]): Promise<void> {
    await this.#db.run('DELETE FROM staged_pages WHERE key = ANY($1)', [...keys]);
  }

  async logIdleRun(collector: string, key: string): Promise<void> {
    const now = this.#now().toISOString();
    await this.#db.transaction(async (queries) => {
      if ((await logLine(queries, collector, now, 0, notes.noNewEvents, key)) === 0) return;
      await queries.run(
        `INSERT INTO audit_checkpoints (collector, last_date_time, caught_up_at) VALUES ($1, $2, $2)
         ON CONFLICT (collector) DO UPDATE SET last_date_time = $2, caught_up_at = $2`,
        collector,
        now,
      );
    });
  }

  async logFailedRun(collector: string, failure: string, key: string): Promise<void> {
    await logLine(this.#db, collector, this.#now().toISOString(), 0, `Run failed: ${failure}`, key);
  }

  async logFailedCommand(collector: string, note: string, keys: readonly string[]): Promise<void> {
    const now = this.#now().toISOString();
    await this.#db.transaction(async (queries) => {
      for (const key of keys) await logLine(queries, collector, now, 0, note, key);
    });
  }

  async resetCheckpoint(collector: string, keys: readonly string[]): Promise<void> {
    const now = this.#now().toISOString();
    await this.#db.transaction(async (queries) => {
      await holdCheckpoint(queries, collector);
      for (const key of keys) {
        if ((await logLine(queries, collector, now, 0, notes.resetCheckpoint, key)) === 0) continue;
        await restart(queries, collector, null);
        await queries.run('DELETE FROM cleared_event_ids WHERE collector = $1', collector);
      }
    });
  }

  async clearEvents(
    collector: string,
    keys: readonly string[],
    sinks: readonly string[] = [],
    force = false,
  ): Promise<string | null> {
    const now = this.#now().toISOString();
    return this.#db.transaction(async (queries) => {
      const checkpoint = await holdCheckpoint(queries, collector);
      const lacking = sinks.length > 0 && !force ? await unsentEvents(queries, collector, sinks) : 0;
      const note = lacking > 0 ? notClearedNote(lacking, sinks) : notes.clearedEvents;
      for (const key of keys) {
        if ((await logLine(queries, collector, now, 0, note, key)) === 0 || lacking > 0) continue;
        // The open page is read again, and what it holds is not to come back. Its events may have been stored before a
        // reset; but where it has not been read since, they are to.
        await queries.run(
          `INSERT INTO cleared_event_ids (collector, digest, id)
           SELECT i.collector, i.digest, e.id FROM audit_pages p
           JOIN audit_event_ids i ON i.collector = p.collector AND i.seq BETWEEN p.first_seq AND p.last_seq
           JOIN audit_events e ON e.collector = i.collector AND e.seq = i.seq AND e.event_time = i.event_time
           WHERE p.collector = $1 AND p."offset" = $2
             AND EXISTS (SELECT 1 FROM audit_pages WHERE collector = $1 AND "offset" = $2 AND generation = $3)
           ON CONFLICT DO NOTHING`,
          collector,
          checkpoint.lastOffset,
          checkpoint.generation,
        );
        // What a sink has is not collected, and so not offloaded, a second time.
        await queries.run(
          `INSERT INTO offloaded_event_ids (collector, digest, id, time_ns, cleared_at)
           SELECT i.collector, i.digest, e.id, e.time_ns, $3 FROM audit_event_ids i
           JOIN audit_events e ON e.collector = i.collector AND e.seq = i.seq AND e.event_time = i.event_time
           WHERE i.collector = $1 AND i.seq <= $2 ON CONFLICT DO NOTHING`,
          collector,
          await allSentUpTo(queries, collector, sinks),
          this.#now().toISOString(),
        );
        await queries.run('DELETE FROM audit_events WHERE collector = $1', collector);
        await queries.run('DELETE FROM audit_event_ids WHERE collector = $1', collector);
      }
      // As the first time, where a key comes again.
      const told = await queries.get<{ notes: string }>(
        'SELECT notes FROM execution_log WHERE collector = $1 AND key = $2',
        collector,
        keys[0] ?? '',
      );
      return told === undefined || told.notes === notes.clearedEvents ? null : told.notes;
    });
  }

  async rewind(collector: string, offset: string, generation: number): Promise<void> {
    const now = this.#now().toISOString();
    await this.#db.transaction(async (queries) => {
      const checkpoint = await holdCheckpoint(queries, collector);
      if (checkpoint.lastOffset !== withoutNul(offset) || checkpoint.generation !== generation) return;
      if (checkpoint.refusedOffset === withoutNul(offset)) throw refusedAgain();
      await restart(queries, collector, offset);
      await logLine(queries, collector, now, 0, rewoundNote, null);
    });
  }

  async keepAnswer(collector: string, offset: string, reason: string, raw: string): Promise<void> {
    await keepReject(this.#db, collector, offset, { kind: 'answer', reason, raw }, this.#now().toISOString());
  }

  async reserveRequest(place: string, limit: { requests: number; periodMs: number }): Promise<number> {
    const now = this.#now().getTime();
    return this.#db.transaction(async (queries) => {
      await queries.run('SELECT pg_advisory_xact_lock($1, hashtext($2))', lockSpace, place);
      await queries.run('DELETE FROM source_requests WHERE place = $1 AND at_ms <= $2', place, now - limit.periodMs);
      // The clock has gone back since: when these were made is not known any more, but it was before now.
      await queries.run('UPDATE source_requests SET at_ms = $1 WHERE place = $2 AND at_ms > $1', now, place);
      const made = await queries.all<{ atMs: number }>(
        'SELECT at_ms AS "atMs" FROM source_requests WHERE place = $1 ORDER BY at_ms',
        place,
      );
      const blocking = made.at(-limit.requests);
      if (blocking) return blocking.atMs + limit.periodMs - now;
      await queries.run('INSERT INTO source_requests (place, at_ms) VALUES ($1, $2)', place, now);
      return 0;
    });
  }

  async requestWait(place: string, limit: { requests: number; periodMs: number }): Promise<number> {
    const now = this.#now().getTime();
    const made = await this.#db.all<{ atMs: number }>(
      'SELECT at_ms AS "atMs" FROM source_requests WHERE place = $1',
      place,
    );
    // As if it had been counted: one whose time is to come was made now.
    const times = made.map(({ atMs }) => Math.min(atMs, now)).filter((atMs) => atMs > now - limit.periodMs);
    const blocking = times.sort((a, b) => a - b).at(-limit.requests);
    return blocking === undefined ? 0 : blocking + limit.periodMs - now;
  }

  async expectRuns(collector: string, due: Omit<DueRuns, 'since'> | null): Promise<void> {
    const now = this.#now().toISOString();
    await this.#db.transaction(async (queries) => {
      if (due) await holdCheckpoint(queries, collector);
      await queries.run(
        `UPDATE audit_checkpoints SET due_since = CASE WHEN due_cron IS NOT DISTINCT FROM $2 THEN due_since ELSE $3 END,
           due_cron = $2, due_tick = $4
         WHERE collector = $1`,
        collector,
        due?.cron ?? null,
        due ? now : null,
        due?.tick ?? null,
      );
    });
  }

  async standings(collector?: string): Promise<Standing[]> {
    return standings(this.#db, collector);
  }

  async settings(): Promise<SettingsTable> {
    const table: Record<string, Record<string, string>> = {};
    const rows = await this.#db.all<{ collector: string; name: string; value: string }>(
      'SELECT collector, name, value FROM environment_variables ORDER BY collector, name',
    );
    for (const row of rows) {
      table[row.collector] ??= {};
      table[row.collector]![row.name] = row.value;
    }
    return table;
  }

  async setSettings(
    collector: string,
    rows: Readonly<Record<string, string>>,
    unset: readonly string[],
  ): Promise<void> {
    await this.#db.transaction(async (queries) => {
      for (const [name, value] of Object.entries(rows)) {
        await queries.run(
          `INSERT INTO environment_variables (collector, name, value) VALUES ($1, $2, $3)
           ON CONFLICT (collector, name) DO UPDATE SET value = excluded.value`,
          collector,
          name,
          value,
        );
      }
      await queries.run('DELETE FROM environment_variables WHERE collector = $1 AND name = ANY($2)', collector, [
        ...unset,
      ]);
    });
  }

  async collectors(): Promise<string[]> {
    const rows = await this.#db.all<{ collector: string }>(
      `SELECT collector FROM audit_checkpoints UNION SELECT DISTINCT collector FROM execution_log ORDER BY 1`,
    );
    return rows.map((row) => row.collector).sort();
  }

  async events(filter: EventFilter, limit: number): Promise<StoredEvent[]> {
    return selectEvents(this.#db, filter, limit);
  }

  async eventLines(filter: EventFilter, limit: number): Promise<EventLines> {
    return selectLines(this.#db, filter, limit);
  }

  async eventCount(collector: string): Promise<number> {
    return this.#count('SELECT count(*) AS n FROM audit_events WHERE collector = $1', collector);
  }

  async rejectedCount(collector: string): Promise<number> {
    return this.#count('SELECT count(*) AS n FROM rejected_events WHERE collector = $1', collector);
  }

  async retentionGaps(collector: string): Promise<RetentionGap[]> {
    return this.#db.all<RetentionGap>(
      'SELECT from_time AS "from", to_time AS "to" FROM retention_gaps WHERE collector = $1 ORDER BY from_time COLLATE "C"',
      collector,
    );
  }

  async executionLog(filter: { collector?: string | undefined; limit: number }): Promise<ExecutionLogLine[]> {
    return this.#db.all<ExecutionLogLine>(
      `SELECT datetime, collector, events_written AS "eventsWritten", notes FROM execution_log
       WHERE $1::text IS NULL OR collector = $1 ORDER BY line DESC LIMIT $2`,
      filter.collector ?? null,
      filter.limit,
    );
  }

  copySide(): PostgresCopySide {
    return new PostgresCopySide(this.#db, this.#partitions);
  }

  async sizeBytes(): Promise<number> {
    return (await this.#db.get<{ bytes: number }>('SELECT pg_database_size(current_database()) AS bytes'))!.bytes;
  }

  async close(): Promise<void> {
    await this.#db.close();
  }

  async #count(sql: string, collector: string): Promise<number> {
    return (await this.#db.get<{ n: number }>(sql, collector))!.n;
  }
}

async function restart(queries: Queries, collector: string, refusedOffset: string | null): Promise<void> {
  await queries.run(
    `UPDATE audit_checkpoints SET last_offset = '', last_count = 0, last_digest = '', generation = generation + 1, refused_offset = $2
     WHERE collector = $1`,
    collector,
    refusedOffset,
  );
}
