import { branchNote } from '../../branches.js';
import type { Checkpoint, EnrichedEvent, Rejected, RetentionGap } from '../../domain.js';
import { alteredReason, lostNote, rejectsNote, saysSomethingElse, warningKey } from '../page-notes.js';
import type { PageToWrite, PageWritten } from '../store.js';
import { holdCheckpoint, isAt } from './checkpoints.js';
import { clearedEvents } from './clearings.js';
import type { Dialect, PageEvents, StoredContent } from './dialect.js';
import { erasedIds } from './erasure.js';
import { logLine } from './log.js';
import { gapEntry, provePage } from './proof-page.js';
import { keepRejects, settleRejects } from './rejects.js';
import { storeRelatedObjects } from './related-objects.js';
import { changes, first, insert, plainText, type Steps } from './steps.js';

/** Commits a page (see `Store.writePage`). */
export function* writePage(dialect: Dialect, page: PageToWrite, now: string): Steps<PageWritten> {
  const { collector, key, offset } = page;
  const checkpoint = yield* holdCheckpoint(dialect, collector);
  const repeated = yield* committedPage(collector, key);
  if (repeated) return repeated;
  yield* changes('DELETE FROM staged_pages WHERE key = $1', key);
  if (!isAt(checkpoint, page)) return { outcome: 'superseded', newEvents: 0, note: '' };

  yield* storeRelatedObjects(dialect, page, now.slice(0, 10));
  const { fresh, altered } = yield* insertEvents(dialect, page, checkpoint.lastSeq, now);
  const newEvents = fresh.length;
  const rejected = [...page.rejected, ...altered];
  const read = { collector, offset, now, ids: page.events.map(({ id }) => id) };
  yield* settleRejects(dialect, read);
  const kept = yield* keepRejects(dialect, rejected, read);
  const { more, notCaughtUp } = page;
  const note = branchNote({ more, newEvents, lastCount: checkpoint.lastCount, notCaughtUp });
  const gap = page.gap ?? (yield* gapAfterRewind(page, checkpoint));
  const written = {
    pages: checkpoint.pages + 1,
    lastSeq: checkpoint.lastSeq + newEvents,
    count: page.events.length + page.rejected.length,
    now,
  };
  yield* moveCheckpoint(page, written);
  yield* logLine(collector, { now, eventsWritten: newEvents, note, key: null });
  if (kept.opened > 0) yield* logLine(collector, { now, note: rejectsNote(kept.opened), key: null });
  const isNewGap = gap !== undefined && (yield* writeGap(collector, gap, now));
  if (page.warning) yield* logLine(collector, { now, note: page.warning, key: warningKey(page, page.warning) });
  const row = {
    number: written.pages,
    key,
    offset,
    generation: page.generation,
    events: written.count,
    new_events: newEvents,
    rejected: rejected.length,
    first_seq: newEvents > 0 ? checkpoint.lastSeq + 1 : null,
    last_seq: newEvents > 0 ? written.lastSeq : null,
    digest: page.digest,
    note,
    committed_at: now,
  };
  yield* insert('audit_pages', { collector, ...row });
  const facts = [...kept.entries, ...(isNewGap ? [gapEntry(gap, now)] : [])];
  const events = fresh.map((index) => page.events[index]!);
  yield* provePage(dialect, { collector, isLight: page.followed ?? false, checkpoint, row, facts, events });
  return { outcome: 'written', newEvents, note };
}

/** See `Store.committedPage`. */
export function* committedPage(collector: string, key: string): Steps<PageWritten | null> {
  const row = yield* first<{ newEvents: number; note: string }>(
    'SELECT new_events AS "newEvents", note FROM audit_pages WHERE key = $1 AND collector = $2',
    key,
    collector,
  );
  return row ? { outcome: 'written', ...row } : null;
}

/**
 * S31 Check then Process Audit Event: skips an event whose id is already stored. If its content differs, it goes to the
 * rejects. The collector's checkpoint is locked, so no other writer can store an event between check and insert.
 */
function* insertEvents(
  dialect: Dialect,
  page: PageToWrite,
  lastSeq: number,
  now: string,
): Steps<{ fresh: number[]; altered: Rejected[] }> {
  const { collector, events } = page;
  const pageEvents = dialect.pageEvents(collector, events);
  const known = yield* knownContents(page, pageEvents);
  const fresh: number[] = [];
  const altered: Rejected[] = [];
  for (const [index, event] of events.entries()) {
    const key = pageEvents.keys[index]!;
    const stored = known.get(key);
    if (stored === undefined) {
      fresh.push(index);
      known.set(key, event);
    } else if (stored !== 'gone' && saysSomethingElse(contentOf(stored), contentOf(event))) {
      altered.push(alteredEvent(event));
    }
  }
  yield* pageEvents.insert(fresh, lastSeq, now);
  return { fresh, altered };
}

