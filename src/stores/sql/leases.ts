import type { BatchKey, Sender } from '../offload.js';
import type { Dialect } from './dialect.js';
import { changes, first, type Steps } from './steps.js';

interface Lease extends Sender {
  untilMs: number;
  nowMs: number;
}

interface LeaseWanted {
  sender: Sender;
  leaseMs: number;
}

/**
 * Takes an open batch for a sender, unless another one has it. The same sender has it as soon as it tries again: then its
 * earlier attempt is over. Time is the database's: the clocks of workers differ.
 * @returns false if another sender has the batch
 */
export function* takeLease({ clockMs }: Dialect, batch: BatchKey, wanted: LeaseWanted): Steps<boolean> {
  const held = (yield* first<Lease>(
    `SELECT sender AS id, attempt, leased_until_ms AS "untilMs", ${clockMs} AS "nowMs" FROM offload_batches WHERE ${isBatch}`,
    ...keyOf(batch),
  ))!;
  if (!mayTake(held, wanted)) return false;
  // Its sender may have renewed it meanwhile.
  const taken = yield* changes(
    `UPDATE offload_batches SET sender = $5, attempt = $6, leased_until_ms = ${clockMs} + $7
     WHERE ${isBatch} AND sender = $8 AND attempt = $9 AND leased_until_ms = $10`,
    ...keyOf(batch),
    wanted.sender.id,
    wanted.sender.attempt,
    wanted.leaseMs,
    held.id,
    held.attempt,
    held.untilMs,
  );
  return taken > 0;
}

function mayTake(held: Lease, { sender: { id, attempt }, leaseMs }: LeaseWanted): boolean {
  if (held.id === id) return attempt >= held.attempt;
  const leftMs = held.untilMs - held.nowMs;
  // More is left than a lease lasts only if the clock has gone back.
  return leftMs <= 0 || leftMs > leaseMs;
}

/** See `OffloadStore.renewLease`. */
export function* renewLease({ clockMs }: Dialect, batch: BatchKey, { sender, leaseMs }: LeaseWanted): Steps<boolean> {
  const renewed = yield* changes(
    `UPDATE offload_batches SET leased_until_ms = ${clockMs} + $7
     WHERE ${isBatch} AND sender = $5 AND attempt = $6 AND confirmed_at IS NULL`,
    ...keyOf(batch),
    sender.id,
    sender.attempt,
    leaseMs,
  );
  return renewed > 0;
}

const isBatch = 'collector = $1 AND sink = $2 AND series = $3 AND number = $4';

function keyOf({ collector, sink, series, number }: BatchKey): [string, string, string, number] {
  return [collector, sink, series, number];
}
