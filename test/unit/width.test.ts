import { describe, expect, it } from 'vitest';
import { table, wrapped } from '../../src/cli/output.js';
import { redrawn } from '../../src/cli/status/terminal.js';
import { lengthWithin, padTo, widthOf } from '../../src/cli/width.js';

describe('texts stand in their columns', () => {
  it.each([
    ['Oystein', 7],
    ['Øystein', 7],
    ['Zoe\u0308', 3],
    ['日本', 4],
    ['한국', 4],
    ['😀', 2],
    ['👩‍👩‍👧', 2],
    ['', 0],
  ])('%s takes %i', (text, width) => {
    expect(widthOf(text)).toBe(width);
    expect(widthOf(padTo(text, 9))).toBe(9);
  });

  it('of a table', () => {
    const lines = table(
      ['NAME', 'X'],
      [
        ['日本', '1'],
        ['Zoe\u0308', '2'],
        ['plain', '3'],
      ],
    )
      .trimEnd()
      .split('\n');
    expect(lines.map((line) => widthOf(line.slice(0, -1)))).toEqual([7, 7, 7, 7]);
  });

  it.each([
    ['日本語の文字', 4, 2],
    ['日本語の文字', 5, 2],
    ['Zoe\u0308x', 3, 4],
    ['plain', 3, 3],
    ['plain', 0, 0],
  ])('the beginning of %s that fits into %i', (text, width, length) => {
    expect(lengthWithin(text, width)).toBe(length);
  });

  it('when they are wrapped, or drawn over the screen', () => {
    const long = '日本語 '.repeat(20).trim();
    for (const line of wrapped(long, 20).split('\n')) expect(widthOf(line)).toBeLessThanOrEqual(20);
    expect(wrapped(long, 20).replace(/\s+/g, ' ')).toBe(long);
    const drawn = redrawn(long, { columns: 20, rows: 50 }).split('\u001b[K\n').slice(0, -1);
    for (const line of drawn) expect(widthOf(line.replace('\u001b[H', ''))).toBeLessThanOrEqual(20);
    expect(wrapped('one two', 5)).toBe('one\n  two');
  });
});
