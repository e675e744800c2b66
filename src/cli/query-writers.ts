import { counted } from '../counted.js';
import type { QueryResult, QueryValue } from '../query/result.js';
import { print, printable, printableJson, table, tell } from './output.js';

/** A table needs all of its rows before it can be laid out. */
const tableRowsMax = 1_000;

export type QueryForm = 'table' | 'json' | 'csv';

/** Writes the result of a query to standard output. */
export const writeResult: Readonly<Record<QueryForm, (result: QueryResult) => Promise<void>>> = {
  async table({ columns, rows }) {
    const shown: string[][] = [];
    let left = 0;
    for await (const page of rows) {
      const taken = page.slice(0, tableRowsMax - shown.length);
      shown.push(...taken.map((row) => row.map((value) => (value === null ? '-' : textOf(value)))));
      left += page.length - taken.length;
      if (left > 0) break;
    }
    if (shown.length === 0) tell('No rows.');
    else await print(table(columns, shown));
    if (left > 0) tell(`The first ${counted(tableRowsMax, 'row')}: --json and --csv write all.`);
  },

  async json({ columns, rows }) {
    const names = distinct(columns).map((name) => JSON.stringify(name));
    const safe = process.stdout.isTTY ? printableJson : (line: string) => line;
    let separator = '[\n';
    for await (const page of rows) {
      const lines = page.map((row) => `{${row.map((value, at) => `${names[at]}:${jsonOf(value)}`).join(',')}}`);
      if (lines.length === 0) continue;
      await print(separator + lines.map(safe).join(',\n'));
      separator = ',\n';
    }
    await print(separator === '[\n' ? '[]\n' : '\n]\n');
  },

  async csv({ columns, rows }) {
    const { csvRows, noFormula } = await import('../formats/csv-cells.js');
    const shown = process.stdout.isTTY ? printable : (text: string) => text;
    const cell = (value: QueryValue) => {
      if (value === null) return '';
      return shown(typeof value === 'string' ? noFormula(value) : textOf(value));
    };
    await print(csvRows([columns.map(cell)]));
    for await (const page of rows) await print(csvRows(page.map((row) => row.map(cell))));
  },
};

function textOf(value: Exclude<QueryValue, null>): string {
  return value instanceof Uint8Array ? `0x${Buffer.from(value).toString('hex')}` : String(value);
}

/** Whole numbers keep all their digits. */
function jsonOf(value: QueryValue): string {
  if (typeof value === 'bigint') return String(value);
  return JSON.stringify(value instanceof Uint8Array ? textOf(value) : value);
}

/** An object has one member of each name: a second column `n` becomes `n_2`. */
function distinct(columns: readonly string[]): string[] {
  const taken = new Set<string>();
  return columns.map((column) => {
    let name = column;
    for (let nth = 2; taken.has(name); nth += 1) name = `${column}_${nth}`;
    taken.add(name);
    return name;
  });
}
