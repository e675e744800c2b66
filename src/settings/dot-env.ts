import { closeSync, fsyncSync, openSync, readFileSync, realpathSync, renameSync, rmSync, writeSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { reasonOf, TrawlError } from '../errors.js';

/** What is to stand in a `.env`: text by name; null for what is to go. */
export type Assignments = Readonly<Record<string, string | null>>;

/** The text of a `.env`; empty where there is none. */
export function dotEnvText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new TrawlError('SETTINGS_INVALID', `${path} cannot be read: ${reasonOf(error)}.`, {
      hint: 'Make it readable for this user, or move it away.',
      cause: error,
    });
  }
}

/**
 * The text with these assignments, each where its name stood, or at the end; everything else stays as it is.
 * @throws TrawlError SETTINGS_INVALID where no form of `.env` reads back as a value.
 */
export function assigned(text: string, assignments: Assignments): string {
  let result = text;
  for (const [name, value] of Object.entries(assignments)) {
    const line = value === null ? '' : `${name}=${quoted(name, value)}\n`;
    const [first, ...others] = [...result.matchAll(lineOf(name))];
    for (const { index, 0: whole } of others.reverse())
      result = result.slice(0, index) + result.slice(index + whole.length);
    if (first) result = result.slice(0, first.index) + line + result.slice(first.index + first[0].length);
    else if (line) result = `${result}${result === '' || result.endsWith('\n') ? '' : '\n'}${line}`;
  }
  requireAssigned(text, result, assignments);
  return result;
}

/** A value may go over several lines where it is quoted. */
function lineOf(name: string): RegExp {
  return new RegExp(
    `^[ \\t]*(?:export[ \\t]+)?${name}[ \\t]*=[ \\t]*(?:"[^"]*"|'[^']*'|\`[^\`]*\`)?[^\\n]*(?:\\n|$)`,
    'gm',
  );
}

/** In the plainest form that is read back as it is. */
function quoted(name: string, value: string): string {
  for (const form of [value, `'${value}'`, `"${value}"`, `\`${value}\``])
    if (parseEnv(`${name}=${form}\nNEXT=1`)[name] === value && parseEnv(`${name}=${form}\nNEXT=1`).NEXT === '1')
      return form;
  throw new TrawlError('SETTINGS_INVALID', `The value of ${name} cannot be written into a .env file.`, {
    hint: `Put it into a file of its own, and its path into ${name}_FILE.`,
  });
}

/** Whether nothing but the assignments has changed: a name may stand inside of another one's value. */
function requireAssigned(before: string, after: string, assignments: Assignments): void {
  const wanted: Record<string, string | undefined> = { ...parseEnv(before) };
  for (const [name, value] of Object.entries(assignments)) {
    if (value === null) delete wanted[name];
    else wanted[name] = value;
  }
  const found = parseEnv(after);
  const names = new Set([...Object.keys(wanted), ...Object.keys(found)]);
  if ([...names].every((name) => wanted[name] === found[name])) return;
  throw new TrawlError('SETTINGS_INVALID', 'The .env file has a form that cannot be changed without breaking it.', {
    hint: `Write ${namesOf(assignments)} into it by hand.`,
  });
}

function namesOf(assignments: Assignments): string {
  return Object.keys(assignments)
    .filter((name) => assignments[name] !== null)
    .join(', ');
}

/** Replaces the file at once, readable for its owner only; where it is a link, the file that it leads to. */
export function writeDotEnv(path: string, text: string): void {
  const target = realPath(path);
  const draft = `${target}.${process.pid}.new`;
  try {
    const file = openSync(draft, 'wx', 0o600);
    try {
      writeSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { force: true });
    throw new TrawlError('SETTINGS_INVALID', `${path} cannot be written: ${reasonOf(error)}.`, {
      hint: 'Make room there, or give this user the right to write in that folder.',
      cause: error,
    });
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
