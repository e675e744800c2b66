import type { StoredEvent } from '../domain.js';
import { epochNanoseconds } from '../timestamp.js';

const second = 1_000_000_000n;

/** The event's own time in epoch nanoseconds; when it was collected, where its own cannot be read. */
export function eventTimeNs({ timestamp, collectedAt }: StoredEvent): bigint {
  return epochNanoseconds(timestamp) ?? epochNanoseconds(collectedAt) ?? 0n;
}

/** RFC 3339 in UTC with so many fractional digits, up to 9; further ones are cut. */
export function utcText(ns: bigint, digits: number): string {
  const fraction = ((ns % second) + second) % second;
  const whole = new Date(Number((ns - fraction) / 1_000_000n)).toISOString().slice(0, 19);
  return `${whole}.${String(fraction).padStart(9, '0').slice(0, digits)}Z`;
}
