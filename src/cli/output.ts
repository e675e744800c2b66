import { once } from 'node:events';
import { printable, printableJson, printableLines } from '../printable.js';
import { liveLine } from './live-line.js';
import { lengthWithin, padTo, widthOf } from './width.js';

export { printable, printableJson };

/** Writes a result to standard output, and waits for a slow reader. */
export async function print(text: string | Uint8Array): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}

export async function printJson(value: unknown): Promise<void> {
  await print(`${printableLines(JSON.stringify(value, null, 2), printableJson)}\n`);
}

/** Writes a line for people to standard error: progress, warnings and errors. */
export function tell(line: string): void {
  liveLine.above(() => process.stderr.write(`${printableLines(line)}\n`));
}

/** Formats rows under headings, in columns as wide as their widest cell. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [headings, ...rows].map((row) => row.map((cell) => printable(cell)));
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => widthOf(row[column]!))));
  return cells
    .map(
      (row) =>
        `${row
          .map((cell, column) => padTo(cell, widths[column]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** Wraps a line between words, or within a word that is too long. Indents the lines after the first. */
export function wrapped(line: string, columns: number, indent = 2): string {
  const lines: string[] = [];
  let rest = line;
  for (let room = Math.max(1, columns); widthOf(rest) > room; room = Math.max(1, columns - indent)) {
    const fits = Math.max(1, lengthWithin(rest, room));
    const blank = rest.lastIndexOf(' ', fits);
    const at = blank > 0 ? blank : fits;
    lines.push(rest.slice(0, at));
    rest = rest.slice(at).trimStart();
  }
  lines.push(rest);
  return lines.join(`\n${' '.repeat(columns > indent ? indent : 0)}`);
}
