import { TrawlError } from '../errors.js';
import { similarName } from '../similar.js';
import { type Filter, type Match, type Term, type Word, words } from './filter.js';

/** Words whose value is the whole of the column. The other columns hold names, with a description behind some. */
const wholeWords: ReadonlySet<Term['of']> = new Set<Word>(['type', 'id', 'ip', 'collector', 'source']);

/** Names that other programs and the columns have for a word. */
const otherNames: Readonly<Record<string, Word | 'text'>> = {
  action: 'type',
  address: 'ip',
  addr: 'ip',
  by: 'actor',
  event: 'type',
  from: 'ip',
  from_addr: 'ip',
  hostname: 'host',
  message: 'text',
  target: 'user',
  tenant: 'group',
  username: 'user',
  vault: 'project',
};

/** Characters; and terms, each of which may be compared with every text of an event. */
const lengthMax = 10_000;
const termsMax = 100;
/** SQLite does not accept longer patterns, and no name is that long. */
const patternMax = 1_000;

/**
 * Parses `user:ada -type:auth.* "some text"`. Several values of one word are alternatives; different words, and each
 * text, must all match; a minus excludes.
 *
 * A value in quotes stands for itself: `\"` is a quote in it, `\\` a backslash. In any other value, `*` stands for any
 * characters, also none. An empty value in quotes is a column without a value.
 * @throws TrawlError INPUT_INVALID
 */
export function parseFilter(query: string): Filter {
  if (query.length > lengthMax)
    throw wrong(`The filter is longer than ${lengthMax} characters.`, 'Leave out what does not matter.');
  const alternatives = new Map<Word, Term[]>();
  const groups: Term[][] = [];
  const excluded: Term[] = [];
  let terms = 0;
  for (const { term, isExcluded } of termsOf(query)) {
    terms += 1;
    if (terms > termsMax) throw wrong(`The filter has more than ${termsMax} terms.`, 'Use * for what they share.');
    if (isExcluded) excluded.push(term);
    else if (term.of === 'text') groups.push([term]);
    else if (alternatives.has(term.of)) alternatives.get(term.of)!.push(term);
    else {
      const group = [term];
      alternatives.set(term.of, group);
      groups.push(group);
    }
  }
  return { groups, excluded };
}

/** The filter of an option: `*` is a wildcard in a type only. */
export function filterOf(of: 'type' | 'actor' | 'text', value: string | undefined): Filter {
  const isAll = value === undefined || (of !== 'type' && value === '');
  return { groups: isAll ? [] : [[termOf(of, value, of !== 'type')]], excluded: [] };
}

/** A term: a minus, a word and a colon, both optional, and a value in quotes or up to the next white space. */
const termForm = /\s*(-?)(?:([^\s:"]*):)?(?:"((?:[^"\\]|\\.)*)"(?=\s|$)|((?!")\S+)|)/suy;

function* termsOf(query: string): Generator<{ term: Term; isExcluded: boolean }> {
  termForm.lastIndex = 0;
  const end = query.trimEnd().length;
  let at = 0;
  while (at < end) {
    termForm.lastIndex = at;
    const [whole, minus, name, quoted, bare] = termForm.exec(query)!;
    at += whole.length;
    const written = whole.trimStart();
    const isQuoted = quoted !== undefined;
    if (!isQuoted && bare === undefined) throw withoutValue(written, query.slice(at));
    if (!isQuoted && /["\u201c\u201d]/.test(bare!)) throw strayQuote(bare!);
    const value = isQuoted ? quoted.replace(/\\(.)/gsu, '$1') : bare!;
    const of = name === undefined ? 'text' : wordOf(name, written);
    if (of === 'text' && value === '')
      throw wrong('"" matches every event.', 'Write a text between the quotes, or a word before them.');
    yield { term: termOf(of, value, isQuoted), isExcluded: minus === '-' };
  }
}

function termOf(of: Term['of'], value: string, isQuoted: boolean): Term {
  if (isQuoted || !value.includes('*')) return { of, match: plainMatch(of, value) };
  if (value.length > patternMax)
    throw wrong(`A pattern is longer than ${patternMax} characters.`, 'Use * for the part that does not matter.');
  return { of, match: { how: 'like', text: of === 'text' ? `*${value}*` : value } };
}

function plainMatch(of: Term['of'], text: string): Match {
  return { how: wholeWords.has(of) || text === '' ? 'is' : 'contains', text };
}

function wordOf(name: string, written: string): Word {
  const known = words.find((word) => word === name.toLowerCase());
  if (known) return known;
  const minus = written.startsWith('-') ? '-' : '';
  const asText = `To search for it as a text, put it in quotes: ${minus}${quoted(written.slice(minus.length))}.`;
  if (!/^\p{L}[\p{L}\p{N}_-]*$/u.test(name))
    throw wrong(`There is no word before the colon in ${JSON.stringify(written)}.`, asText);
  const similar = similarTo(name.toLowerCase());
  const guess = similar === undefined ? '' : `Did you mean ${similar === 'text' ? 'a text without a word' : similar}? `;
  throw wrong(
    `Unknown word ${JSON.stringify(name)} in the filter.`,
    `${guess}The words are ${words.join(', ')}. ${asText}`,
  );
}

function similarTo(name: string): Word | 'text' | undefined {
  return Object.hasOwn(otherNames, name) ? otherNames[name] : similarName(name, words);
}

function withoutValue(written: string, rest: string): TrawlError {
  if (rest.startsWith('"'))
    return wrong(
      'A quote in the filter has no end, or something follows it without a space.',
      'Write "…" around the whole value, and \\" for a quote in it.',
    );
  return wrong(
    `${JSON.stringify(written)} has no value in the filter.`,
    written === '-'
      ? 'Write what it excludes right after the minus, or "-" in quotes.'
      : 'Write the value right after the colon, or "" for none.',
  );
}

function strayQuote(bare: string): TrawlError {
  return wrong(
    `A quote stands within ${JSON.stringify(bare)} in the filter.`,
    `Put the whole value in straight quotes: ${quoted(bare.replace(/[\u201c\u201d]/g, ''))}.`,
  );
}

/** The value as a filter takes it literally. */
function quoted(value: string): string {
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}

function wrong(message: string, hint: string): TrawlError {
  return new TrawlError('INPUT_INVALID', message, { hint });
}
