import type { EnrichedEvent } from '../../domain.js';
import type { KnownEvent, PageEvents } from '../sql/dialect.js';
import { all, changesByMany, first, plainText, type SqlValue } from '../sql/steps.js';
import { eventIdDigest, moveEventIdsOn, noteEventIds, storedEvents } from './event-ids.js';

const insertEvent = `INSERT INTO audit_events (collector, seq, id, timestamp, time_ns, type, actor, user, client, gateway,
    "group", project, hostname, server, from_addr, raw_event, extra, collected_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`;

export function pageEvents(collector: string, events: readonly EnrichedEvent[]): PageEvents {
  const keys = events.map(({ id }) => plainText(id));
  const digests = keys.map((id) => eventIdDigest(collector, id));
  return {
    keys,
    *known() {
      const known: KnownEvent[] = [];
      for (const { id: key, seq, ...content } of yield* storedEvents(collector, digests))
        known.push({ key, seq, content });
      const cleared = yield* all<{ id: string }>('SELECT id FROM cleared_event_ids WHERE collector = $1', collector);
      for (const { id } of cleared) known.push({ key: id, seq: null, content: null });
      if (!(yield* first('SELECT 1 FROM offloaded_event_ids WHERE collector = $1 LIMIT 1', collector))) return known;
      const went = 'SELECT 1 FROM offloaded_event_ids WHERE collector = $1 AND id = $2';
      for (const key of keys) if (yield* first(went, collector, key)) known.push({ key, seq: null, content: null });
      return known;
    },
    *insert(fresh, lastSeq, now) {
      /** Yields rows as they are inserted: the garbage collector would copy a thousand at once around in memory. */
      function* rows(): Iterable<SqlValue[]> {
        let seq = lastSeq;
        for (const index of fresh) {
          const event = events[index]!;
          seq += 1;
          yield [
            collector,
            seq,
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
          ];
        }
      }
      yield* changesByMany(insertEvent, rows());
      const inserted = fresh.map((index) => digests[index]!);
      yield* noteEventIds(inserted, lastSeq);
      yield* moveEventIdsOn(inserted.length);
    },
  };
}
