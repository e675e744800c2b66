import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leftOutText, withoutContent } from '../../../src/skyflow-content.js';
import { valueText } from '../support/json-text.js';

/** A text in parts, each of which must stay or must go. */
type Parts = readonly (readonly [text: string, goes: boolean])[];

const marker = JSON.stringify(leftOutText);
const stays = (text: string): Parts => [[text, false]];
const space = fc.constantFrom('', '', ' ', '\n', '\r\n\t');

/** U+E000 stands for a byte that is not UTF-8. */
const strayByte = '\ue000';
const anyValue = fc.oneof(valueText, fc.constantFrom(`"${strayByte}"`, `{"x":"é${strayByte}"}`, '"\\"content\\":1"'));

/** The name of a member, in one of its possible spellings in JSON. */
const nameOf = (name: string) =>
  fc.option(fc.nat(name.length - 1)).map((escaped) => {
    if (escaped === null) return `"${name}"`;
    const code = name.charCodeAt(escaped).toString(16).padStart(4, '0');
    return `"${name.slice(0, escaped)}\\u${code}${name.slice(escaped + 1)}"`;
  });

const otherName = fc.constantFrom(
  '"a"',
  '"Content"',
  '"contents"',
  '""',
  '"__proto__"',
  '"x\\"content"',
  '"nextOps"',
  `"${strayByte}"`,
);

const otherMember: fc.Arbitrary<Parts> = fc
  .tuple(otherName, anyValue)
  .map(([name, value]) => stays(`${name}:${value}`));

/** Values that are removed whole, unless they are empty. */
const cutWhole = (values: fc.Arbitrary<string>): fc.Arbitrary<Parts> =>
  fc
    .oneof(values, fc.constantFrom('null', '""', marker))
    .map((text) => [[text, !['null', '""', marker].includes(text)]]);

const noObject = cutWhole(anyValue.filter((text) => !text.startsWith('{')));

/** An object whose members of these names hold `inner`, once, twice or never, among others. */
function objectWith(names: readonly string[], inner: fc.Arbitrary<Parts>): fc.Arbitrary<Parts> {
  const named: fc.Arbitrary<Parts> = fc
    .tuple(fc.constantFrom(...names).chain(nameOf), space, space, inner)
    .map(([name, before, after, parts]) => [...stays(`${name}${before}:${after}`), ...parts]);
  return fc
    .tuple(fc.array(fc.oneof(named, named, otherMember), { maxLength: 4 }), space)
    .map(([members, gap]) => [
      ...stays(`{${gap}`),
      ...members.flatMap((parts, index) => [...stays(index === 0 ? gap : `${gap},${gap}`), ...parts]),
      ...stays(`${gap}}`),
    ]);
}

const data = fc.oneof(
  { weight: 4, arbitrary: objectWith(['content'], cutWhole(anyValue)) },
  { weight: 1, arbitrary: noObject },
);
const half = fc.oneof({ weight: 4, arbitrary: objectWith(['data'], data) }, { weight: 1, arbitrary: noObject });
const event = fc.oneof(
  { weight: 4, arbitrary: objectWith(['request', 'response'], half) },
  { weight: 1, arbitrary: noObject },
);
const list: fc.Arbitrary<Parts> = fc
  .tuple(fc.array(event, { maxLength: 4 }), space)
  .map(([events, gap]) => [
    ...stays('['),
    ...events.flatMap((parts, index) => [...stays(index === 0 ? gap : `,${gap}`), ...parts]),
    ...stays(`${gap}]`),
  ]);
const body = fc
  .tuple(
    fc.constantFrom('', '\ufeff'),
    space,
    objectWith(
      ['event'],
      fc.oneof(
        list,
        list,
        event.filter(([part]) => !part![0].startsWith('[')),
      ),
    ),
    space,
  )
  .map(([mark, before, parts, after]): Parts => [...stays(mark + before), ...parts, ...stays(after)]);

const bytes = (text: string) =>
  Buffer.from(Buffer.from(text).toString('latin1').replaceAll('\u00ee\u0080\u0080', '\u00ff'), 'latin1');
const joined = (parts: Parts, instead: (text: string) => string) =>
  bytes(parts.map(([text, goes]) => (goes ? instead(text) : text)).join(''));

describe('a body without content', () => {
  it('keeps every other byte, whatever the names and values look like', () => {
    let cuts = 0;
    fc.assert(
      fc.property(body, (parts) => {
        const whole = joined(parts, (text) => text);
        const expected = joined(parts, () => marker);
        cuts += parts.filter(([, goes]) => goes).length;
        const kept = Buffer.from(withoutContent(whole));
        expect(kept.toString('latin1')).toBe(expected.toString('latin1'));
        // A second pass changes nothing, and the result is still JSON.
        expect(withoutContent(kept)).toBe(kept);
        expect(() => JSON.parse(kept.toString().replace(/^\ufeff/, ''))).not.toThrow();
      }),
      { numRuns: 2_000 },
    );
    expect(cuts).toBeGreaterThan(1_000);
  });

  it('is unchanged if there is nothing to remove', () => {
    for (const text of ['{}', '[]', 'null', '{"event":null}', '{"event":[{"request":{"data":{"content":null}}}]}']) {
      const whole = Buffer.from(text);
      expect(withoutContent(whole)).toBe(whole);
    }
  });

  it('keeps what only looks like content', () => {
    const text =
      '{"event":[{"request":{"content":"a","data":{"note":"\\"content\\":1"}},"content":"b"}],"content":"c"}';
    expect(Buffer.from(withoutContent(Buffer.from(text))).toString()).toBe(text);
  });
});
