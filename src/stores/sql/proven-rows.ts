import type { EnrichedEvent } from '../../domain.js';
import type { ProvenEvent } from '../../proof/event-leaf.js';
import { textsDigest } from '../../proof/journal.js';
import type { ProvenPage, ProvenRow } from '../proof-reader.js';
import { afterCleared } from './seen-events.js';
import { all, plainText, type Steps } from './steps.js';

/** An event of a page as the store keeps it. */
export function provenEvent(event: EnrichedEvent, seq: number, collectedAt: string): ProvenEvent {
  return {
    seq,
    id: plainText(event.id),
    timestamp: plainText(event.timestamp),
    type: plainText(event.type),
    actor: plainText(event.actor),
    user: plainText(event.user),
    client: plainText(event.client),
    gateway: plainText(event.gateway),
    group: plainText(event.group),
    project: plainText(event.project),
    hostname: plainText(event.hostname),
    server: plainText(event.server),
    fromAddr: plainText(event.fromAddr),
    rawEvent: plainText(event.rawEvent),
    extra: event.extra === null ? null : plainText(event.extra),
    collectedAt,
  };
}

/** Events with these numbers that are stored and not cleared, in order; at most `limit`. */
export function* provenRows(
  collector: string,
  { afterSeq, upToSeq, limit }: { afterSeq: number; upToSeq: number; limit: number },
): Steps<ProvenRow[]> {
  return yield* all<ProvenRow>(
    `SELECT seq, id, "timestamp", type, actor, "user", client, gateway, "group", project, hostname, server,
       from_addr AS "fromAddr", raw_event AS "rawEvent", extra, collected_at AS "collectedAt", CAST(time_ns AS text) AS "timeNs"
     FROM audit_events WHERE collector = $1 AND seq > ${afterCleared('$1', '$2')} AND seq <= $3 ORDER BY seq LIMIT $4`,
    collector,
    afterSeq,
    upToSeq,
    limit,
  );
}

/** Rows of the ledger in the order of their numbers. */
export function* provenPages(collector: string, afterPage: number, upToPage: number): Steps<ProvenPage[]> {
  return yield* all<ProvenPage>(
    `SELECT number, key, "offset", generation, events, new_events AS "newEvents", rejected, first_seq AS "firstSeq",
       last_seq AS "lastSeq", digest, note, committed_at AS "committedAt"
     FROM audit_pages WHERE collector = $1 AND number > $2 AND number <= $3 ORDER BY number`,
    collector,
    afterPage,
    upToPage,
  );
}

/** Digest of the texts of a row of the ledger. */
export function pageTexts({ key, offset, note }: { key: string; offset: string; note: string }): string {
  return textsDigest(plainText(key), plainText(offset), plainText(note));
}

/** Digest of rows of the ledger that have no entries of their own. */
export function ledgerDigest(pages: readonly ProvenPage[]): string {
  const rows = pages.map((page) =>
    [
      ...[page.number, page.key, page.offset, page.generation, page.events, page.newEvents, page.rejected],
      ...[page.firstSeq ?? '', page.lastSeq ?? '', page.digest, page.note, page.committedAt],
    ].join('\0'),
  );
  return textsDigest(rows.join('\n'));
}
