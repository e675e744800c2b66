import { printable } from './output.js';
import { cutTo, padTo, widthOf } from './width.js';

export interface Column {
  heading: string;
  cells: readonly string[];
  /** Omitted if there is no room, the highest number first. Without a number, the column stays. */
  dispensable?: number;
  /** Truncated to this many characters before any column is omitted. */
  usual?: number;
  /** Truncated to this many characters if there is still no room. */
  cutTo?: number;
}

export interface Room {
  /** Characters per line. */
  columns: number;
  /** True if texts may be truncated; false for output that a program reads. */
  cuts: boolean;
}

/** Between two columns. */
export const gap = '  ';

/** Formats a table with as many columns as there is room for. */
export function fitted(columns: readonly Column[], room: Room): string {
  const shown = columnsThatFit(columns, room);
  const rows = shown[0]!.column.cells.map((_, row) => shown.map(({ column }) => column.cells[row]!));
  const lines = [shown.map(({ column }) => column.heading), ...rows];
  return lines.map((line) => `${cellsOf(line, shown).join(gap).trimEnd()}\n`).join('');
}

/** The cells of a line, each as wide as its column, or wider if it may not be truncated. */
export function cellsOf(texts: readonly string[], columns: readonly { width: number }[], cuts = true): string[] {
  return texts.map((text, index) => {
    const { width } = columns[index]!;
    return padTo(cuts ? cutTo(printable(text), width) : printable(text), width);
  });
}

/** The columns that there is room for, with their widths. */
export function columnsThatFit<One extends Column>(
  columns: readonly One[],
  room: Room,
): { column: One; width: number }[] {
  const all = columns.map((column) => ({ column, width: widest(column) }));
  const kept = room.cuts ? cut(all, room.columns, ({ usual }) => usual) : all;
  while (widthOfAll(kept) > room.columns) {
    const least = Math.max(...kept.map(({ column }) => column.dispensable ?? 0));
    if (least === 0) break;
    kept.splice(
      kept.findIndex(({ column }) => column.dispensable === least),
      1,
    );
  }
  return room.cuts ? cut(kept, room.columns, (column) => column.cutTo) : kept;
}

/** Narrows the columns with the most characters above their minimum. */
function cut<One extends Column>(
  columns: readonly { column: One; width: number }[],
  max: number,
  leastOf: (column: One) => number | undefined,
): { column: One; width: number }[] {
  const widths = columns.map(({ width }) => width);
  for (let over = widthOfAll(columns) - max; over > 0; over -= 1) {
    const spare = columns.map(({ column }, index) => widths[index]! - (leastOf(column) ?? widths[index]!));
    const most = spare.indexOf(Math.max(...spare));
    if (spare[most]! <= 0) break;
    widths[most]! -= 1;
  }
  return columns.map(({ column }, index) => ({ column, width: widths[index]! }));
}

function widthOfAll(columns: readonly { width: number }[]): number {
  return columns.reduce((sum, { width }) => sum + width + gap.length, -gap.length);
}

function widest({ heading, cells }: Column): number {
  return cells.reduce((most, cell) => Math.max(most, widthOf(printable(cell))), widthOf(heading));
}
