import type { Checkpoint, EnrichedEvent, Rejected, RetentionGap } from '../../domain.js';
import { branchNote } from '../branches.js';
import { lostNote, rejectsNote, saysSomethingElse, warningKey } from '../page-notes.js';
import type { PageToWrite, PageWritten } from '../store.js';
import { CopyRows } from './copy-rows.js';
import { type Queries, withoutNul } from './database.js';
import { holdCheckpoint, idDigest, keepReject, logLine } from './rows.js';

/** Commits a page (see `Store.writePage`), in a few statements whatever its size; to be called within a transaction. */
export async function writePage(queries: Queries, page: PageToWrite, at: Date): Promise<PageWritten> {
  const checkpoint = await holdCheckpoint(queries, page.collector);
  const repeated = await committedPage(queries, page.key);
  if (repeated) return repeated;
  await queries.run('DELETE FROM staged_pages WHERE key = $1', page.key);
  if (checkpoint.lastOffset !== withoutNul(page.offset) || checkpoint.generation !== page.generation) {
    return { outcome: 'superseded', newEvents: 0, note: '' };
  }

  const now = at.toISOString();
  const { fresh, altered } = await sortOut(queries, page);
  await storeRelatedObjects(queries, page, now.slice(0, 10));
  await insertEvents(queries, page.collector, checkpoint.lastSeq, fresh, now);
  const lastSeq = checkpoint.lastSeq + fresh.length;
  let rejects = 0;
  for (const rejected of [...page.rejected, ...altered])
    rejects += await keepReject(queries, page.collector, page.offset, rejected, now);

  const count = page.events.length + page.rejected.length;
  const note = branchNote({ more: page.more, newEvents: fresh.length, lastCount: checkpoint.lastCount });
  const gap = page.gap ?? (await gapAfterRewind(queries, page, checkpoint));
  await moveCheckpoint(queries, page, checkpoint, lastSeq, count, now);
  await logLine(queries, page.collector, now, fresh.length, note, null);
  if (rejects > 0) await logLine(queries, page.collector, now, 0, rejectsNote(rejects), null);
  if (gap) await writeGap(queries, page.collector, gap, now);
  if (page.warning) await logLine(queries, page.collector, now, 0, page.warning, warningKey(page, page.warning));
  await queries.run(
    `INSERT INTO audit_pages (collector, number, key, "offset", generation, events, new_events, first_seq, last_seq, digest, note, committed_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    page.collector,
    checkpoint.pages + 1,
    page.key,
    page.offset,
    page.generation,
    count,
    fresh.length,
    fresh.length > 0 ? checkpoint.lastSeq + 1 : null,
    fresh.length > 0 ? lastSeq : null,
    page.digest,
    note,
    now,
  );
  return { outcome: 'written', newEvents: fresh.length, note };
}

/** S20 Store Related Objects, S21 for each. */
async function storeRelatedObjects(
  queries: Queries,
  { collector, relatedObjects }: PageToWrite,
  today: string,
): Promise<void> {
  if (relatedObjects.length === 0) return;
  const rows = new Map<string, object>();
  for (const { id, type, object } of relatedObjects) {
    const digest = idDigest(id).toString('hex');
    rows.set(digest, { digest, id: withoutNul(id), type: withoutNul(type), object: withoutNul(object) });
  }
  await queries.run(
    `INSERT INTO audit_related_objects (collector, digest, id, type, object, seen_at)
     SELECT $1, decode(digest, 'hex'), id, type, object, $3
     FROM json_to_recordset($2::json) AS row (digest text, id text, type text, object text)
     ON CONFLICT (collector, digest) DO UPDATE SET type = excluded.type, object = excluded.object, seen_at = excluded.seen_at
     WHERE audit_related_objects.type <> excluded.type OR audit_related_objects.object <> excluded.object
       OR audit_related_objects.seen_at < excluded.seen_at`,
    collector,
    JSON.stringify([...rows.values()]),
    today,
  );
}

/**
 * Where the stored ids are found that are among `$2`: by the one index, one after the other. For as long as the server
 * does not know how many digests begin alike, or how many collectors there are, it would read all ids otherwise.
 */
const wantedIds = `unnest($2::bytea[]) AS wanted (digest) JOIN LATERAL (
  SELECT collector, digest, seq, event_time FROM audit_event_ids
  WHERE substr(digest, 1, 7) = substr(wanted.digest, 1, 7) OFFSET 0
) AS i ON i.collector = $1 AND i.digest = wanted.digest`;

/** The event of the id `i`. A range and an order leave one index only, where a number by itself would leave three. */
const eventOfId = `LATERAL (
  SELECT "timestamp", raw_event FROM audit_events
  WHERE collector = $1 AND event_time = i.event_time AND seq BETWEEN i.seq AND i.seq ORDER BY seq LIMIT 1
) AS e`;

interface NewEvent {
  event: EnrichedEvent;
  digest: Buffer;
}

/**
 * S31: an event whose id is stored already is passed over, unless it says something else now: then it is kept among
 * the rejects. The collector's checkpoint is held, so what is not stored now will not be before it is inserted.
 */
async function sortOut(queries: Queries, page: PageToWrite): Promise<{ fresh: NewEvent[]; altered: Rejected[] }> {
  const candidates = page.events.map((event) => ({ event, digest: idDigest(event.id), key: '' }));
  for (const candidate of candidates) candidate.key = candidate.digest.toString('latin1');
  const digests = candidates.map(({ digest }) => digest);
  const cleared = new Set<string>();
  const stored = new Map<string, { timestamp: string; rawEvent: string }>();
  if (digests.length > 0) {
    const rows = await queries.all<{ digest: Buffer; cleared: boolean }>(
      `SELECT digest, true AS cleared FROM cleared_event_ids WHERE collector = $1 AND digest = ANY($2)
       UNION ALL SELECT digest, true FROM offloaded_event_ids WHERE collector = $1 AND digest = ANY($2)
       UNION ALL SELECT wanted.digest, false FROM ${wantedIds}`,
      page.collector,
      digests,
    );
    const known = rows.filter((row) => !row.cleared).map(({ digest }) => digest);
    for (const row of rows) if (row.cleared) cleared.add(row.digest.toString('latin1'));
    if (known.length > 0) {
      const contents = await queries.all<{ digest: Buffer; timestamp: string; rawEvent: string }>(
        `SELECT wanted.digest, e."timestamp" AS timestamp, e.raw_event AS "rawEvent" FROM ${wantedIds}, ${eventOfId}`,
        page.collector,
        known,
      );
      for (const { digest, ...content } of contents) stored.set(digest.toString('latin1'), content);
      // An event that was dropped with its partition is known all the same.
      for (const digest of known) if (!stored.has(digest.toString('latin1'))) cleared.add(digest.toString('latin1'));
    }
  }
  const fresh: NewEvent[] = [];
  const altered: Rejected[] = [];
  for (const { event, digest, key } of candidates) {
    if (cleared.has(key)) continue;
    const before = stored.get(key);
    if (!before) {
      fresh.push({ event, digest });
      stored.set(key, { timestamp: withoutNul(event.timestamp), rawEvent: withoutNul(event.rawEvent) });
    } else if (
      saysSomethingElse(before, { timestamp: withoutNul(event.timestamp), rawEvent: withoutNul(event.rawEvent) })
    ) {
      altered.push({
        kind: 'event',
        reason: `the event ${event.id} is stored already with other content`,
        raw: event.rawEvent,
      });
    }
  }
  return { fresh, altered };
}

const columns = [
  ...['collector', 'seq', 'event_time', 'time_ns', 'id', 'timestamp', 'type', 'actor', 'user', 'client', 'gateway'],
  ...['group', 'project', 'hostname', 'server', 'from_addr', 'raw_event', 'extra', 'collected_at'],
];
const copyEvents = `COPY audit_events (${columns.map((column) => `"${column}"`).join(', ')}) FROM STDIN (FORMAT binary)`;
const copyIds = 'COPY audit_event_ids (collector, digest, seq, event_time) FROM STDIN (FORMAT binary)';

async function insertEvents(
  queries: Queries,
  collector: string,
  lastSeq: number,
  fresh: readonly NewEvent[],
  now: string,
): Promise<void> {
  if (fresh.length === 0) return;
  const events = new CopyRows();
  const ids = new CopyRows();
  for (const [index, { event, digest }] of fresh.entries()) {
    const seq = lastSeq + 1 + index;
    ids.row(4).text(collector).bytes(digest).int8(seq).timestamp(event.timeNs);
    events.row(columns.length).text(collector).int8(seq).timestamp(event.timeNs).int8(event.timeNs);
    for (const text of [event.id, event.timestamp, event.type, event.actor, event.user, event.client, event.gateway])
      events.text(withoutNul(text));
    for (const text of [event.group, event.project, event.hostname, event.server, event.fromAddr, event.rawEvent])
      events.text(withoutNul(text));
    events.text(event.extra === null ? null : withoutNul(event.extra)).text(now);
  }
  await queries.copyIn(copyIds, ids.end());
  await queries.copyIn(copyEvents, events.end());
}

/** U12 Write New Offset and U13 Write New Count: a new offset has not been read yet, so its count and digest start again. */
async function moveCheckpoint(
  queries: Queries,
  page: PageToWrite,
  checkpoint: Checkpoint,
  lastSeq: number,
  count: number,
  now: string,
): Promise<void> {
  const moves = page.nextOffset !== page.offset;
  let newest = page.events[0];
  for (const event of page.events) if (event.timeNs > newest!.timeNs) newest = event;
  await queries.run(
    `UPDATE audit_checkpoints SET last_offset = $2, last_date_time = $3, last_count = $4, last_digest = $5, pages = $6, last_seq = $7,
       caught_up_at = coalesce($8, caught_up_at),
       newest_timestamp = CASE WHEN $10::bigint > coalesce(newest_time_ns, $10::bigint - 1) THEN $9 ELSE newest_timestamp END,
       newest_time_ns = greatest(newest_time_ns, $10::bigint)
     WHERE collector = $1`,
    page.collector,
    page.nextOffset,
    now,
    moves ? 0 : count,
    moves ? '' : page.digest,
    checkpoint.pages + 1,
    lastSeq,
    page.more ? null : now,
    newest?.timestamp ?? null,
    newest?.timeNs ?? null,
  );
  if (moves) await queries.run('DELETE FROM cleared_event_ids WHERE collector = $1', page.collector);
}

/** What was written for a key, or null. */
export async function committedPage(queries: Queries, key: string): Promise<PageWritten | null> {
  const row = await queries.get<{ newEvents: number; note: string }>(
    'SELECT new_events AS "newEvents", note FROM audit_pages WHERE key = $1',
    key,
  );
  return row ? { outcome: 'written', ...row } : null;
}

/**
 * Read again from the start after it had refused an offset, the source must still have the newest event that is stored:
 * where it begins after that, it has dropped what came between.
 */
async function gapAfterRewind(
  queries: Queries,
  page: PageToWrite,
  checkpoint: Checkpoint,
): Promise<RetentionGap | undefined> {
  if (page.offset !== '' || checkpoint.refusedOffset === null || checkpoint.newestTimestamp === null) return undefined;
  let oldest = page.events[0];
  for (const event of page.events) if (event.timeNs < oldest!.timeNs) oldest = event;
  if (!oldest) return undefined;
  const row = await queries.get<{ later: boolean }>(
    'SELECT $2::bigint > newest_time_ns AS later FROM audit_checkpoints WHERE collector = $1',
    page.collector,
    oldest.timeNs,
  );
  return row?.later ? { from: checkpoint.newestTimestamp, to: oldest.timestamp } : undefined;
}

/** Told once for each gap. */
async function writeGap(queries: Queries, collector: string, { from, to }: RetentionGap, now: string): Promise<void> {
  const found = await queries.run(
    'INSERT INTO retention_gaps (collector, from_time, to_time, found_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING',
    collector,
    from,
    to,
    now,
  );
  if (found > 0) await logLine(queries, collector, now, 0, lostNote(from, to), null);
}
