import { hash } from 'node:crypto';
import type { SqliteDatabase } from './database.js';

/**
 * Which events are stored, by their ids: what keeps an event from being stored twice.
 *
 * Ids are random. In one index each new event changes a leaf of its own, and a store of millions writes a thousand of them
 * for a page of a thousand events. So new ones go into a small table, from which they move on into a larger one, and from
 * there into the one that has nearly all: a narrow range at a time, and so many to each leaf.
 *
 * A digest is short, since it only leads to events: the event itself tells whether it is the one. An entry too many does
 * no harm, one that is missing would.
 */
const tiers = ['audit_event_ids_0', 'audit_event_ids_1', 'audit_event_ids_2'] as const;

/** Into how many ranges the digests of a tier are divided; with each thousand of new events one of them moves on. */
const rangesOf = [16, 512] as const;
const eventsBetweenMoves = 1_000;

/** Hexadecimal digits: 48 bits, which a number holds. */
const digestDigits = 12;
const digestsEnd = 16 ** digestDigits;

/** In statements and migrations it is `event_id_digest`. */
export function eventIdDigest(collector: string, id: string): number {
  return Number.parseInt(hash('sha256', `${collector}\0${id}`).slice(0, digestDigits), 16);
}

/** What is compared of an event that is stored already. */
export interface HeldEvent {
  timestamp: string;
  rawEvent: string;
}

/** The stored ones among events, by id; others may be among them. @param digests of the events */
export function heldEvents(db: SqliteDatabase, collector: string, digests: readonly number[]): Map<string, HeldEvent> {
  const held = new Map<string, HeldEvent>();
  for (const { id, ...event } of db.all<HeldEvent & { id: string }>(heldSql, collector, JSON.stringify(digests)))
    held.set(id, event);
  return held;
}

const heldSql = tiers
  .map(
    (tier) => `SELECT e.id, e.timestamp, e.raw_event AS rawEvent FROM json_each(?2) d
      CROSS JOIN ${tier} t ON t.digest = d.value CROSS JOIN audit_events e ON e.collector = ?1 AND e.seq = t.seq`,
  )
  .join(' UNION ALL ');

/** Notes events that have been stored, in their order. @param lastSeq of the collector before the first of them */
export function noteEventIds(db: SqliteDatabase, digests: readonly number[], lastSeq: number): void {
  if (digests.length === 0) return;
  db.run(
    `INSERT INTO ${tiers[0]} (digest, seq) SELECT value, ?2 + 1 + key FROM json_each(?1) WHERE true ON CONFLICT DO NOTHING`,
    JSON.stringify(digests),
    lastSeq,
  );
  moveOn(db, lastSeq, lastSeq + digests.length);
}

function moveOn(db: SqliteDatabase, fromSeq: number, toSeq: number): void {
  const last = Math.floor(toSeq / eventsBetweenMoves);
  for (let move = Math.floor(fromSeq / eventsBetweenMoves) + 1; move <= last; move += 1) {
    for (const [tier, ranges] of rangesOf.entries()) {
      const width = digestsEnd / ranges;
      const begin = (move % ranges) * width;
      const range = `FROM ${tiers[tier]} WHERE digest >= ? AND digest < ?`;
      db.run(`INSERT INTO ${tiers[tier + 1]} SELECT digest, seq ${range} ON CONFLICT DO NOTHING`, begin, begin + width);
      db.run(`DELETE ${range}`, begin, begin + width);
    }
  }
}

/** To be told before events are removed. @param where which of `audit_events`, with its values */
export function forgetEventIds(db: SqliteDatabase, where: string, ...values: string[]): void {
  for (const tier of tiers) {
    db.run(
      `DELETE FROM ${tier} WHERE (digest, seq) IN (SELECT event_id_digest(collector, id), seq FROM audit_events WHERE ${where})`,
      ...values,
    );
  }
}

/** To be told before all events of a collector are removed. */
export function forgetAllEventIds(db: SqliteDatabase, collector: string): void {
  const others = db.get('SELECT 1 FROM audit_checkpoints WHERE collector <> ? AND last_seq > 0 LIMIT 1', collector);
  if (others !== undefined) forgetEventIds(db, 'collector = ?', collector);
  else for (const tier of tiers) db.run(`DELETE FROM ${tier}`);
}
