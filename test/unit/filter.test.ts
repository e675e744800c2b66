import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TrawlError } from '../../src/errors.js';
import { allOf, type Filter, type Match, ofCollector, type Term, words } from '../../src/filter/filter.js';
import { filterOf, parseFilter } from '../../src/filter/parse.js';

const whole = ['type', 'id', 'ip', 'collector', 'source'];

const term = (of: Term['of'], how: Match['how'], text: string): Term => ({ of, match: { how, text } });
const contains = (of: Term['of'], text: string) => term(of, 'contains', text);
const is = (of: Term['of'], text: string) => term(of, 'is', text);
const like = (of: Term['of'], text: string) => term(of, 'like', text);

/** The hint of the error that refuses the query. */
function refused(query: string): { message: string; hint: string } {
  try {
    parseFilter(query);
  } catch (error) {
    expect(error).toMatchObject({ code: 'INPUT_INVALID' });
    return error as TrawlError;
  }
  throw new Error(`accepted ${query}`);
}

describe('a filter', () => {
  it.each<[string, Filter]>([
    ['', { groups: [], excluded: [] }],
    [' \t ', { groups: [], excluded: [] }],
    [
      'user:ada -type:auth.* "some text"',
      { groups: [[contains('user', 'ada')], [contains('text', 'some text')]], excluded: [like('type', 'auth.*')] },
    ],
    [
      'type:a type:b* actor:x',
      { groups: [[is('type', 'a'), like('type', 'b*')], [contains('actor', 'x')]], excluded: [] },
    ],
    ['a b', { groups: [[contains('text', 'a')], [contains('text', 'b')]], excluded: [] }],
    ['-a -b', { groups: [], excluded: [contains('text', 'a'), contains('text', 'b')] }],
    ['-"a b"', { groups: [], excluded: [contains('text', 'a b')] }],
    ['ssh*in', { groups: [[like('text', '*ssh*in*')]], excluded: [] }],
    ['"ssh*in" actor:"*"', { groups: [[contains('text', 'ssh*in')], [contains('actor', '*')]], excluded: [] }],
    ['"http://x" "12:30"', { groups: [[contains('text', 'http://x')], [contains('text', '12:30')]], excluded: [] }],
    ['ip:fe80::1 client:a:b', { groups: [[is('ip', 'fe80::1')], [contains('client', 'a:b')]], excluded: [] }],
    ['actor:"" -user:""', { groups: [[is('actor', '')]], excluded: [is('user', '')] }],
    ['user:"a \\"b\\" \\\\ c"', { groups: [[contains('user', 'a "b" \\ c')]], excluded: [] }],
    ['User:ada', { groups: [[contains('user', 'ada')]], excluded: [] }],
    [
      'user:-ada a-b a\\b',
      {
        groups: [
          ['user', '-ada'],
          ['text', 'a-b'],
          ['text', 'a\\b'],
        ].map(([of, text]) => [contains(of as 'user', text!)]),
        excluded: [],
      },
    ],
  ])('%j', (query, filter) => {
    expect(parseFilter(query)).toEqual(filter);
  });

  it('is what its terms say, whatever is in them', () => {
    const value = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 });
    const bare = value.filter((text) => !/[\s"\u201c\u201d]/u.test(text));
    const terms = fc.array(
      fc.record({
        of: fc.constantFrom(...words, 'text' as const),
        isExcluded: fc.boolean(),
        value: fc.oneof(
          value.map((text) => ({ text, isQuoted: true })),
          bare.map((text) => ({ text, isQuoted: false })),
        ),
        space: fc.constantFrom(' ', '\n', '\t '),
      }),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(terms, (all) => {
        const usable = all.filter(
          ({ of, value: { text, isQuoted } }) => isQuoted || of !== 'text' || !/^-|:/.test(text),
        );
        const query = usable.map(({ of, isExcluded, value: { text, isQuoted }, space }) => {
          const written = isQuoted ? `"${text.replace(/[\\"]/g, '\\$&')}"` : text;
          return `${isExcluded ? '-' : ''}${of === 'text' ? '' : `${of}:`}${written}${space}`;
        });
        const parsed = usable.map(({ of, value: { text, isQuoted } }) => {
          if (!isQuoted && text.includes('*')) return like(of, of === 'text' ? `*${text}*` : text);
          return whole.includes(of) ? is(of, text) : contains(of, text);
        });
        const groups = new Map<unknown, Term[]>();
        for (const [index, { isExcluded, of }] of usable.entries()) {
          if (isExcluded) continue;
          const key = of === 'text' ? index : of;
          groups.set(key, [...(groups.get(key) ?? []), parsed[index]!]);
        }
        expect(parseFilter(query.join(''))).toEqual({
          groups: [...groups.values()],
          excluded: parsed.filter((_, index) => usable[index]!.isExcluded),
        });
      }),
      { numRuns: 200 },
    );
  });

  it('is accepted or refused with a hint, whatever is typed', () => {
    const pieces = fc.constantFrom(
      'user',
      'http',
      ':',
      '-',
      '"',
      '\\',
      '*',
      ' ',
      'a',
      '\u0000',
      '“',
      'é',
      '😀',
      '\n',
      '1',
    );
    const typed = fc.oneof(
      fc.array(pieces, { maxLength: 12 }).map((all) => all.join('')),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(typed, (query) => {
        try {
          parseFilter(query);
        } catch (error) {
          expect(error).toBeInstanceOf(TrawlError);
          expect(error).toMatchObject({ code: 'INPUT_INVALID', hint: expect.stringMatching(/\.$/) });
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ['http://x', /"http"/, /^The words are .*: "http:\/\/x"\.$/],
    ['-http://x', /"http"/, /: -"http:\/\/x"\.$/],
    ['12:30', /no word before the colon in "12:30"/, /in quotes: "12:30"\.$/],
    ['::1', /no word/, /in quotes: "::1"\.$/],
    ['{a:1}', /no word/, /in quotes/],
    ['usr:ada', /"usr"/, /^Did you mean user\?/],
    ['Actr:ada', /"Actr"/, /^Did you mean actor\?/],
    ['hostname:web', /"hostname"/, /^Did you mean host\?/],
    ['from:10.0.0.1', /"from"/, /^Did you mean ip\?/],
    ['message:x', /"message"/, /^Did you mean a text without a word\?/],
    ['constructor:x', /"constructor"/, /^The words are/],
    ['user:', /"user:" has no value/, /right after the colon/],
    ['user: ada', /"user:" has no value/, /right after the colon/],
    ['-', /"-" has no value/, /right after the minus/],
    ['user:"ada', /no end/, /whole value/],
    ['"ada"x', /no end/, /whole value/],
    ['say"hi"', /quote stands within/, /straight quotes: "say\\"hi\\""\.$/],
    ['“ada”', /quote stands within/, /straight quotes: "ada"\.$/],
    ['""', /matches every event/, /between the quotes/],
    ['x'.repeat(10_001), /longer than 10000/, /./],
    ['x '.repeat(101), /more than 100 terms/, /./],
    [`type:*${'x'.repeat(1_000)}`, /longer than 1000/, /\*/],
  ])('%s is refused, and says how to write it', (query, message, hint) => {
    expect(refused(query)).toMatchObject({
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    });
  });

  it('can be given by options: those of texts have no wildcards, and an empty one has no effect', () => {
    expect(filterOf('type', 'auth.*')).toEqual(parseFilter('type:auth.*'));
    expect(filterOf('actor', 'a*')).toEqual(parseFilter('actor:"a*"'));
    expect(filterOf('text', 'http://*')).toEqual(parseFilter('"http://*"'));
    expect(allOf([filterOf('actor', ''), filterOf('text', undefined)])).toEqual(parseFilter(''));
    expect(filterOf('type', '')).toEqual(parseFilter('type:""'));
  });
});

describe('of the filter of a collector', () => {
  const acme = { collector: 'acme-prod', source: 'asa' };

  it.each<[string, string | null]>([
    ['user:ada', 'user:ada'],
    ['source:asa user:ada', 'user:ada'],
    ['source:descope user:ada', null],
    ['source:descope source:asa', ''],
    ['-source:asa', null],
    ['-source:descope -type:x', '-type:x'],
    ['collector:acme-* -collector:*-test', ''],
    ['collector:acme', null],
    ['source:asa collector:other', null],
  ])('%s, %s is left', (query, left) => {
    expect(ofCollector(parseFilter(query), acme)).toEqual(left === null ? null : parseFilter(left));
  });

  it('a pattern matches as a regular expression does', () => {
    const text = fc
      .array(fc.constantFrom('a', 'b', '-', '*'), { minLength: 1, maxLength: 8 })
      .map((all) => all.join(''));
    fc.assert(
      fc.property(text, text, (pattern, name) => {
        const form = new RegExp(`^${pattern.replaceAll('*', '.*')}$`, 'is');
        const selected = ofCollector(parseFilter(`collector:${pattern}`), { collector: name, source: '' });
        expect(selected !== null).toBe(pattern.includes('*') ? form.test(name) : name === pattern);
      }),
      { numRuns: 500 },
    );
  });
});