/** Content of stored events by key; `gone` for those that must not be stored again. */
export function* knownContents(
  { collector, events }: Pick<PageToWrite, 'collector' | 'events'>,
  pageEvents: PageEvents,
): Steps<Map<string, StoredContent | 'gone'>> {
  const cleared = yield* clearedEvents(collector);
  const known = new Map<string, StoredContent | 'gone'>();
  for (const { key, seq, content } of yield* pageEvents.known()) {
    const found = (seq === null ? 'gone' : cleared(seq)) ?? content ?? 'gone';
    if (found !== 'free' && known.get(key) !== 'gone') known.set(key, found);
  }
  const isErased = yield* erasedIds(collector);
  for (const [index, { id }] of events.entries()) if (isErased(id)) known.set(pageEvents.keys[index]!, 'gone');
  return known;
}

/** The content in the form in which it is stored. */
export function contentOf({ timestamp, rawEvent }: StoredContent): StoredContent {
  return { timestamp: plainText(timestamp), rawEvent: plainText(rawEvent) };
}

function alteredEvent({ id, timestamp, rawEvent, whole = rawEvent }: EnrichedEvent): Rejected {
  return { kind: 'event', reason: alteredReason(id), raw: whole, event: { id, timestamp } };
}

/** U12 Write New Offset and U13 Write New Count: a new offset is unread, so its count and digest are reset. */
function* moveCheckpoint(
  page: PageToWrite,
  { pages, lastSeq, count, now }: { pages: number; lastSeq: number; count: number; now: string },
): Steps<void> {
  const moves = page.nextOffset !== page.offset;
  const newest = mostOf(page.events, (event, than) => event.timeNs > than.timeNs);
  yield* changes(
    `UPDATE audit_checkpoints SET last_offset = $2, last_date_time = $3, last_count = $4, last_digest = $5, pages = $6,
       last_seq = $7, durable_seq = CASE WHEN $11 THEN coalesce(durable_seq, last_seq) END, caught_up_at = coalesce($8, caught_up_at),
       newest_timestamp = CASE WHEN newest_time_ns >= CAST($10 AS bigint) THEN newest_timestamp ELSE coalesce($9, newest_timestamp) END,
       newest_time_ns = CASE WHEN newest_time_ns >= $10 THEN newest_time_ns ELSE coalesce($10, newest_time_ns) END
     WHERE collector = $1`,
    page.collector,
    page.nextOffset,
    now,
    moves ? 0 : count,
    moves ? '' : page.digest,
    pages,
    lastSeq,
    page.more || page.notCaughtUp !== undefined ? null : now,
    newest?.timestamp ?? null,
    newest?.timeNs ?? null,
    page.followed ?? false,
  );
  // A source may answer with empty pages for a while, and give what the open page held under another offset.
  if (moves && count > 0) yield* changes('DELETE FROM cleared_event_ids WHERE collector = $1', page.collector);
}

/**
 * After the source refuses an offset, reading restarts from the beginning. The source must then still have the newest
 * stored event: if its oldest event is later, it has dropped what came between.
 */
function* gapAfterRewind(page: PageToWrite, checkpoint: Checkpoint): Steps<RetentionGap | undefined> {
  const { refusedOffset, newestTimestamp } = checkpoint;
  const oldest = mostOf(page.events, (event, than) => event.timeNs < than.timeNs);
  if (page.offset !== '' || refusedOffset === null || newestTimestamp === null || !oldest) return undefined;
  const isLater = yield* first(
    'SELECT 1 FROM audit_checkpoints WHERE collector = $1 AND newest_time_ns < $2',
    page.collector,
    oldest.timeNs,
  );
  return isLater ? { from: newestTimestamp, to: oldest.timestamp } : undefined;
}

/** The first event that ranks highest by `isMore`. */
function mostOf(
  events: readonly EnrichedEvent[],
  isMore: (event: EnrichedEvent, than: EnrichedEvent) => boolean,
): EnrichedEvent | undefined {
  let most = events[0];
  for (const event of events) if (isMore(event, most!)) most = event;
  return most;
}

/** Logs each gap once. @returns whether it is new */
function* writeGap(collector: string, { from, to }: RetentionGap, now: string): Steps<boolean> {
  const gap = { collector, from_time: from, to_time: to, found_at: now };
  const found = yield* insert('retention_gaps', gap, 'ON CONFLICT DO NOTHING');
  if (found > 0) yield* logLine(collector, { now, note: lostNote(from, to), key: null });
  return found > 0;
}
