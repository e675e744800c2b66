import { describe, expect, it } from 'vitest';
import { TrawlError } from '../../src/errors.js';
import { PageSize } from '../../src/sources/page-size.js';

const tooMuch = new TrawlError('PAGE_TOO_LARGE', 'Too large.', { hint: 'Less.', tooMuch: true });

function arrive(size: PageSize, pages: number): void {
  for (let page = 0; page < pages; page += 1) size.arrived();
}

describe('the size of pages', () => {
  it('is halved down to one, and not for other errors', () => {
    const size = new PageSize(5);
    expect(size.shrinkAfter(new TrawlError('RATE_LIMITED', 'Later.', { hint: 'Wait.' }))).toBe(false);
    const sizes = [size.current];
    while (size.shrinkAfter(tooMuch)) sizes.push(size.current);
    expect(sizes).toEqual([5, 3, 2, 1]);
  });

  it('grows again once pages arrive, more slowly each time that it fails', () => {
    const size = new PageSize(1_000);
    size.shrinkAfter(tooMuch);
    size.shrinkAfter(tooMuch);
    arrive(size, 19);
    expect(size.current).toBe(250);
    arrive(size, 1);
    expect(size.current).toBe(500);
    size.shrinkAfter(tooMuch);
    arrive(size, 39);
    expect(size.current).toBe(250);
    arrive(size, 1);
    expect(size.current).toBe(500);
    arrive(size, 40);
    expect(size.current).toBe(1_000);
    arrive(size, 1_000);
    expect(size.current).toBe(1_000);
  });
});
