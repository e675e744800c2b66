import fc from 'fast-check';

/**
 * JSON texts as a foreign server may print them: white space anywhere, duplicate keys, escapes of every kind, numbers
 * that no double holds. Each is only the text; `JSON.parse` defines its meaning.
 */
const space = fc.constantFrom('', '', '', ' ', '\n', '\t', '\r\n', '  ');

const piece = fc.oneof(
  fc.constantFrom('a', 'é', '漢', '😀', '{', '}', '[', ']', ',', ':', ' ', '<', 'null', '\u2028', '\ufffd'),
  fc.constantFrom('\\"', '\\\\', '\\/', '\\n', '\\t', '\\u0000', '\\u003c', '\\u0022', '\\u005c', '\\ud83d\\ude00'),
  fc.constantFrom('\\\\\\\\', '\\\\\\"', '\\\\\\\\\\"', '\\ud800'),
  fc.integer({ min: 1, max: 5 }).map((runs) => '\\\\'.repeat(runs)),
);

export const stringLiteral: fc.Arbitrary<string> = fc
  .array(piece, { maxLength: 6 })
  .map((pieces) => `"${pieces.join('')}"`);

const numberLiteral = fc.constantFrom('0', '-0', '1.50', '12345678901234567890', '1e400', '1E+2', '-1.0e-7', '7');

/** Few and awkward keys, so that some occur twice in an object. */
const keyLiteral = fc.oneof(
  fc.constantFrom('"a"', '"\\u0061"', '""', '"__proto__"', '"constructor"', '"toString"', '"7"', '"a\\"b"', '"\\\\"'),
  stringLiteral,
);

const texts = fc.letrec<{ value: string; array: string; object: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('true', 'false', 'null'),
    numberLiteral,
    stringLiteral,
    tie('array'),
    tie('object'),
  ),
  array: fc.tuple(fc.array(tie('value'), { maxLength: 5 }), space, space).map(([elements, before, after]) => {
    return elements.length === 0 ? `[${before}]` : `[${elements.map((e) => `${before}${e}${after}`).join(',')}]`;
  }),
  object: fc
    .tuple(fc.array(fc.tuple(keyLiteral, tie('value')), { maxLength: 5 }), space, space, space)
    .map(([members, before, between, after]) => {
      if (members.length === 0) return `{${between}}`;
      return `{${members.map(([key, value]) => `${before}${key}${between}:${after}${value}${before}`).join(',')}}`;
    }),
}));

export const objectText: fc.Arbitrary<string> = texts.object;
export const arrayText: fc.Arbitrary<string> = texts.array;
export const valueText: fc.Arbitrary<string> = texts.value;

/** `value` printed with the given white space, taken in turn, wherever JSON allows it. */
export function spaced(value: unknown, spaces: readonly string[]): string {
  let taken = 0;
  const gap = () => (spaces.length === 0 ? '' : spaces[taken++ % spaces.length]!);
  const print = (part: unknown): string => {
    if (Array.isArray(part)) return `[${gap()}${part.map((e) => `${print(e)}${gap()}`).join(`,${gap()}`)}]`;
    if (typeof part !== 'object' || part === null) return JSON.stringify(part);
    const members = Object.entries(part).map(([k, v]) => `${JSON.stringify(k)}${gap()}:${gap()}${print(v)}${gap()}`);
    return `{${gap()}${members.join(`,${gap()}`)}}`;
  };
  return `${gap()}${print(value)}${gap()}`;
}

export const spaces: fc.Arbitrary<string[]> = fc.array(fc.constantFrom('', ' ', '\n', '\r\n', '\t', '   '), {
  maxLength: 7,
});
