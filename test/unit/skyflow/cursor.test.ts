import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { queryOf, Trail } from '../../../src/sources/skyflow/cursor.js';

const cursor = (n: number) => (n === 0 ? null : { timestamp: `t${n}`, changeID: `c${n}` });
const to = (n: number) => cursor(n)!;

describe('the query of a page', () => {
  it('names account, filters, both members of the cursor, and the limit', () => {
    expect(
      queryOf('a&1', [['filterOps.vaultID', 'v 1']], { timestamp: '2026-01-01 00:00:00', changeID: 'c+1' }, 7),
    ).toBe(
      'filterOps.accountID=a%261&filterOps.vaultID=v%201&afterOps.timestamp=2026-01-01%2000%3A00%3A00&afterOps.changeID=c%2B1&limit=7',
    );
    expect(queryOf('a', [], null, 1)).toBe('filterOps.accountID=a&limit=1');
  });
});

describe('the trail of a walk', () => {
  it('lets a walk go on that goes on', () => {
    const trail = new Trail();
    for (let n = 0; n < 20_000; n += 1) expect(trail.leadsOn(cursor(n), to(n + 1))).toBe(true);
  });

  it('finds a circle of any length that it holds, at its end', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 1, max: 30 }), (before, length) => {
        const trail = new Trail();
        const end = before + length;
        for (let n = 0; n < end; n += 1) expect(trail.leadsOn(cursor(n), to(n + 1))).toBe(true);
        expect(trail.leadsOn(cursor(end), to(before + 1))).toBe(false);
      }),
    );
  });

  it('tells cursors apart by both members', () => {
    const trail = new Trail();
    expect(trail.leadsOn({ timestamp: 't', changeID: 'c1' }, { timestamp: 't', changeID: 'c2' })).toBe(true);
    expect(trail.leadsOn({ timestamp: 't', changeID: 'c2' }, { timestamp: 'u', changeID: 'c2' })).toBe(true);
  });

  it('takes no harm from a page that is read again, or a walk that begins elsewhere', () => {
    const trail = new Trail();
    for (const n of [0, 1, 2, 2, 3, 1, 2, 3, 7, 8, 1, 2]) expect(trail.leadsOn(cursor(n), to(n + 1))).toBe(true);
  });

  it('holds nothing against the next walk', () => {
    const trail = new Trail();
    expect(trail.leadsOn(to(1), to(1))).toBe(false);
    expect(trail.leadsOn(to(1), to(2))).toBe(true);
  });
});
