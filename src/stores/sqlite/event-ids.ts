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

/** The sequence numbers of those events that are stored, by id; others may be among them. @param digests of the events */
export function storedEvents(db: SqliteDatabase, collector: string, digests: readonly number[]): Map<string, number> {
  if (digests.length === 0) return new Map();
  const rows = db.all<{ id: string; seq: number }>(storedSql, collector, JSON.stringify(digests));
  return new Map(rows.map(({ id, seq }) => [id, seq]));
}

const storedSql = tiers
  .map(
    (tier) => `SELECT e.id, e.seq FROM json_each(?2) d CROSS JOIN ${tier} t ON t.digest = d.value
      CROSS JOIN audit_events e ON e.collector = ?1 AND e.seq = t.seq`,
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
}

/** To be called after events have been stored and noted, with how many. */
export function moveEventIdsOn(db: SqliteDatabase, count: number): void {
  if (count === 0) return;
  // Of all collectors: many small ones fill the tables as a large one does.
  const { stored } = db.get<{ stored: number }>('SELECT max(rowid) AS stored FROM audit_events')!;
  const last = Math.floor(stored / eventsBetweenMoves);
  for (let move = Math.floor((stored - count) / eventsBetweenMoves) + 1; move <= last; move += 1) {
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
  db.run(
    'CREATE TEMP TABLE IF NOT EXISTS forgotten_event_ids (digest INTEGER, seq INTEGER, PRIMARY KEY (digest, seq))',
  );
  db.run('DELETE FROM forgotten_event_ids');
  db.run(
    `INSERT INTO forgotten_event_ids SELECT event_id_digest(collector, id), seq FROM audit_events WHERE ${where} ORDER BY 1, 2`,
    ...values,
  );
  for (const tier of tiers)
    db.run(`DELETE FROM ${tier} WHERE (digest, seq) IN (SELECT digest, seq FROM forgotten_event_ids)`);
}

/** To be told before all events of a collector are removed. */
export function forgetAllEventIds(db: SqliteDatabase, collector: string): void {
  const others = db.get<{ some: number }>(
    `SELECT EXISTS (SELECT 1 FROM audit_events WHERE collector < ?1)
         OR EXISTS (SELECT 1 FROM audit_events WHERE collector > ?1) AS some`,
    collector,
  );
  if (others!.some === 1) forgetEventIds(db, 'collector = ?', collector);
  else for (const tier of tiers) db.run(`DELETE FROM ${tier}`);
}
