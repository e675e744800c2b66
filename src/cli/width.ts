import { createRequire } from 'node:module';

const ascii = /^[ -~]*$/;

let stringWidth: typeof import('string-width') | undefined;

/** Columns of a terminal that a printable text takes: wide characters take two, combining marks none. */
export function widthOf(text: string): number {
  if (ascii.test(text)) return text.length;
  // Most texts do not need its tables.
  stringWidth ??= createRequire(import.meta.url)('string-width') as typeof import('string-width');
  return stringWidth(text);
}

/** Length of the longest beginning of a text, in whole characters, that takes at most this many columns. */
export function lengthWithin(text: string, width: number): number {
  const near = text.slice(0, Math.max(0, width) * 16);
  if (ascii.test(near)) return Math.min(near.length, Math.max(0, width));
  let length = 0;
  let left = width;
  for (const { segment } of new Intl.Segmenter().segment(near)) {
    left -= widthOf(segment);
    if (left < 0) break;
    length += segment.length;
  }
  return length;
}

/** Truncates a printable text to this many columns, between whole characters. */
export function cutTo(text: string, width: number): string {
  // No character takes more than a few columns per code unit: a long text is not measured whole.
  if (text.length <= width * 2 && widthOf(text) <= width) return text;
  return width < 1 ? '' : `${text.slice(0, lengthWithin(text, width - 1))}…`;
}

export function padTo(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}
