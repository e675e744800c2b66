import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson } from '../../src/json-parse.js';
import { arrayElements, objectMembers, objectWithList, type Slice, skipSpace } from '../../src/json-slices.js';
import { arrayText, objectText, valueText } from './support/json-text.js';

const cut = (text: string, { start, end }: Slice): string => text.slice(start, end);

/** Follows every slice down to the leaves, and compares each with the value that `JSON.parse` gives. */
function expectSlicesOf(text: string, start: number, value: unknown): void {
  if (Array.isArray(value)) {
    const elements = arrayElements(text, start);
    expect(elements).toHaveLength(value.length);
    elements.forEach((slice, index) => {
      expectSlice(text, slice, value[index]);
    });
  } else if (typeof value === 'object' && value !== null) {
    const members = objectMembers(text, start);
    expect(new Set(members.keys())).toEqual(new Set(Object.keys(value)));
    for (const [key, slice] of members) {
      expectSlice(text, slice, (value as Record<string, unknown>)[key]);
      const elements = text[slice.start] === '[' ? arrayElements(text, slice.start) : [];
      expect(objectWithList(text, start, key)).toEqual({ members, elements });
    }
  }
}

function expectSlice(text: string, slice: Slice, value: unknown): void {
  const own = cut(text, slice);
  expect(own).toBe(own.trim());
  // Compares texts: `toEqual` does not see an own member `__proto__`.
  expect(JSON.stringify(parseJson(own))).toBe(JSON.stringify(value));
  expectSlicesOf(text, slice.start, value);
}

describe('slices of a text that a foreign server printed', () => {
  it('parse, down to the leaves, to the result of JSON.parse: duplicate keys, escapes, __proto__, white space', () => {
    fc.assert(
      fc.property(valueText, fc.constantFrom('', ' ', '\r\n\t'), (inner, gap) => {
        const text = `${gap}${inner}${gap}`;
        expectSlicesOf(text, skipSpace(text, 0), parseJson(text));
      }),
      { numRuns: 1_000 },
    );
  });

  it('are found wherever the object or array is', () => {
    fc.assert(
      fc.property(objectText, arrayText, (object, array) => {
        const text = `[${object},${array}]`;
        expectSlicesOf(text, 1, parseJson(object));
        expectSlicesOf(text, object.length + 2, parseJson(array));
      }),
      { numRuns: 200 },
    );
  });

  it.each([0, 1, 2, 3, 4, 5, 20, 21])('do not mistake a quote after %i backslashes for the end of a text', (runs) => {
    const literal = JSON.stringify(`${'\\'.repeat(runs)}"${'\\'.repeat(runs)}`);
    const text = `[${literal},{"${'\\\\'.repeat(runs)}":${literal}}]`;
    expectSlicesOf(text, 0, parseJson(text));
  });

  it('do not mistake brackets inside texts for structure', () => {
    const text = '{"a":"}]","b":["{[","]"],"}":1}';
    expectSlicesOf(text, 0, parseJson(text));
  });

  it('have no members of the prototype', () => {
    expect(objectMembers('{}', 0).get('toString')).toBeUndefined();
    expect(objectMembers('{"__proto__":1}', 0).get('__proto__')).toEqual({ start: 13, end: 14 });
  });

  it('are found at 100,000 levels of arrays and objects', () => {
    const levels = 100_000;
    const deepArray = `${'['.repeat(levels)}${']'.repeat(levels)}`;
    const deepObject = `${'{"a":'.repeat(levels)}"}"${'}'.repeat(levels)}`;
    const text = `{"array":${deepArray},"object":${deepObject},"after":1}`;
    const members = objectMembers(text, 0);
    expect(cut(text, members.get('array')!) === deepArray).toBe(true);
    expect(cut(text, members.get('object')!) === deepObject).toBe(true);
    expect(cut(text, members.get('after')!)).toBe('1');
  });

  it('of long runs of backslashes and quotes are found quickly', () => {
    // A scan that goes back over earlier bytes would take minutes here.
    const text = `{"a":"${'\\\\'.repeat(500_000)}","b":"${'\\"'.repeat(500_000)}"}`;
    expect(objectMembers(text, 0).size).toBe(2);
  }, 30_000);
});

describe('skipSpace', () => {
  it('skips the white space of JSON and nothing else', () => {
    expect(skipSpace(' \t\r\n{', 0)).toBe(4);
    expect(skipSpace('\u00a0{', 0)).toBe(0);
  });
});
