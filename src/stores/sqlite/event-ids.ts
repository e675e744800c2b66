import { hash } from 'node:crypto';
import type { CopiedRow } from '../copied-tables.js';
import type { StoredContent } from '../sql/dialect.js';
import { all, changes, first, type Steps } from '../sql/steps.js';

/**
 * Index of the ids of stored events, which keeps an event from being stored twice.
 *
 * Ids are random. In a single index, each new event changes a leaf of its own: in a store of millions, a page of a
 * thousand events would write a thousand leaves. So new ids go into a small table, move on to a larger one, and from
 * there to the one that holds nearly all of them, always a narrow range at a time, so that many ids share a leaf.
 *
 * A digest can be short, since it only points to candidates: the event itself settles the match. An extra entry is
 * harmless, a missing one is not.
 */
const tiers = ['audit_event_ids_0', 'audit_event_ids_1', 'audit_event_ids_2'] as const;

/** Number of digest ranges per tier. One range moves on with every thousand new events. */
const rangesOf = [16, 512] as const;
const eventsBetweenMoves = 1_000;

/** Hexadecimal digits: 48 bits, which fit into a number. */
const digestDigits = 12;
const digestsEnd = 16 ** digestDigits;

/** Available in SQL as `event_id_digest`. */
export function eventIdDigest(collector: string, id: string): number {
  return Number.parseInt(hash('sha256', `${collector}\0${id}`).slice(0, digestDigits), 16);
}

type StoredId = StoredContent & { id: string; seq: number };

/** Stored events with these digests. May include other events with the same digest. */
export function* storedEvents(collector: string, digests: readonly number[]): Steps<StoredId[]> {
  if (digests.length === 0) return [];
  return yield* all<StoredId>(storedSql, collector, JSON.stringify(digests));
}

const storedSql = tiers
  .map(
    (
      tier,
    ) => `SELECT e.id, e.seq, e.timestamp, e.raw_event AS "rawEvent" FROM json_each($2) d CROSS JOIN ${tier} t ON t.digest = d.value
      CROSS JOIN audit_events e ON e.collector = $1 AND e.seq = t.seq`,
  )
  .join(' UNION ALL ');

/** Condition: the sequence number is that of an event with one of these ids, or of one with the same digest. */
export function seqOfIdsAmong(collector: string, ids: readonly string[]): string {
  const digests = ids.map((id) => `event_id_digest(${collector}, ${id})`).join(', ');
  return `seq IN (${tiers.map((tier) => `SELECT seq FROM ${tier} WHERE digest IN (${digests})`).join(' UNION ALL ')})`;
}

/** Adds events that have been stored, in order. @param lastSeq the collector's last sequence number before them */
export function* noteEventIds(digests: readonly number[], lastSeq: number): Steps<void> {
  if (digests.length === 0) return;
  yield* changes(
    `INSERT INTO ${tiers[0]} (digest, seq) SELECT value, $2 + 1 + key FROM json_each($1) WHERE true ON CONFLICT DO NOTHING`,
    JSON.stringify(digests),
    lastSeq,
  );
}

/** Must be called after `count` events have been stored and added. */
export function* moveEventIdsOn(count: number): Steps<void> {
  if (count === 0) return;
  // Across all collectors: many small ones fill the tables just like one large one.
  const { stored } = (yield* first<{ stored: number }>('SELECT max(rowid) AS stored FROM audit_events'))!;
  const last = Math.floor(stored / eventsBetweenMoves);
  for (let move = Math.floor((stored - count) / eventsBetweenMoves) + 1; move <= last; move += 1) {
    for (const [tier, ranges] of rangesOf.entries()) {
      const width = digestsEnd / ranges;
      const begin = (move % ranges) * width;
      const range = `FROM ${tiers[tier]} WHERE digest >= $1 AND digest < $2`;
      const moved = `INSERT INTO ${tiers[tier + 1]} SELECT digest, seq ${range} ON CONFLICT DO NOTHING`;
      yield* changes(moved, begin, begin + width);
      yield* changes(`DELETE ${range}`, begin, begin + width);
    }
  }
}

/** Must be called before events are removed. @param where condition on `audit_events`, with its values */
export function* forgetEventIds(where: string, ...values: (string | number)[]): Steps<void> {
  yield* changes(
    'CREATE TEMP TABLE IF NOT EXISTS forgotten_event_ids (digest INTEGER, seq INTEGER, PRIMARY KEY (digest, seq))',
  );
  yield* changes('DELETE FROM forgotten_event_ids');
  yield* changes(
    `INSERT INTO forgotten_event_ids SELECT event_id_digest(collector, id), seq FROM audit_events WHERE ${where} ORDER BY 1, 2`,
    ...values,
  );
  for (const tier of tiers)
    yield* changes(`DELETE FROM ${tier} WHERE (digest, seq) IN (SELECT digest, seq FROM forgotten_event_ids)`);
}

/** Adds copied events, ordered by collector and sequence number. Cleared events leave gaps in the numbers. */
export function* noteCopiedEvents(rows: readonly CopiedRow[]): Steps<void> {
  let run: { collector: string; digests: number[]; lastSeq: number } | undefined;
  for (const { collector, seq, id } of rows as readonly Record<'collector' | 'seq' | 'id', string>[]) {
    const follows = run?.collector === collector && Number(seq) === run.lastSeq + run.digests.length + 1;
    if (!run || !follows) {
      if (run) yield* noteEventIds(run.digests, run.lastSeq);
      run = { collector, digests: [], lastSeq: Number(seq) - 1 };
    }
    run.digests.push(eventIdDigest(collector, id));
  }
  if (run) yield* noteEventIds(run.digests, run.lastSeq);
  yield* moveEventIdsOn(rows.length);
}
