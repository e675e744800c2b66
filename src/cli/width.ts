import stringWidth from 'string-width';

const ascii = /^[ -~]*$/;

/** Columns of a terminal that a printable text takes: wide characters take two, combining marks none. */
export function widthOf(text: string): number {
  return ascii.test(text) ? text.length : stringWidth(text);
}

/** Truncates a printable text to this many columns, between whole characters. */
export function cutTo(text: string, width: number): string {
  // No character takes more than a few columns per code unit: a long text is not measured whole.
  if (text.length <= width * 2 && widthOf(text) <= width) return text;
  if (width < 1) return '';
  let kept = '';
  let left = width - 1;
  for (const { segment } of new Intl.Segmenter().segment(text.slice(0, width * 16))) {
    left -= widthOf(segment);
    if (left < 0) break;
    kept += segment;
  }
  return `${kept}…`;
}

export function padTo(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}
