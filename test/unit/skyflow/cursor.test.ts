import { describe, expect, it } from 'vitest';
import { keyOf, queryOf } from '../../../src/sources/skyflow/cursor.js';

describe('the query of a page', () => {
  it('contains account, filters, both members of the cursor, and the limit', () => {
    expect(
      queryOf('a&1', [['filterOps.vaultID', 'v 1']], { timestamp: '2026-01-01 00:00:00', changeID: 'c+1' }, 7),
    ).toBe(
      'filterOps.accountID=a%261&filterOps.vaultID=v%201&afterOps.timestamp=2026-01-01%2000%3A00%3A00&afterOps.changeID=c%2B1&limit=7',
    );
    expect(queryOf('a', [], null, 1)).toBe('filterOps.accountID=a&limit=1');
  });
});

describe('the key of a cursor', () => {
  it('distinguishes cursors by both members', () => {
    const keys = [
      keyOf(null),
      keyOf({ timestamp: 't', changeID: 'c1' }),
      keyOf({ timestamp: 't', changeID: 'c2' }),
      keyOf({ timestamp: 'u', changeID: 'c2' }),
    ];
    expect(new Set(keys).size).toBe(4);
  });
});
