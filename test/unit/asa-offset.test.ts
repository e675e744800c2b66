import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TrawlError } from '../../src/errors.js';
import { linkWarning, newOffset, offsetOfUrl, queryOf } from '../../src/sources/asa/offset.js';

const place = 'https://app.scaleft.com/v1/teams/william-faulkner/auditsV2';
const asked = `${place}?count=1000`;
const next = (query: string, rest = '; rel="next"') => `<${place}?${query}>${rest}`;

/** The parameters of the next request, as a server reads them. */
function sent(headers: string | string[], requestUrl = asked): URLSearchParams {
  const offset = newOffset([headers].flat(), requestUrl);
  expect(offset).not.toBeNull();
  return new URLSearchParams(queryOf(offset!, 7));
}

/** Any text that can be in a URL, so no half of a surrogate pair. */
const offsetText = fc.oneof(
  fc.string({ minLength: 1, unit: 'binary' }).filter((text) => text.isWellFormed()),
  fc.base64String({ minLength: 4 }),
  fc.stringMatching(/^[+/=?&#%;,<>" ]{1,8}$/),
);

describe('U11 Get New Offset', () => {
  it('returns the offset of rel="next"', () => {
    expect(newOffset([next('count=1000&offset=UD5pqjIhjKVQPmmqMiGMpQ%3D%3D')], asked)).toBe('UD5pqjIhjKVQPmmqMiGMpQ==');
  });

  it('takes the query of a link without TLS to the same place, and warns', () => {
    const plain = ['<http://app.scaleft.com/v1/teams/william-faulkner/auditsV2?offset=a>; rel="next"'];
    expect(newOffset(plain, asked)).toBe('a');
    expect(linkWarning(plain, asked)).toContain('only their query is used');
    const usual = [`<${asked}&offset=a>; rel="next"`];
    expect([linkWarning(usual, asked), linkWarning([], asked)]).toEqual([undefined, undefined]);
    // What is read without TLS may link to it.
    expect(linkWarning(plain, asked.replace('https:', 'http:'))).toBeUndefined();
  });

  it.each([
    ['no header', []],
    ['an empty header', ['']],
    ['a header of commas', [' , ,']],
    ['rel="prev" alone', [`<${place}?offset=a>; rel="prev"`]],
    ['no rel', [`<${place}?offset=a>`]],
    ['a rel that only contains "next"', [`<${place}?offset=a>; rel="nextpage"`, `<${place}?offset=b>; rel="x-next"`]],
    ['"next" in another parameter', [`<${place}?offset=a>; title="next"; rev="next"`]],
    ['rel="next" inside a title', [`<${place}?offset=a>; title="x; rel=\\"next\\""; rel="prev"`]],
    ['rel="next" inside the URL', [`<${place}?offset=a&x=;rel="next">; rel="prev"`]],
    ['a second rel', [`<${place}?offset=a>; rel="prev"; rel="next"`]],
  ])('returns nothing for %s', (_, headers) => {
    expect(newOffset(headers, asked)).toBeNull();
  });

  it.each([
    ['parameters of the URL in another order', [next('offset=a%2Bb%3D&count=1000')]],
    ['count after and before', [next('count=1&offset=a%2Bb%3D&count=2')]],
    ['parameters of the link in another order', [next('offset=a%2Bb%3D', '; title="x"; rel="next"; type="y"')]],
    ['one header with prev before', [`<${place}?prev=true&offset=p>; rel="prev", ${next('offset=a%2Bb%3D')}`]],
    ['one header with prev after', [`${next('offset=a%2Bb%3D')},<${place}?prev=true&offset=p>; rel="prev"`]],
    ['several headers', [`<${place}?offset=p>; rel="prev"`, next('offset=a%2Bb%3D')]],
    ['several headers in the other order', [next('offset=a%2Bb%3D'), `<${place}?offset=p>; rel="prev"`]],
    ['an unquoted rel', [next('offset=a%2Bb%3D', ';rel=next')]],
    ['rel in upper case', [next('offset=a%2Bb%3D', '; REL="NEXT"')]],
    ['several rels in one', [next('offset=a%2Bb%3D', '; rel="last  next"')]],
    ['a title with commas and semicolons', [next('offset=a%2Bb%3D', '; title="a, b; <c>"; rel="next"')]],
    ['a title that says rel="prev"', [next('offset=a%2Bb%3D', '; title="\\"; rel=\\"prev"; rel="next"')]],
    ['a title with a backslash at its end', [next('offset=a%2Bb%3D', '; title="a\\\\"; rel="next"')]],
    ['a parameter without a value', [next('offset=a%2Bb%3D', '; crossorigin; rel="next"')]],
    ['a parameter with a star', [next('offset=a%2Bb%3D', "; title*=UTF-8''%e2%82%ac; rel=next")]],
    ['white space everywhere', [`  <${place}?offset=a%2Bb%3D> \t;\trel = "next"  , <${place}?offset=p> ; rel = prev`]],
    ['no white space', [`<${place}?offset=p>;rel="prev",<${place}?offset=a%2Bb%3D>;rel="next"`]],
    ['empty elements', [`,, ${next('offset=a%2Bb%3D')} ,,`]],
    ['an absolute path', ['</v1/teams/william-faulkner/auditsV2?offset=a%2Bb%3D>; rel="next"']],
    ['a query alone', ['<?offset=a%2Bb%3D>; rel="next"']],
    ['a relative path', ['<auditsV2?offset=a%2Bb%3D>; rel="next"']],
    ['a scheme-relative reference', [`<${place.slice('https:'.length)}?offset=a%2Bb%3D>; rel="next"`]],
    [
      'the host in upper case',
      [`<${place.replace('app.scaleft.com', 'APP.SCALEFT.COM')}?offset=a%2Bb%3D>; rel="next"`],
    ],
    ['the default port', [`<${place.replace('.com/', '.com:443/')}?offset=a%2Bb%3D>; rel="next"`]],
    ['a fragment', [next('offset=a%2Bb%3D#top')]],
    ['escapes in lower case', [next('offset=a%2bb%3d')]],
    ['an equals sign that is not escaped', [next('offset=a%2Bb=')]],
    ['a name that is escaped', [next('%6Fffset=a%2Bb%3D')]],
  ])('reads %s', (_, headers) => {
    const query = sent(headers);
    expect(query.getAll('offset')).toEqual(['a+b=']);
    expect(query.getAll('count')).toEqual(['7']);
  });

  it('reads a comma inside the URL', () => {
    const header = `<${place}?offset=a,b>; rel="next", <${place}?offset=p,q>; rel="prev"`;
    expect(sent(header).get('offset')).toBe('a,b');
  });

  it('passes any offset on unchanged through link and query', () => {
    fc.assert(
      fc.property(offsetText, fc.nat(1000), fc.boolean(), (offset, count, before) => {
        const pairs = [`offset=${encodeURIComponent(offset)}`, `count=${count}`];
        const query = sent(next((before ? pairs : pairs.reverse()).join('&')));
        expect(query.getAll('offset')).toEqual([offset]);
        expect(query.getAll('count')).toEqual(['7']);
      }),
      { numRuns: 500 },
    );
  });

  it('passes on any offset that a form encoder has written, except spaces', () => {
    fc.assert(
      fc.property(
        offsetText.filter((text) => !text.includes(' ')),
        (offset) => {
          expect(sent(next(new URLSearchParams({ count: '9', offset }).toString())).get('offset')).toBe(offset);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('keeps an offset through any number of pages', () => {
    let offset = 'a+/=?&%3D';
    for (let page = 0; page < 3; page += 1) {
      const query = queryOf(offset, 100);
      offset = newOffset([next(query)], `${place}?${query}`)!;
      expect(new URLSearchParams(queryOf(offset, 100)).get('offset')).toBe('a+/=?&%3D');
    }
  });

  it('keeps further parameters but never count, through any number of pages', () => {
    const name = fc.stringMatching(/^[a-z]{1,6}$/).filter((text) => text !== 'count' && text !== 'offset');
    const others = fc.uniqueArray(fc.tuple(name, offsetText), { minLength: 1, maxLength: 3, selector: ([n]) => n });
    fc.assert(
      fc.property(offsetText, others, fc.nat(3), (offset, further, at) => {
        const pairs = further.map(([n, value]) => `${n}=${encodeURIComponent(value)}`);
        pairs.splice(at, 0, `offset=${encodeURIComponent(offset)}`, 'count=500');
        const first = newOffset([next(pairs.join('&'))], asked)!;
        const second = newOffset([next(queryOf(first, 500))], asked)!;
        for (const kept of [first, second]) {
          const query = new URLSearchParams(queryOf(kept, 7));
          expect(query.getAll('count')).toEqual(['7']);
          expect(query.getAll('offset')).toEqual([offset]);
          for (const [n, value] of further) expect(query.getAll(n)).toEqual([value]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['another host', 'https://evil.example/v1/teams/william-faulkner/auditsV2?offset=a'],
    ['a subdomain', 'https://x.app.scaleft.com/v1/teams/william-faulkner/auditsV2?offset=a'],
    ['a host that begins alike', 'https://app.scaleft.com.evil.example/v1/teams/william-faulkner/auditsV2?offset=a'],
    ['the host as user name', 'https://app.scaleft.com@evil.example/v1/teams/william-faulkner/auditsV2?offset=a'],
    ['a user name', 'https://user@app.scaleft.com/v1/teams/william-faulkner/auditsV2?offset=a'],
    ['a user name and password', 'https://u:p@app.scaleft.com/v1/teams/william-faulkner/auditsV2?offset=a'],
    ['another port', 'https://app.scaleft.com:8443/v1/teams/william-faulkner/auditsV2?offset=a'],
    ['another port without TLS', 'http://app.scaleft.com:8080/v1/teams/william-faulkner/auditsV2?offset=a'],
    ['another path without TLS', 'http://app.scaleft.com/v1/teams/other/auditsV2?offset=a'],
    ['another host without TLS', 'http://evil.example/v1/teams/william-faulkner/auditsV2?offset=a'],
    ['another scheme', 'ftp://app.scaleft.com/v1/teams/william-faulkner/auditsV2?offset=a'],
    ['a file', 'file:///v1/teams/william-faulkner/auditsV2?offset=a'],
    ['another team', 'https://app.scaleft.com/v1/teams/other/auditsV2?offset=a'],
    ['a path that climbs', '/v1/teams/william-faulkner/auditsV2/../../other/auditsV2?offset=a'],
    ['a scheme-relative host', '//evil.example/v1/teams/william-faulkner/auditsV2?offset=a'],
    ['backslashes for slashes', '\\\\evil.example\\v1\\teams\\william-faulkner\\auditsV2?offset=a'],
    ['no URL at all', 'https://:99999/'],
  ])('refuses a link to %s', (_, target) => {
    let error: unknown;
    try {
      newOffset([`<${target}>; rel="next"`], asked);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(TrawlError);
    expect(error).toMatchObject({ code: 'LINK_REFUSED', retry: false });
    expect((error as TrawlError).message).toContain('https://app.scaleft.com');
    expect((error as TrawlError).hint).not.toBe('');
  });

  it('ignores the targets of other links', () => {
    const header = `<https://evil.example/>; rel="help", ${next('offset=a')}`;
    expect(newOffset([header], asked)).toBe('a');
  });

  it.each(['<unfinished; rel="next"', 'no link', `<${place}?offset=a>; rel="next`, `<${place}?offset=a> rel="next"`])(
    'requests again after a header that cannot be parsed: %s',
    (header) => {
      expect(() => newOffset([header], asked)).toThrow(
        expect.objectContaining({ code: 'ANSWER_UNREADABLE', retry: true }),
      );
    },
  );

  it('accepts any header, or fails with the right kind of error', () => {
    const bits = fc.constantFrom('<', '>', ';', ',', '=', '"', '\\', ' ', '\t', 'rel', 'next', '?offset=a', '/', 'x');
    fc.assert(
      fc.property(fc.array(fc.array(bits, { maxLength: 12 }), { maxLength: 3 }), (headers) => {
        try {
          newOffset(
            headers.map((parts) => parts.join('')),
            asked,
          );
        } catch (error) {
          expect(error).toBeInstanceOf(TrawlError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('U11a Process URL', () => {
  it('returns only the offset if the link has nothing but that and count', () => {
    expect(offsetOfUrl(`${place}?count=5&offset=abc%3D`, asked)).toBe('abc=');
  });

  it('treats a link without an offset as the start', () => {
    const query = new URLSearchParams(queryOf(offsetOfUrl(`${place}?count=5`, asked), 7));
    expect([...query]).toEqual([['count', '7']]);
  });

  it('distinguishes an offset that begins with a question mark from a query', () => {
    const query = new URLSearchParams(queryOf(offsetOfUrl(`${place}?offset=%3Fx%3Dy&count=5`, asked), 7));
    expect([...query]).toEqual([
      ['offset', '?x=y'],
      ['count', '7'],
    ]);
  });
});

describe('the query of a request', () => {
  it('requests the start with only count', () => {
    expect(queryOf('', 1000)).toBe('count=1000');
  });

  it('escapes an offset', () => {
    expect(queryOf('a+/=&b', 10)).toBe('offset=a%2B%2F%3D%26b&count=10');
  });
});
