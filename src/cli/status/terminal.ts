import { counted } from '../../counted.js';
import { lengthWithin } from '../width.js';

const csi = '\u001b[';

/** The part of a terminal that a text is drawn on. */
export interface Terminal {
  columns: number;
  rows: number;
}

/**
 * Draws a text over the contents of the terminal, without flicker. Long lines wrap. If there are too many lines, the
 * last one counts the rest.
 */
export function redrawn(text: string, { columns, rows }: Terminal): string {
  const lines = text
    .trimEnd()
    .split('\n')
    .flatMap((line) => parts(line, Math.max(1, columns)));
  const fitting = Math.max(1, rows - 1);
  const shown =
    lines.length <= fitting
      ? lines
      : [...lines.slice(0, fitting - 1), `… ${counted(lines.length - fitting + 1, 'more line')}`];
  return `${csi}H${shown.map((line) => `${line}${csi}K\n`).join('')}${csi}J`;
}

function parts(line: string, length: number): string[] {
  const all: string[] = [];
  for (let rest = line; all.length === 0 || rest !== ''; ) {
    const at = Math.max(1, lengthWithin(rest, length));
    all.push(rest.slice(0, at));
    rest = rest.slice(at);
  }
  return all;
}
