import { skipPrimitive, skipSpace, skipString } from '../../json-slices.js';
import type { Paint, Style } from '../colour.js';
import { printableJson } from '../output.js';

interface Token {
  is: 'key' | 'text' | 'value' | 'mark';
  text: string;
}

/** The tokens of a valid JSON text, in its own characters. */
export function* jsonTokens(json: string): Generator<Token> {
  let at = skipSpace(json, 0);
  while (at < json.length) {
    const first = json[at]!;
    let end = at + 1;
    let is: Token['is'] = 'mark';
    if (first === '"') {
      end = skipString(json, at);
      is = json[skipSpace(json, end)] === ':' ? 'key' : 'text';
    } else if (!'{}[],:'.includes(first)) {
      end = skipPrimitive(json, at);
      is = 'value';
    }
    yield { is, text: json.slice(at, end) };
    at = skipSpace(json, end);
  }
}

const styles: Readonly<Record<Token['is'], Style | undefined>> = {
  key: 'blue',
  text: 'green',
  value: 'yellow',
  mark: undefined,
};

/** Deeper values are not indented further. */
const indentMax = 40;

/**
 * A valid JSON text over several lines, coloured and safe for a terminal. Numbers and escapes stay as they are, since
 * nothing is parsed and written again.
 */
export function jsonLines(json: string, paint: Paint, indent = ''): string {
  const parts: string[] = [indent];
  let depth = 0;
  let before = '';
  const newLine = () => parts.push('\n', indent, '  '.repeat(Math.min(depth, indentMax)));
  for (const { is, text } of jsonTokens(json)) {
    const opens = text === '{' || text === '[';
    const closes = text === '}' || text === ']';
    if (is === 'mark' && closes) depth -= 1;
    const isEmpty = closes && (before === '{' || before === '[');
    if (before === ',' || ((before === '{' || before === '[') && !isEmpty) || (is === 'mark' && closes && !isEmpty))
      newLine();
    if (is === 'mark' && opens) depth += 1;
    parts.push(paint(styles[is], printableJson(text)), text === ':' ? ' ' : '');
    before = is === 'mark' ? text : '';
  }
  return parts.join('');
}
