import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Cursor, cursorOf, offsetOf } from '../../../src/sources/descope/cursor.js';

const time = fc.integer({ min: 0, max: 253_402_300_799_999 });
const range = fc.record({
  from: fc.option(time),
  to: time,
  paging: fc.option(fc.record({ page: fc.nat(99_999), size: fc.integer({ min: 1, max: 1000 }), back: fc.boolean() }), {
    nil: undefined,
  }),
});
const cursors = fc.oneof(
  fc.record({ kind: fc.constant('open' as const), from: fc.option(time) }),
  fc.record({
    kind: fc.constant('window' as const),
    until: time,
    todo: fc.array(range, { minLength: 1, maxLength: 5 }),
  }),
) as fc.Arbitrary<Cursor>;

describe('an offset', () => {
  it('holds a cursor', () => {
    fc.assert(
      fc.property(cursors, (cursor) => {
        expect(offsetOf(cursorOf(offsetOf(cursor)))).toBe(offsetOf(cursor));
        expect(JSON.parse(JSON.stringify(cursorOf(offsetOf(cursor))))).toEqual(JSON.parse(JSON.stringify(cursor)));
      }),
    );
  });

  it('can be read', () => {
    const todo = [
      { from: 0, to: 1_000, paging: { page: 3, size: 500, back: true } },
      { from: null, to: 2_000 },
    ];
    expect(offsetOf({ kind: 'window', until: 3_000, todo })).toBe(
      'v1 until=1970-01-01T00:00:03.000Z todo=1970-01-01T00:00:00.000Z..1970-01-01T00:00:01.000Z@3x500-,*..1970-01-01T00:00:02.000Z',
    );
    expect(offsetOf({ kind: 'open', from: null })).toBe('');
  });

  it.each([
    'x',
    'v2 from=1970-01-01T00:00:00.000Z',
    'v1 from=yesterday',
    'v1 until=1970-01-01T00:00:00.000Z todo=',
    '?',
  ])('of another kind is unknown: %s', (offset) => {
    expect(() => cursorOf(offset)).toThrow(expect.objectContaining({ code: 'OFFSET_UNKNOWN' }));
  });
});
