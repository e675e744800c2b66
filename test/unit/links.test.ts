import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLinks } from '../../src/http/links.js';
import { newOffset, offsetOfUrl, queryOf } from '../../src/sources/asa/offset.js';

const base = 'https://app.scaleft.com/v1/teams/t/auditsV2';
const asked = `${base}?count=100`;

describe('U11 Get New Offset', () => {
  it.each([
    ['offset first', [`<${base}?offset=a%2Bb%2F%3D&count=100>; rel="next"`]],
    [
      'offset last',
      [`<${base}?count=100&descending=false&offset=a%2Bb%2F%3D>; rel="next"`].map((link) =>
        link.replace('&descending=false', ''),
      ),
    ],
    [
      'prev and next in one header',
      [`<${base}?offset=p&prev=true>; rel="prev", <${base}?offset=a%2Bb%2F%3D>; rel="next"`],
    ],
    ['several headers', [`<${base}?offset=p&prev=true>; rel="prev"`, `<${base}?offset=a%2Bb%2F%3D>; rel="next"`]],
    ['unquoted and upper case', [`<${base}?offset=a%2Bb%2F%3D>; REL=NEXT`]],
    ['several relations', [`<${base}?offset=a%2Bb%2F%3D>; rel="last next"`]],
    ['a bare plus', [`<${base}?offset=a+b/=>; rel=next`]],
    ['a relative reference', ['</v1/teams/t/auditsV2?offset=a%2Bb%2F%3D>; rel="next"']],
    ['a query alone', ['<?offset=a%2Bb%2F%3D>; rel="next"']],
    [
      'a title that looks like links',
      [
        `<${base}?offset=p>; title="x, <y>; rel=\\"next\\""; rel=prev , <${base}?offset=a%2Bb%2F%3D> ; title=";," ; rel="next"`,
      ],
    ],
    [
      'a parameter without a value',
      [`<${base}?offset=p>; rel="prev"; signed, <${base}?offset=a%2Bb%2F%3D>; signed; rel="next"`],
    ],
  ])('%s', (_, headers) => expect(newOffset(headers, asked)).toBe('a+b/='));

  it.each([
    [[]],
    [['']],
    [[`<${base}?offset=p>; rel="prev"`]],
    [[`<${base}?offset=p>; rel="nextpage"`]],
    [[`<${base}?offset=p>; title="rel=next"`]],
  ])('none in %j', (headers) => expect(newOffset(headers, asked)).toBeNull());

  it.each([
    'https://evil.example/v1/teams/t/auditsV2?offset=a',
    'http://app.scaleft.com:8080/v1/teams/t/auditsV2?offset=a',
    'https://app.scaleft.com:8443/v1/teams/t/auditsV2?offset=a',
    'https://app.scaleft.com.evil.example/v1/teams/t/auditsV2?offset=a',
    'https://app.scaleft.com@evil.example/v1/teams/t/auditsV2?offset=a',
    '//evil.example/v1/teams/t/auditsV2?offset=a',
    '\\\\evil.example/v1/teams/t/auditsV2?offset=a',
    'https://app.scaleft.com/v1/teams/other/auditsV2?offset=a',
    'javascript:alert(1)',
  ])('refuses to follow %s', (link) => {
    expect(() => newOffset([`<${link}>; rel="next"`], asked)).toThrow(
      expect.objectContaining({ code: 'LINK_REFUSED' }),
    );
  });

  it.each(['<https://x', 'https://x; rel=next', '<a>; rel="next', '<a> <b>'])(
    'does not accept an invalid header: %s',
    (header) => {
      expect(() => newOffset([header], asked)).toThrow(expect.objectContaining({ code: 'ANSWER_UNREADABLE' }));
    },
  );

  it('keeps further parameters, and never the count', () => {
    const offset = offsetOfUrl(`${base}?count=5&shard=2&offset=x%20y`, asked);
    expect(queryOf(offset, 700)).toBe('shard=2&offset=x%20y&count=700');
  });

  it('returns any offset unchanged', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), fc.integer({ min: 1, max: 1000 }), (text, count) => {
        const offset = newOffset([`<${base}?count=1&offset=${encodeURIComponent(text)}>; rel="next"`], asked)!;
        const query = new URLSearchParams(queryOf(offset, count));
        expect([query.get('offset'), query.get('count'), [...query].length]).toEqual([text, String(count), 2]);
      }),
    );
  });
});

describe('parseLinks', () => {
  it('terminates on any input', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'<>;,="\\ \tarel') }), (header) => {
        try {
          for (const link of parseLinks(header)) expect(typeof link.target).toBe('string');
        } catch (error) {
          expect(error).toBeInstanceOf(SyntaxError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
