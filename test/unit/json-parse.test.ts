import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson } from '../../src/json-parse.js';
import { objectText, valueText } from './support/json-text.js';

/** Escaped keys that a reader may confuse, in objects of the same shape. */
const keys = ['"\\\\"', '"\\n"', '"\\""', '"\\u0061"', '"\\\\a"', '"\\n\\n"', '"a\\\\"', '"a\\n"'];
const written = ['\\', '\n', '"', 'a', '\\a', '\n\n', 'a\\', 'a\n'];

describe('parseJson', () => {
  it('reads each escaped key correctly, whatever was read before', () => {
    for (const before of keys) {
      parseJson(`{"form":[],${before}:0}`);
      keys.forEach((key, index) => {
        const [object] = parseJson(`[{"form":1,${key} :2}]`) as [object];
        expect(Object.keys(object)[1], `${key} after ${before}`).toBe(written[index]);
      });
    }
  });

  it('returns the content of the text: duplicate keys, escapes, __proto__, white space', () => {
    // Compares texts, since JSON.parse cannot be trusted here.
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), fc.constantFrom('', '\n ', '\t'), (value, gap) => {
        const text = `${gap}${JSON.stringify({ '\\': value, '\n': [value, {}] }, null, gap)}${gap}`;
        expect(JSON.stringify(parseJson(text))).toBe(JSON.stringify({ '\\': value, '\n': [value, {}] }));
      }),
    );
    const twice = parseJson('{"\\u0061":1,"b":2,"a":{"\\n":3},"__proto__":4,"2":5,"1":[]}');
    expect(JSON.stringify(twice)).toBe('{"1":[],"2":5,"a":{"\\n":3},"b":2,"__proto__":4}');
  });

  it.runIf(Number(process.versions.node.split('.')[0]) < 24)(
    'gives what JSON.parse does, where that can be trusted',
    () => {
      fc.assert(
        fc.property(fc.oneof(valueText, objectText), (inner) => {
          const text = `[{"\\n":${inner}}]`;
          expect(JSON.stringify(parseJson(text))).toBe(JSON.stringify(JSON.parse(text)));
        }),
        { numRuns: 1_000 },
      );
    },
  );

  it.each(['', '{', '{"\\n":}', '{"\\n":1', '[1,]', '{"a\\":1}', 'nul'])('throws at %j as JSON.parse does', (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  });

  it('reads 100,000 levels, and a text that only looks like a key', () => {
    const levels = 100_000;
    let value = parseJson(`${'{"\\n":['.repeat(levels)}7${']}'.repeat(levels)}`);
    for (let level = 0; level < levels; level += 1) value = (value as Record<string, unknown[]>)['\n']![0];
    expect(value).toBe(7);
    expect(parseJson('["\\":1", {"a":"\\n\\": "}, true, -1.5e3, null]')).toEqual([
      '":1',
      { a: '\n": ' },
      true,
      -1500,
      null,
    ]);
  });
});
