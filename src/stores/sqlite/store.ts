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
import { SqliteCopySide } from './copy-side.js';
import { type SqliteAccess, SqliteDatabase, type SqlValue } from './database.js';
import { forgetAllEventIds } from './event-ids.js';
import { selectEvents, selectLines } from './events.js';
import { migrations } from './migrations.js';
import { allSentUpTo, SqliteOffloadLedger, unsentEvents } from './offload.js';
import { checkpointOf, keepReject, logLine, standings } from './rows.js';
import { committedPage, writePage } from './write-page.js';

/** Staged pages of walks that died are kept this long. */
const stagedAgeMaxMs = 24 * 3600 * 1000;

/** The store in one SQLite file. */
export class SqliteStore implements Store {
  readonly #db: SqliteDatabase;
  readonly #now: () => Date;

  /** @throws TrawlError as `Store` says, or STORE_NEWER. */
  constructor(path: string, now: () => Date = () => new Date(), access: SqliteAccess = 'read') {
    this.#db = new SqliteDatabase(path, access);
    this.#now = now;
    this.offload = new SqliteOffloadLedger(this.#db, now);
  }

  readonly shared = false;
  readonly schema = migrations.length;
  readonly offload: OffloadLedger;

  async identity(): Promise<string> {
    return this.#db.get<{ id: string }>('SELECT id FROM store_identity')!.id;
  }

  async checkpoint(collector: string): Promise<Checkpoint> {
    return checkpointOf(this.#db, collector);
  }

  async stagePage(page: StagedPage): Promise<void> {
    const now = this.#now();
    // A page that a power cut undoes is read again: its write finds that it is gone.
    this.#db.lightTransaction(() => {
      this.#db.run(
        'DELETE FROM staged_pages WHERE staged_at < ?',
        new Date(now.getTime() - stagedAgeMaxMs).toISOString(),
      );
      this.#db.run(
        `INSERT INTO staged_pages (key, collector, "offset", generation, next_offset, body, staged_at)
         VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
        page.key,
        page.collector,
        page.offset,
        page.generation,
        page.nextOffset,
        page.body,
        now.toISOString(),
      );
    });
  }

  async stagedPage(key: string): Promise<StagedPage | null> {
    const row = this.#db.get<StagedPage>(
      `SELECT key, collector, "offset" AS "offset", generation, next_offset AS nextOffset, body FROM staged_pages WHERE key = ?`,
      key,
    );
    return row ?? null;
  }

  async relatedObjects(collector: string, ids: readonly string[]): Promise<Map<string, RelatedObject>> {
    const found = new Map<string, RelatedObject>();
    for (const id of ids) {
      const row = this.#db.get<RelatedObject>(
        'SELECT id, type, object FROM audit_related_objects WHERE collector = ? AND id = ?',
        collector,
        id,
      );
      if (row) found.set(id, row);
    }
    return found;
  }

  async writePage(page: PageToWrite): Promise<PageWritten> {
    const write = () => writePage(this.#db, page, this.#now());
    return page.followed ? this.#db.lightTransaction(write) : this.#db.transaction(write);
  }

  async committedPage(key: string): Promise<PageWritten | null> {
    return committedPage(this.#db, key);
  }

  async dropStagedPages(keys: readonly string[]): Promise<void> {
    this.#db.transaction(() => {
      for (const key of keys) this.#db.run('DELETE FROM staged_pages WHERE key = ?', key);
    });
  }

  async logIdleRun(collector: string, key: string): Promise<void> {
    const now = this.#now().toISOString();
    this.#db.transaction(() => {
      if (logLine(this.#db, collector, now, 0, notes.noNewEvents, key) === 0) return;
      this.#touch(collector);
      this.#db.run(
        'UPDATE audit_checkpoints SET last_date_time = ?1, caught_up_at = ?1 WHERE collector = ?2',
        now,
        collector,
      );
    });
  }

  async logFailedRun(collector: string, failure: string, key: string): Promise<void> {
    logLine(this.#db, collector, this.#now().toISOString(), 0, `Run failed: ${failure}`, key);
  }

  async logFailedCommand(collector: string, note: string, keys: readonly string[]): Promise<void> {
    const now = this.#now().toISOString();
    this.#db.transaction(() => {
      for (const key of keys) logLine(this.#db, collector, now, 0, note, key);
    });
  }

  async resetCheckpoint(collector: string, keys: readonly string[]): Promise<void> {
    const now = this.#now().toISOString();
    this.#db.transaction(() => {
      this.#touch(collector);
      for (const key of keys) {
        if (logLine(this.#db, collector, now, 0, notes.resetCheckpoint, key) === 0) continue;
        this.#restart(collector, null);
        this.#db.run('DELETE FROM cleared_event_ids WHERE collector = ?', collector);
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
    return this.#db.transaction(() => {
      const lacking = sinks.length > 0 && !force ? unsentEvents(this.#db, collector, sinks) : 0;
      const note = lacking > 0 ? notClearedNote(lacking, sinks) : notes.clearedEvents;
      for (const key of keys) {
        if (logLine(this.#db, collector, now, 0, note, key) === 0 || lacking > 0) continue;
        const checkpoint = checkpointOf(this.#db, collector);
        // The open page is read again, and what it holds is not to come back. Its events may have been stored before a
        // reset; but where it has not been read since, they are to.
        this.#db.run(
          `INSERT INTO cleared_event_ids (collector, id)
           SELECT e.collector, e.id FROM audit_pages p
           JOIN audit_events e ON e.collector = p.collector AND e.seq BETWEEN p.first_seq AND p.last_seq
           WHERE p.collector = ?1 AND p."offset" = ?2
             AND EXISTS (SELECT 1 FROM audit_pages WHERE collector = ?1 AND "offset" = ?2 AND generation = ?3)
           ON CONFLICT DO NOTHING`,
          collector,
          checkpoint.lastOffset,
          checkpoint.generation,
        );
        // What a sink has is not collected, and so not offloaded, a second time.
        this.#db.run(
          `INSERT INTO offloaded_event_ids (collector, id, time_ns, cleared_at)
           SELECT collector, id, time_ns, ?3 FROM audit_events
           WHERE collector = ?1 AND seq <= ?2 ON CONFLICT DO NOTHING`,
          collector,
          allSentUpTo(this.#db, collector, sinks),
          now,
        );
        forgetAllEventIds(this.#db, collector);
        this.#db.run('DELETE FROM audit_events WHERE collector = ?', collector);
      }
      // As the first time, where a key comes again.
      const told = this.#db.get<{ notes: string }>(
        'SELECT notes FROM execution_log WHERE collector = ? AND key = ?',
        collector,
        keys[0] ?? '',
      )?.notes;
      return told === undefined || told === notes.clearedEvents ? null : told;
    });
  }

  async rewind(collector: string, offset: string, generation: number): Promise<void> {
    const now = this.#now().toISOString();
    this.#db.transaction(() => {
      const checkpoint = checkpointOf(this.#db, collector);
      if (checkpoint.lastOffset !== offset || checkpoint.generation !== generation) return;
      if (checkpoint.refusedOffset === offset) throw refusedAgain();
      this.#restart(collector, offset);
      logLine(this.#db, collector, now, 0, rewoundNote, null);
    });
  }

  #restart(collector: string, refusedOffset: string | null): void {
    this.#db.run(
      `UPDATE audit_checkpoints SET last_offset = '', last_count = 0, last_digest = '', generation = generation + 1, refused_offset = ?
       WHERE collector = ?`,
      refusedOffset,
      collector,
    );
  }

  async keepAnswer(collector: string, offset: string, reason: string, raw: string): Promise<void> {
    this.#db.transaction(() =>
      keepReject(this.#db, collector, offset, { kind: 'answer', reason, raw }, this.#now().toISOString()),
    );
  }

  async reserveRequest(place: string, limit: { requests: number; periodMs: number }): Promise<number> {
    const now = this.#now().getTime();
    return this.#db.transaction(() => {
      this.#db.run('DELETE FROM source_requests WHERE place = ? AND at_ms <= ?', place, now - limit.periodMs);
      // The clock has gone back since: when these were made is not known any more, but it was before now.
      this.#db.run('UPDATE source_requests SET at_ms = ? WHERE place = ? AND at_ms > ?', now, place, now);
      const made = this.#db.all<{ atMs: number }>(
        'SELECT at_ms AS atMs FROM source_requests WHERE place = ? ORDER BY at_ms',
        place,
      );
      const blocking = made.at(-limit.requests);
      if (blocking) return blocking.atMs + limit.periodMs - now;
      this.#db.run('INSERT INTO source_requests (place, at_ms) VALUES (?, ?)', place, now);
      return 0;
    });
  }

  async requestWait(place: string, limit: { requests: number; periodMs: number }): Promise<number> {
    const now = this.#now().getTime();
    const made = this.#db.all<{ atMs: number }>('SELECT at_ms AS atMs FROM source_requests WHERE place = ?', place);
    // As if it had been counted: one whose time is to come was made now.
    const times = made.map(({ atMs }) => Math.min(atMs, now)).filter((atMs) => atMs > now - limit.periodMs);
    const blocking = times.sort((a, b) => a - b).at(-limit.requests);
    return blocking === undefined ? 0 : blocking + limit.periodMs - now;
  }

  async expectRuns(collector: string, due: Omit<DueRuns, 'since'> | null): Promise<void> {
    const now = this.#now().toISOString();
    this.#db.transaction(() => {
      if (due) this.#touch(collector);
      this.#db.run(
        `UPDATE audit_checkpoints SET due_since = CASE WHEN due_cron IS ?2 THEN due_since ELSE ?3 END, due_cron = ?2, due_tick = ?4
         WHERE collector = ?1`,
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
    const rows = this.#db.all<{ collector: string; name: string; value: string }>(
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
    this.#db.transaction(() => {
      for (const [name, value] of Object.entries(rows)) {
        this.#db.run(
          `INSERT INTO environment_variables (collector, name, value) VALUES (?, ?, ?)
           ON CONFLICT (collector, name) DO UPDATE SET value = excluded.value`,
          collector,
          name,
          value,
        );
      }
      for (const name of unset) {
        this.#db.run('DELETE FROM environment_variables WHERE collector = ? AND name = ?', collector, name);
      }
    });
  }

  async collectors(): Promise<string[]> {
    return this.#db
      .all<{ collector: string }>(
        'SELECT collector FROM audit_checkpoints UNION SELECT DISTINCT collector FROM execution_log ORDER BY 1',
      )
      .map((row) => row.collector);
  }

  async events(filter: EventFilter, limit: number): Promise<StoredEvent[]> {
    return selectEvents(this.#db, filter, limit);
  }

  async eventLines(filter: EventFilter, limit: number): Promise<EventLines> {
    return selectLines(this.#db, filter, limit);
  }

  async eventCount(collector: string): Promise<number> {
    return this.#count('SELECT count(*) AS n FROM audit_events WHERE collector = ?', collector);
  }

  async rejectedCount(collector: string): Promise<number> {
    return this.#count('SELECT count(*) AS n FROM rejected_events WHERE collector = ?', collector);
  }

  async retentionGaps(collector: string): Promise<RetentionGap[]> {
    return this.#db.all<RetentionGap>(
      'SELECT from_time AS "from", to_time AS "to" FROM retention_gaps WHERE collector = ? ORDER BY from_time',
      collector,
    );
  }

  async executionLog(filter: { collector?: string | undefined; limit: number }): Promise<ExecutionLogLine[]> {
    const values: SqlValue[] = filter.collector === undefined ? [filter.limit] : [filter.collector, filter.limit];
    return this.#db.all<ExecutionLogLine>(
      `SELECT datetime, collector, events_written AS eventsWritten, notes FROM execution_log
       ${filter.collector === undefined ? '' : 'WHERE collector = ?'} ORDER BY line DESC LIMIT ?`,
      ...values,
    );
  }

  copySide(): SqliteCopySide {
    return new SqliteCopySide(this.#db);
  }

  async sizeBytes(): Promise<number> {
    return this.#db.sizeBytes();
  }

  async close(): Promise<void> {
    await this.#db.close();
  }

  #count(sql: string, collector: string): number {
    return this.#db.get<{ n: number }>(sql, collector)!.n;
  }

  #touch(collector: string): void {
    this.#db.run('INSERT INTO audit_checkpoints (collector) VALUES (?) ON CONFLICT DO NOTHING', collector);
  }
}
