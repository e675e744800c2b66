import { first, type Steps } from './steps.js';

/**
 * Not every row of `audit_events` is an event that a reader may see.
 *
 * A clearing takes all events of a collector at once, and removes their rows one part after the other (`removeCleared`).
 * Rows up to its number no longer count, neither for readers nor for the page that is written next.
 *
 * A page that another one follows does not wait for the disk. A crash of the database server, or a power cut, may take
 * it back, and other events may then get its numbers. So readers get nothing of it until a later transaction has waited
 * (`durable_seq`, `allDurable`).
 */

/**
 * SQL of the number after which the rows of a collector count: `seq`, or that of a clearing if it is higher.
 * @param collector placeholder or column
 */
export function afterCleared(collector: string, seq = '0'): string {
  return `(SELECT max(number) FROM (SELECT up_to_seq AS number FROM clearings WHERE collector = ${collector}
    UNION ALL SELECT CAST(${seq} AS bigint)) AS cleared)`;
}

/** SQL of the number up to which the events of a collector survive a crash. */
export function upToDurable(collector: string): string {
  const all = Number.MAX_SAFE_INTEGER;
  return `coalesce((SELECT durable_seq FROM audit_checkpoints WHERE collector = ${collector}), ${all})`;
}

/** See `Store.seenUpTo`. */
export function* seenUpTo(collector: string): Steps<number> {
  const row = yield* first<{ seq: number }>(
    'SELECT coalesce(durable_seq, last_seq) AS seq FROM audit_checkpoints WHERE collector = $1',
    collector,
  );
  return row?.seq ?? 0;
}
