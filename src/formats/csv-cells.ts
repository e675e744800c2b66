import { stringify } from 'csv-stringify/sync';

/** Prefixes an apostrophe to what a spreadsheet would take for a formula; Numbers also accepts full-width signs. */
export function noFormula(cell: string): string {
  return /^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/.test(cell) ? `'${cell}` : cell;
}

/** Rows of CSV. Excel and Python take a lone carriage return for the end of a line, so it is quoted like a line feed. */
export function csvRows(rows: readonly (readonly string[])[]): string {
  return stringify(rows as string[][], { record_delimiter: 'unix', quoted_match: /\r/ });
}
