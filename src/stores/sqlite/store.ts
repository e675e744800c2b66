import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import {
  type Checkpoint,
  type EnrichedEvent,
  type ExecutionLogLine,
  notes,
  type Rejected,
  type RelatedObject,
  type RetentionGap,
  type StoredEvent,
} from '../../domain.js';
import { TrawlError } from '../../errors.js';
import type { SettingsTable } from '../../settings/collector.js';
import { branchNote } from '../branches.js';
import type { EventFilter, PageToWrite, PageWritten, StagedPage, Store } from '../store.js';
import { SqliteDatabase, type SqlValue } from './database.js';
import { selectEvents } from './events.js';

/** Staged pages of walks that died are kept this long. */
const stagedAgeMaxMs = 24 * 3600 * 1000;

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

/** The store in one SQLite file. */
export class SqliteStore implements Store {
  readonly #db: SqliteDatabase;
  readonly #now: () => Date;

  /** @throws TrawlError as `Store` says, or STORE_NEWER. */
  constructor(path: string, now: () => Date = () => new Date()) {
    this.#db = new SqliteDatabase(path);
    this.#now = now;
  }

  async checkpoint(collector: string): Promise<Checkpoint> {
    return this.#checkpoint(collector);
  }

  async stagePage(page: StagedPage): Promise<void> {
    const now = this.#now();
    this.#db.transaction(() => {
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

  async storeRelatedObjects(collector: string, objects: readonly RelatedObject[]): Promise<void> {
    if (objects.length === 0) return;
    this.#db.transaction(() => {
      for (const object of objects) {
        this.#db.run(
          `INSERT INTO audit_related_objects (collector, id, type, object) VALUES (?, ?, ?, ?)
           ON CONFLICT (collector, id) DO UPDATE SET type = excluded.type, object = excluded.object
           WHERE type <> excluded.type OR object <> excluded.object`,
          collector,
          object.id,
          object.type,
          object.object,
        );
      }
    });
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
    return this.#db.transaction(() => this.#writePage(page));
  }

  #writePage(page: PageToWrite): PageWritten {
    const repeated = this.#committedPage(page.key);
    if (repeated) return repeated;
    this.#db.run('DELETE FROM staged_pages WHERE key = ?', page.key);
    const checkpoint = this.#checkpoint(page.collector);
    if (checkpoint.lastOffset !== page.offset || checkpoint.generation !== page.generation) {
      return { outcome: 'superseded', newEvents: 0, note: '' };
    }

    const now = this.#now().toISOString();
    const { lastSeq, altered } = this.#insertEvents(page, checkpoint.lastSeq, now);
    const newEvents = lastSeq - checkpoint.lastSeq;
    let rejects = 0;
    for (const rejected of [...page.rejected, ...altered])
      rejects += this.#reject(page.collector, page.offset, rejected, now);

    const count = page.events.length + page.rejected.length;
    const moves = page.nextOffset !== page.offset;
    const note = branchNote({ more: page.more, newEvents, lastCount: checkpoint.lastCount });
    // U12 and U13: a new offset has not been read yet, so its count and digest start again.
    this.#db.run(
      `INSERT INTO audit_checkpoints (collector, last_offset, last_date_time, last_count, last_digest, pages, last_seq)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
       ON CONFLICT (collector) DO UPDATE SET last_offset = ?2, last_date_time = ?3, last_count = ?4, last_digest = ?5, pages = ?6, last_seq = ?7`,
      page.collector,
      page.nextOffset,
      now,
      moves ? 0 : count,
      moves ? '' : page.digest,
      checkpoint.pages + 1,
      lastSeq,
    );
    if (moves) this.#db.run('DELETE FROM cleared_event_ids WHERE collector = ?', page.collector);
    this.#moveNewest(page);
    this.#log(page.collector, now, newEvents, note, null);
    if (rejects > 0) this.#log(page.collector, now, 0, rejectsNote(rejects), null);
    if (page.gap) this.#lost(page.collector, page.gap, now);
    this.#db.run(
      `INSERT INTO audit_pages (collector, number, key, "offset", generation, events, new_events, first_seq, last_seq, digest, note, committed_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      page.collector,
      checkpoint.pages + 1,
      page.key,
      page.offset,
      page.generation,
      count,
      newEvents,
      newEvents > 0 ? checkpoint.lastSeq + 1 : null,
      newEvents > 0 ? lastSeq : null,
      page.digest,
      note,
      now,
    );
    return { outcome: 'written', newEvents, note };
  }

  /**
   * S31: an event whose id is stored already is passed over, unless it says something else now: then it is kept among
   * the rejects. Gives the last sequence number used.
   */
  #insertEvents(page: PageToWrite, lastSeq: number, now: string): { lastSeq: number; altered: Rejected[] } {
    const altered: Rejected[] = [];
    const cleared = new Set(
      this.#db
        .all<{ id: string }>('SELECT id FROM cleared_event_ids WHERE collector = ?', page.collector)
        .map((row) => row.id),
    );
    let seq = lastSeq;
    for (const event of page.events) {
      if (cleared.has(event.id)) continue;
      const inserted = this.#db.run(
        `INSERT INTO audit_events (collector, seq, id, timestamp, time_ns, type, actor, user, client, gateway, "group",
           project, hostname, server, from_addr, raw_event, extra, collected_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (collector, id) DO NOTHING`,
        page.collector,
        seq + 1,
        event.id,
        event.timestamp,
        event.timeNs,
        event.type,
        event.actor,
        event.user,
        event.client,
        event.gateway,
        event.group,
        event.project,
        event.hostname,
        event.server,
        event.fromAddr,
        event.rawEvent,
        event.extra,
        now,
      );
      seq += inserted;
      if (inserted === 0 && this.#saysSomethingElse(page.collector, event)) {
        altered.push({
          kind: 'event',
          reason: `the event ${event.id} is stored already with other content`,
          raw: event.rawEvent,
        });
      }
    }
    return { lastSeq: seq, altered };
  }

  #saysSomethingElse(collector: string, event: EnrichedEvent): boolean {
    const stored = this.#db.get<{ raw_event: string; timestamp: string }>(
      'SELECT raw_event, timestamp FROM audit_events WHERE collector = ? AND id = ?',
      collector,
      event.id,
    )!;
    if (stored.timestamp !== event.timestamp) return true;
    if (stored.raw_event === event.rawEvent) return false;
    try {
      return !isDeepStrictEqual(JSON.parse(stored.raw_event), JSON.parse(event.rawEvent));
    } catch {
      // Nested too deeply to be compared: then the difference in the text counts.
      return true;
    }
  }

  /** Told once for each gap. */
  #lost(collector: string, { from, to }: RetentionGap, now: string): void {
    const found = this.#db.run(
      'INSERT INTO retention_gaps (collector, from_time, to_time, found_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
      collector,
      from,
      to,
      now,
    );
    if (found > 0) this.#log(collector, now, 0, lostNote(from, to), null);
  }

  #moveNewest(page: PageToWrite): void {
    let newest = page.events[0];
    if (!newest) return;
    for (const event of page.events) if (event.timeNs > newest.timeNs) newest = event;
    this.#db.run(
      `UPDATE audit_checkpoints SET newest_timestamp = ?2, newest_time_ns = ?3
       WHERE collector = ?1 AND (newest_time_ns IS NULL OR newest_time_ns < ?3)`,
      page.collector,
      newest.timestamp,
      newest.timeNs,
    );
  }

  async committedPage(key: string): Promise<PageWritten | null> {
    return this.#committedPage(key);
  }

  #committedPage(key: string): PageWritten | null {
    const row = this.#db.get<{ newEvents: number; note: string }>(
      'SELECT new_events AS newEvents, note FROM audit_pages WHERE key = ?',
      key,
    );
    return row ? { outcome: 'written', ...row } : null;
  }

  async dropStagedPages(keys: readonly string[]): Promise<void> {
    this.#db.transaction(() => {
      for (const key of keys) this.#db.run('DELETE FROM staged_pages WHERE key = ?', key);
    });
  }

  async logIdleRun(collector: string, key: string): Promise<void> {
    const now = this.#now().toISOString();
    this.#db.transaction(() => {
      if (this.#log(collector, now, 0, notes.noNewEvents, key) === 0) return;
      this.#touch(collector);
      this.#db.run('UPDATE audit_checkpoints SET last_date_time = ? WHERE collector = ?', now, collector);
    });
  }

  async resetCheckpoint(collector: string, keys: readonly string[]): Promise<void> {
    const now = this.#now().toISOString();
    this.#db.transaction(() => {
      this.#touch(collector);
      for (const key of keys) {
        if (this.#log(collector, now, 0, notes.resetCheckpoint, key) === 0) continue;
        this.#restart(collector, null);
        this.#db.run('DELETE FROM cleared_event_ids WHERE collector = ?', collector);
      }
    });
  }

  async clearEvents(collector: string, keys: readonly string[]): Promise<void> {
    const now = this.#now().toISOString();
    this.#db.transaction(() => {
      for (const key of keys) {
        if (this.#log(collector, now, 0, notes.clearedEvents, key) === 0) continue;
        const checkpoint = this.#checkpoint(collector);
        this.#db.run(
          `INSERT INTO cleared_event_ids (collector, id)
           SELECT e.collector, e.id FROM audit_pages p
           JOIN audit_events e ON e.collector = p.collector AND e.seq BETWEEN p.first_seq AND p.last_seq
           WHERE p.collector = ? AND p."offset" = ? AND p.generation = ? AND true ON CONFLICT DO NOTHING`,
          collector,
          checkpoint.lastOffset,
          checkpoint.generation,
        );
        this.#db.run('DELETE FROM audit_events WHERE collector = ?', collector);
      }
    });
  }

  async rewind(collector: string, offset: string, generation: number): Promise<void> {
    const now = this.#now().toISOString();
    this.#db.transaction(() => {
      const checkpoint = this.#checkpoint(collector);
      if (checkpoint.lastOffset !== offset || checkpoint.generation !== generation) return;
      if (checkpoint.refusedOffset === offset) {
        throw new TrawlError(
          'OFFSET_REFUSED_AGAIN',
          'The source has refused the same offset again after everything before it was read anew.',
          {
            hint: 'What is stored is kept; ask the vendor, or reset the checkpoint to read everything once more.',
          },
        );
      }
      this.#restart(collector, offset);
      this.#log(
        collector,
        now,
        0,
        'Offset no longer known to the source: reading again from the start of what it holds',
        null,
      );
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
      this.#reject(collector, offset, { kind: 'answer', reason, raw }, this.#now().toISOString()),
    );
  }

  async reserveRequest(place: string, limit: { requests: number; periodMs: number }): Promise<number> {
    const now = this.#now().getTime();
    return this.#db.transaction(() => {
      this.#db.run('DELETE FROM source_requests WHERE place = ? AND at_ms <= ?', place, now - limit.periodMs);
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

  async close(): Promise<void> {
    this.#db.close();
  }

  #count(sql: string, collector: string): number {
    return this.#db.get<{ n: number }>(sql, collector)!.n;
  }

  #checkpoint(collector: string): Checkpoint {
    const row = this.#db.get<CheckpointRow>(
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

  #touch(collector: string): void {
    this.#db.run('INSERT INTO audit_checkpoints (collector) VALUES (?) ON CONFLICT DO NOTHING', collector);
  }

  /** U20 Write Exec Log Record. Gives 0 where the key has been used. */
  #log(collector: string, now: string, eventsWritten: number, note: string, key: string | null): number {
    return this.#db.run(
      'INSERT INTO execution_log (collector, datetime, events_written, notes, key) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
      collector,
      now,
      eventsWritten,
      note,
      key,
    );
  }

  /** Gives 1, or 0 where the same text has been kept before. */
  #reject(collector: string, offset: string, rejected: Rejected, now: string): number {
    const digest = createHash('sha256').update(`${rejected.kind}\0${rejected.raw}`).digest('hex');
    return this.#db.run(
      `INSERT INTO rejected_events (collector, digest, kind, reason, "offset", raw, rejected_at) VALUES (?, ?, ?, ?, ?, ?, ?)
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
}

function lostNote(from: string, to: string): string {
  return `LOST: the source no longer holds what happened from ${from} to ${to}, which had not been collected`;
}

function rejectsNote(rejects: number): string {
  return `${rejects} ${rejects === 1 ? 'event' : 'events'} rejected: see rejected_events`;
}
