import { once } from 'node:events';

/**
 * Characters that can drive a terminal or hide what stands there: C0 and C1 controls, DEL, line and paragraph
 * separators, and marks that turn the direction of text.
 */
const harmful = /[\u0000-\u001f\u007f-\u009f\u061c\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** A text as a terminal may show it: each harmful character as `\uXXXX`. */
export function printable(text: string): string {
  return text.replace(harmful, escaped);
}

/** JSON text as a terminal may show it: the same JSON, with harmful characters inside strings escaped. */
export function printableJson(json: string): string {
  return json.replace(/[\n\r\t]/g, ' ').replace(harmful, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Writes a result, waiting while whoever reads is slow. */
export async function print(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}

export async function printJson(value: unknown): Promise<void> {
  await print(`${JSON.stringify(value, null, 2)}\n`);
}

/** For people: what is being done, warnings and errors. */
export function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Rows under headings, in columns as wide as their widest cell. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [headings, ...rows].map((row) => row.map((cell) => printable(cell)));
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  return cells
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
