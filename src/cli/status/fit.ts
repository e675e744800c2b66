import { printable, table } from '../output.js';

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

const gap = 2;

/** Formats a table with as many columns as there is room for. */
export function fitted(columns: readonly Column[], room: Room): string {
  const kept = room.cuts ? [...cut(columns, room.columns, ({ usual }) => usual)] : [...columns];
  while (widthOf(kept) > room.columns) {
    const least = Math.max(...kept.map(({ dispensable = 0 }) => dispensable));
    if (least === 0) break;
    kept.splice(
      kept.findIndex((column) => column.dispensable === least),
      1,
    );
  }
  const shown = room.cuts ? cut(kept, room.columns, ({ cutTo }) => cutTo) : kept;
  const rows = shown[0]!.cells.map((_, row) => shown.map(({ cells }) => cells[row]!));
  return table(
    shown.map(({ heading }) => heading),
    rows,
  );
}

/** Truncates the columns with the most characters above their minimum. */
function cut(
  columns: readonly Column[],
  max: number,
  leastOf: (column: Column) => number | undefined,
): readonly Column[] {
  const widths = columns.map(widest);
  for (let over = widthOf(columns) - max; over > 0; over -= 1) {
    const spare = columns.map((column, index) => widths[index]! - (leastOf(column) ?? widths[index]!));
    const most = spare.indexOf(Math.max(...spare));
    if (spare[most]! <= 0) break;
    widths[most]! -= 1;
  }
  return columns.map((column, index) => ({
    ...column,
    heading: shortened(column.heading, widths[index]!),
    cells: column.cells.map((cell) => shortened(printable(cell), widths[index]!)),
  }));
}

function shortened(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

function widthOf(columns: readonly Column[]): number {
  return columns.reduce((sum, column) => sum + widest(column) + gap, -gap);
}

function widest({ heading, cells }: Column): number {
  return Math.max(heading.length, ...cells.map((cell) => printable(cell).length));
}
