import type { QueryValue } from './result.js';

/** The result of a query: first the columns, then rows. */
export type ResultPart = { columns: readonly string[] } | { rows: Written[][] };

/** The lines of a process that answers. Without the last one, `done`, the result is not whole. */
export type Answer = ResultPart | { done: true } | { error: string };

/** JSON has neither large whole numbers nor bytes. */
type Written = string | number | boolean | null | { whole: string } | { hex: string };

export function written(value: QueryValue): Written {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : { whole: String(value) };
  if (value instanceof Uint8Array) return { hex: Buffer.from(value).toString('hex') };
  // JSON has no infinity.
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return value;
}

export function readValue(value: Written): QueryValue {
  if (typeof value !== 'object' || value === null) return value;
  return 'whole' in value ? BigInt(value.whole) : Buffer.from(value.hex, 'hex');
}
