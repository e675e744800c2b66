import { parseEnv } from 'node:util';
import { oddCharacter } from './odd-characters.js';

/** The assignments of an env file, and what is wrong with its lines: sentences without a full stop or a value. */
interface EnvFile {
  values: Record<string, string>;
  problems: string[];
}

const skipped = /[ \t]*(?:#[^\n]*)?(?:\n|$)/y;
const assignment = /[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=[ \t]*/y;
const quotedValue = /("[^"]*"|'[^']*'|`[^`]*`)([^\n]*)(?:\n|$)/y;
const restOfLine = /([^\n]*)(?:\n|$)/y;

/**
 * Parses an env file. `parseEnv` reads the values, but drops in silence what it does not understand, and cuts off
 * values; so here every line must be blank, a comment, or one whole assignment.
 */
export function parseEnvFile(file: string): EnvFile {
  const text = file.replace(/\r\n?/g, '\n');
  const assignments: string[] = [];
  const problems: string[] = [];
  for (let at = 0; at < text.length; ) {
    const blank = matchAt(skipped, text, at);
    if (blank) {
      at += blank[0].length;
      continue;
    }
    const line = `line ${text.slice(0, at).split('\n').length}`;
    const name = matchAt(assignment, text, at);
    const from = at + (name?.[0].length ?? 0);
    const quoted = name && matchAt(quotedValue, text, from);
    const [whole = '', value = '', after = ''] = quoted || matchAt(restOfLine, text, from) || [];
    at = from + whole.length;
    const problem = name ? valueProblem(value, after, quoted !== null) : lineProblem(value);
    if (problem !== undefined) problems.push(`${line}${name ? ` (${name[1]})` : ''} ${problem}`);
    else if (name) assignments.push(`${name[1]}=${quoted ? value : value.trimEnd()}`);
  }
  return { values: parseEnv(assignments.join('\n')) as Record<string, string>, problems };
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function lineProblem(line: string): string {
  const odd = oddCharacter(line.trim());
  return `is not NAME=VALUE${odd ? ` (it has ${odd})` : ''}`;
}

function valueProblem(value: string, after: string, quoted: boolean): string | undefined {
  if (quoted) return /^[ \t]*(?:#.*)?$/.test(after) ? undefined : 'has text after the closing quotation mark';
  if (/^["'`]/.test(value)) return 'has a quotation mark that is not closed';
  return /^#\S|[^ \t]#/.test(value.replace(/[ \t]#.*$/, ''))
    ? 'has a # that would begin a comment: quote the value'
    : undefined;
}
