import { createHash } from 'node:crypto';
import type { EnrichedEvent } from '../../domain.js';
import type { PageEvents, StoredContent } from '../sql/dialect.js';
import { all, changesByMany, plainText } from '../sql/steps.js';
import { CopyRows } from './copy-rows.js';

/** The digest that identifies an event or a related object. */
function idDigest(id: string): Buffer {
  return createHash('sha256').update(id).digest();
}

/** The digest in the text form of a `bytea`. */
export function idKey(id: string): string {
  return keyOf(idDigest(id));
}

function keyOf(digest: Buffer): string {
  return `\\x${digest.toString('hex')}`;
}

/**
 * Finds the stored ids among `$2` one by one through the index. Written as a plain join, the server would read all ids
 * for as long as it has no statistics on digest prefixes and collectors.
 */
const wantedIds = `unnest($2::bytea[]) AS wanted (digest) JOIN LATERAL (
  SELECT collector, digest, seq, event_time FROM audit_event_ids
  WHERE substr(digest, 1, 7) = substr(wanted.digest, 1, 7) OFFSET 0
) AS i ON i.collector = $1 AND i.digest = wanted.digest`;

/** Condition: the sequence number is that of an event with one of these ids. As an array, so that an index finds it. */
export function seqOfIdsAmong(collector: string, ids: readonly string[]): string {
  const digests = ids.map((id) => `(sha256(convert_to(${id}::text, 'UTF8')))`).join(', ');
  return `seq = ANY(ARRAY(SELECT i.seq FROM (VALUES ${digests}) AS wanted (digest) JOIN LATERAL (
    SELECT collector, digest, seq FROM audit_event_ids WHERE substr(digest, 1, 7) = substr(wanted.digest, 1, 7) OFFSET 0
  ) AS i ON i.collector = ${collector} AND i.digest = wanted.digest))`;
}

/** The event of the id `i`. The range and the order allow only one index; a plain equality would allow three. */
const eventOfId = `LATERAL (
  SELECT "timestamp", raw_event FROM audit_events
  WHERE collector = $1 AND event_time = i.event_time AND seq BETWEEN i.seq AND i.seq ORDER BY seq LIMIT 1
) AS e`;

const columns = [
  ...['collector', 'seq', 'event_time', 'time_ns', 'id', 'timestamp', 'type', 'actor', 'user', 'client', 'gateway'],
  ...['group', 'project', 'hostname', 'server', 'from_addr', 'raw_event', 'extra', 'collected_at'],
];
const copyEvents = `COPY audit_events (${columns.map((column) => `"${column}"`).join(', ')}) FROM STDIN (FORMAT binary)`;
const copyIds = 'COPY audit_event_ids (collector, digest, seq, event_time) FROM STDIN (FORMAT binary)';

/** Looks up and stores any number of events in a few statements. */
export function pageEvents(collector: string, events: readonly EnrichedEvent[]): PageEvents {
  const digests = events.map(({ id }) => idDigest(id));
  const keys = digests.map(keyOf);
  return {
    keys,
    /** An event that was dropped with its partition is known too. */
    *known() {
      if (keys.length === 0) return [];
      const rows = yield* all<{ digest: Buffer; seq: number | null }>(
        `SELECT digest, NULL::bigint AS seq FROM cleared_event_ids WHERE collector = $1 AND digest = ANY($2)
         UNION ALL SELECT digest, NULL FROM offloaded_event_ids WHERE collector = $1 AND digest = ANY($2)
         UNION ALL SELECT wanted.digest, i.seq FROM ${wantedIds}`,
        collector,
        keys,
      );
      const stored = rows.filter(({ seq }) => seq !== null).map(({ digest }) => keyOf(digest));
      const contents = new Map<number, StoredContent>();
      if (stored.length > 0) {
        const found = yield* all<StoredContent & { seq: number }>(
          `SELECT i.seq, e."timestamp" AS timestamp, e.raw_event AS "rawEvent" FROM ${wantedIds}, ${eventOfId}`,
          collector,
          stored,
        );
        for (const { seq, ...content } of found) contents.set(seq, content);
      }
      return rows.map(({ digest, seq }) => ({
        key: keyOf(digest),
        seq,
        content: seq === null ? null : (contents.get(seq) ?? null),
      }));
    },
    *insert(fresh, lastSeq, now) {
      if (fresh.length === 0) return;
      const copiedEvents = new CopyRows();
      const copiedIds = new CopyRows();
      for (const [place, index] of fresh.entries()) {
        const event = events[index]!;
        const seq = lastSeq + 1 + place;
        copiedIds.row(4).text(collector).bytes(digests[index]!).int8(seq).timestamp(event.timeNs);
        copiedEvents.row(columns.length).text(collector).int8(seq).timestamp(event.timeNs).int8(event.timeNs);
        for (const text of [
          event.id,
          event.timestamp,
          event.type,
          event.actor,
          event.user,
          event.client,
          event.gateway,
        ])
          copiedEvents.text(plainText(text));
        for (const text of [event.group, event.project, event.hostname, event.server, event.fromAddr, event.rawEvent])
          copiedEvents.text(plainText(text));
        copiedEvents.text(event.extra === null ? null : plainText(event.extra)).text(now);
      }
      yield* changesByMany(copyIds, copiedIds.end());
      yield* changesByMany(copyEvents, copiedEvents.end());
    },
  };
}
