import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Trail } from '../../src/sources/trail.js';

const at = (n: number) => (n === 0 ? '' : `offset ${n}`);

describe('the trail of a walk', () => {
  it('lets a walk continue that makes progress', () => {
    const trail = new Trail();
    for (let n = 0; n < 20_000; n += 1) expect(trail.leadsOn(at(n), at(n + 1))).toBe(true);
  });

  it('finds a circle of any length that fits into it, at the end of the circle', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 1, max: 30 }), (before, length) => {
        const trail = new Trail();
        const end = before + length;
        for (let n = 0; n < end; n += 1) expect(trail.leadsOn(at(n), at(n + 1))).toBe(true);
        expect(trail.leadsOn(at(end), at(before + 1))).toBe(false);
      }),
    );
  });

  it('tolerates a page that is read again, and a walk that begins elsewhere', () => {
    const trail = new Trail();
    for (const n of [0, 1, 2, 2, 3, 1, 2, 3, 7, 8, 1, 2]) expect(trail.leadsOn(at(n), at(n + 1))).toBe(true);
  });

  it('does not affect the next walk', () => {
    const trail = new Trail();
    expect(trail.leadsOn(at(1), at(1))).toBe(false);
    expect(trail.leadsOn(at(1), at(2))).toBe(true);
  });
});
