import { once } from 'node:events';
import { printable, printableJson } from '../printable.js';

export { printable, printableJson };

/** Writes a result, waiting while whoever reads is slow. */
export async function print(text: string | Uint8Array): Promise<void> {
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

/** A line for people, broken between words; what is longer than a line is broken within. The lines after the first are indented. */
export function wrapped(line: string, columns: number, indent = 2): string {
  const lines: string[] = [];
  let rest = line;
  for (let room = Math.max(1, columns); rest.length > room; room = Math.max(1, columns - indent)) {
    const blank = rest.lastIndexOf(' ', room);
    const at = blank > 0 ? blank : room;
    lines.push(rest.slice(0, at));
    rest = rest.slice(at).trimStart();
  }
  lines.push(rest);
  return lines.join(`\n${' '.repeat(columns > indent ? indent : 0)}`);
}
