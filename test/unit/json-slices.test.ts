import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arrayElements, objectMembers, skipSpace } from '../../src/json-slices.js';

/** JSON text of a value with white space strewn between its tokens. */
function spaced(value: unknown, spaces: () => string): string {
  const text = (inner: unknown): string => {
    if (Array.isArray(inner)) return `[${spaces()}${inner.map(text).join(`${spaces()},${spaces()}`)}${spaces()}]`;
    if (typeof inner !== 'object' || inner === null) return JSON.stringify(inner);
    const members = Object.entries(inner).map(
      ([key, member]) => `${JSON.stringify(key)}${spaces()}:${spaces()}${text(member)}`,
    );
    return `{${spaces()}${members.join(`${spaces()},${spaces()}`)}${spaces()}}`;
  };
  return `${spaces()}${text(value)}${spaces()}`;
}

const whiteSpace = fc.array(fc.constantFrom(' ', '\n', '\t', '\r', ''), { minLength: 7, maxLength: 7 }).map((parts) => {
  let at = 0;
  return () => parts[at++ % parts.length]!;
});
const key = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('__proto__', '', '"', '\\', '\\"', '}', 'a,b'),
);

describe('slices of a JSON text', () => {
  it('parse to the members of an object', () => {
    fc.assert(
      fc.property(fc.dictionary(key, fc.jsonValue()), whiteSpace, (value, spaces) => {
        const text = spaced(value, spaces);
        const members = objectMembers(text, skipSpace(text, 0));
        const parsed = JSON.parse(text) as Record<string, unknown>;
        expect([...members.keys()].sort()).toEqual(Object.keys(parsed).sort());
        for (const [name, { start, end }] of members) {
          expect(JSON.parse(text.slice(start, end))).toEqual(Object.getOwnPropertyDescriptor(parsed, name)!.value);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('parse to the elements of an array, and begin and end at the value', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), whiteSpace, (value, spaces) => {
        const text = spaced(value, spaces);
        const raw = arrayElements(text, skipSpace(text, 0)).map(({ start, end }) => text.slice(start, end));
        expect(raw.map((slice) => JSON.parse(slice))).toEqual(JSON.parse(text));
        for (const slice of raw) expect(slice).toBe(slice.trim());
      }),
      { numRuns: 500 },
    );
  });

  it('keep numbers and escapes as they stand, and of a double key the last', () => {
    const text = '{"a":1, "n" : 12345678901234567890.10 ,"\\u0061":[1e400,"\\ud800"], "b":"x\\\\"}';
    const members = objectMembers(text, 0);
    const raw = (name: string) => text.slice(members.get(name)!.start, members.get(name)!.end);
    expect([raw('n'), raw('a'), raw('b')]).toEqual(['12345678901234567890.10', '[1e400,"\\ud800"]', '"x\\\\"']);
  });

  it('do not mind depth', () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    const text = `{"deep":${deep},"next":1}`;
    expect(objectMembers(text, 0).get('next')).toEqual({ start: text.length - 2, end: text.length - 1 });
  });
});
