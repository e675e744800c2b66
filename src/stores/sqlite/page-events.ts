import type { EnrichedEvent } from '../../domain.js';
import type { PageEvents, StoredContent } from '../sql/dialect.js';
import { all, changesByMany, first, plainText, type SqlValue, type Steps } from '../sql/steps.js';
import { eventIdDigest, moveEventIdsOn, noteEventIds, storedEvents } from './event-ids.js';

const insertEvent = `INSERT INTO audit_events (collector, seq, id, timestamp, time_ns, type, actor, user, client, gateway,
    "group", project, hostname, server, from_addr, raw_event, extra, collected_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`;

export class SqlitePageEvents implements PageEvents {
  readonly keys: readonly string[];
  readonly #collector: string;
  readonly #events: readonly EnrichedEvent[];
  readonly #digests: readonly number[];

  constructor(collector: string, events: readonly EnrichedEvent[]) {
    this.keys = events.map(({ id }) => plainText(id));
    this.#collector = collector;
    this.#events = events;
    this.#digests = this.keys.map((id) => eventIdDigest(collector, id));
  }

  *known(): Steps<Map<string, StoredContent | 'gone'>> {
    const known = new Map<string, StoredContent | 'gone'>();
    for (const { id, ...content } of yield* storedEvents(this.#collector, this.#digests)) known.set(id, content);
    const cleared = yield* all<{ id: string }>(
      'SELECT id FROM cleared_event_ids WHERE collector = $1',
      this.#collector,
    );
    for (const { id } of cleared) known.set(id, 'gone');
    if (!(yield* first('SELECT 1 FROM offloaded_event_ids WHERE collector = $1 LIMIT 1', this.#collector)))
      return known;
    for (const id of this.keys) {
      const went = 'SELECT 1 FROM offloaded_event_ids WHERE collector = $1 AND id = $2';
      if (yield* first(went, this.#collector, id)) known.set(id, 'gone');
    }
    return known;
  }

  *insert(fresh: readonly number[], lastSeq: number, now: string): Steps<void> {
    yield* changesByMany(insertEvent, this.#rows(fresh, lastSeq, now));
    const digests = fresh.map((index) => this.#digests[index]!);
    yield* noteEventIds(digests, lastSeq);
    yield* moveEventIdsOn(digests.length);
  }

  /** One by one, as they are inserted: a thousand at once are moved in memory by the collector of garbage. */
  *#rows(fresh: readonly number[], lastSeq: number, now: string): Iterable<SqlValue[]> {
    let seq = lastSeq;
    for (const index of fresh) {
      const event = this.#events[index]!;
      seq += 1;
      yield [
        this.#collector,
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
}
