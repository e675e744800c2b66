import type { QueryValue } from './result.js';

/** Asked of the process that reads an SQLite file, on its standard input. */
export interface SqliteQuestion {
  path: string;
  sql: string;
}

/** Its lines of standard output: first the columns, then rows; or why there are none. */
export type SqliteAnswer = { columns: string[] } | { rows: Written[][] } | { error: string };

/** JSON has neither large whole numbers nor bytes. */
type Written = string | number | null | { whole: string } | { hex: string };

export function written(value: QueryValue): Written {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : { whole: String(value) };
  if (value instanceof Uint8Array) return { hex: Buffer.from(value).toString('hex') };
  // JSON has no infinity.
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return value as string | number | null;
}

export function readValue(value: Written): QueryValue {
  if (typeof value !== 'object' || value === null) return value;
  return 'whole' in value ? BigInt(value.whole) : Buffer.from(value.hex, 'hex');
}
