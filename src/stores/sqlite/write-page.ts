import type { Checkpoint, EnrichedEvent, Rejected, RetentionGap } from '../../domain.js';
import { branchNote } from '../branches.js';
import { lostNote, rejectsNote, saysSomethingElse, warningKey } from '../page-notes.js';
import type { PageToWrite, PageWritten } from '../store.js';
import type { SqliteDatabase } from './database.js';
import { eventIdDigest, moveEventIdsOn, noteEventIds, storedEvents } from './event-ids.js';
import { checkpointOf, keepReject, logLine } from './rows.js';

/** Commits a page (see `Store.writePage`); to be called within a transaction. */
export function writePage(db: SqliteDatabase, page: PageToWrite, at: Date): PageWritten {
  const repeated = committedPage(db, page.key);
  if (repeated) return repeated;
  db.run('DELETE FROM staged_pages WHERE key = ?', page.key);
  const checkpoint = checkpointOf(db, page.collector);
  if (checkpoint.lastOffset !== page.offset || checkpoint.generation !== page.generation) {
    return { outcome: 'superseded', newEvents: 0, note: '' };
  }

  const now = at.toISOString();
  storeRelatedObjects(db, page, now.slice(0, 10));
  const { lastSeq, altered } = insertEvents(db, page, checkpoint.lastSeq, now);
  const newEvents = lastSeq - checkpoint.lastSeq;
  let rejects = 0;
  for (const rejected of [...page.rejected, ...altered])
    rejects += keepReject(db, page.collector, page.offset, rejected, now);

  const count = page.events.length + page.rejected.length;
  const note = branchNote({ more: page.more, newEvents, lastCount: checkpoint.lastCount });
  const gap = page.gap ?? gapAfterRewind(db, page, checkpoint);
  moveCheckpoint(db, page, checkpoint, lastSeq, count, now);
  moveNewest(db, page);
  logLine(db, page.collector, now, newEvents, note, null);
  if (rejects > 0) logLine(db, page.collector, now, 0, rejectsNote(rejects), null);
  if (gap) writeGap(db, page.collector, gap, now);
  if (page.warning) logLine(db, page.collector, now, 0, page.warning, warningKey(page, page.warning));
  db.run(
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

/** S20 Store Related Objects, S21 for each. */
function storeRelatedObjects(db: SqliteDatabase, { collector, relatedObjects }: PageToWrite, today: string): void {
  for (const { id, type, object } of relatedObjects) {
    db.run(
      `INSERT INTO audit_related_objects (collector, id, type, object, seen_at) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (collector, id) DO UPDATE SET type = excluded.type, object = excluded.object, seen_at = excluded.seen_at
       WHERE type <> excluded.type OR object <> excluded.object OR seen_at < excluded.seen_at`,
      collector,
      id,
      type,
      object,
      today,
    );
  }
}

/**
 * S31: an event whose id is stored already is passed over, unless it says something else now: then it is kept among
 * the rejects. Gives the last sequence number used.
 */
function insertEvents(
  db: SqliteDatabase,
  page: PageToWrite,
  lastSeq: number,
  now: string,
): { lastSeq: number; altered: Rejected[] } {
  const altered: Rejected[] = [];
  const cleared = new Set(
    db.all<{ id: string }>('SELECT id FROM cleared_event_ids WHERE collector = ?', page.collector).map((row) => row.id),
  );
  const someWent =
    db.get('SELECT 1 FROM offloaded_event_ids WHERE collector = ? LIMIT 1', page.collector) !== undefined;
  const went = (id: string) =>
    someWent &&
    db.get('SELECT 1 FROM offloaded_event_ids WHERE collector = ? AND id = ?', page.collector, id) !== undefined;
  const digests = page.events.map(({ id }) => eventIdDigest(page.collector, id));
  const stored = storedEvents(db, page.collector, digests);
  const inserted: number[] = [];
  for (const [index, event] of page.events.entries()) {
    if (cleared.has(event.id) || went(event.id)) continue;
    const storedAt = stored.get(event.id);
    if (storedAt !== undefined) {
      if (differs(db, page.collector, storedAt, event)) altered.push(alteredEvent(event));
      continue;
    }
    inserted.push(digests[index]!);
    stored.set(event.id, lastSeq + inserted.length);
    db.run(
      `INSERT INTO audit_events (collector, seq, id, timestamp, time_ns, type, actor, user, client, gateway, "group",
         project, hostname, server, from_addr, raw_event, extra, collected_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      page.collector,
      lastSeq + inserted.length,
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
  }
  noteEventIds(db, inserted, lastSeq);
  moveEventIdsOn(db, inserted.length);
  return { lastSeq: lastSeq + inserted.length, altered };
}

function differs(db: SqliteDatabase, collector: string, seq: number, event: EnrichedEvent): boolean {
  const stored = db.get<{ rawEvent: string; timestamp: string }>(
    'SELECT raw_event AS rawEvent, timestamp FROM audit_events WHERE collector = ? AND seq = ?',
    collector,
    seq,
  )!;
  return saysSomethingElse(stored, event);
}

function alteredEvent({ id, rawEvent }: EnrichedEvent): Rejected {
  return { kind: 'event', reason: `the event ${id} is stored already with other content`, raw: rawEvent };
}

/** U12 Write New Offset and U13 Write New Count: a new offset has not been read yet, so its count and digest start again. */
function moveCheckpoint(
  db: SqliteDatabase,
  page: PageToWrite,
  checkpoint: Checkpoint,
  lastSeq: number,
  count: number,
  now: string,
): void {
  const moves = page.nextOffset !== page.offset;
  db.run(
    `INSERT INTO audit_checkpoints (collector, last_offset, last_date_time, last_count, last_digest, pages, last_seq, caught_up_at)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
     ON CONFLICT (collector) DO UPDATE SET last_offset = ?2, last_date_time = ?3, last_count = ?4, last_digest = ?5, pages = ?6,
       last_seq = ?7, caught_up_at = coalesce(?8, caught_up_at)`,
    page.collector,
    page.nextOffset,
    now,
    moves ? 0 : count,
    moves ? '' : page.digest,
    checkpoint.pages + 1,
    lastSeq,
    page.more ? null : now,
  );
  if (moves) db.run('DELETE FROM cleared_event_ids WHERE collector = ?', page.collector);
}

function moveNewest(db: SqliteDatabase, page: PageToWrite): void {
  let newest = page.events[0];
  if (!newest) return;
  for (const event of page.events) if (event.timeNs > newest.timeNs) newest = event;
  db.run(
    `UPDATE audit_checkpoints SET newest_timestamp = ?2, newest_time_ns = ?3
     WHERE collector = ?1 AND (newest_time_ns IS NULL OR newest_time_ns < ?3)`,
    page.collector,
    newest.timestamp,
    newest.timeNs,
  );
}

/** What was written for a key, or null. */
export function committedPage(db: SqliteDatabase, key: string): PageWritten | null {
  const row = db.get<{ newEvents: number; note: string }>(
    'SELECT new_events AS newEvents, note FROM audit_pages WHERE key = ?',
    key,
  );
  return row ? { outcome: 'written', ...row } : null;
}

/**
 * Read again from the start after it had refused an offset, the source must still have the newest event that is stored:
 * where it begins after that, it has dropped what came between.
 */
function gapAfterRewind(db: SqliteDatabase, page: PageToWrite, checkpoint: Checkpoint): RetentionGap | undefined {
  if (page.offset !== '' || checkpoint.refusedOffset === null || checkpoint.newestTimestamp === null) return undefined;
  let oldest = page.events[0];
  for (const event of page.events) if (event.timeNs < oldest!.timeNs) oldest = event;
  const row = db.get<{ isLater: number }>(
    'SELECT ? > newest_time_ns AS isLater FROM audit_checkpoints WHERE collector = ?',
    oldest?.timeNs ?? 0n,
    page.collector,
  );
  return oldest && row?.isLater === 1 ? { from: checkpoint.newestTimestamp, to: oldest.timestamp } : undefined;
}

/** Told once for each gap. */
function writeGap(db: SqliteDatabase, collector: string, { from, to }: RetentionGap, now: string): void {
  const found = db.run(
    'INSERT INTO retention_gaps (collector, from_time, to_time, found_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    collector,
    from,
    to,
    now,
  );
  if (found > 0) logLine(db, collector, now, 0, lostNote(from, to), null);
}
