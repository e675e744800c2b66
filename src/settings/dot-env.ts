import { closeSync, fsyncSync, openSync, realpathSync, renameSync, rmSync, writeSync } from 'node:fs';
import { draftBeside, removeDeadDrafts } from '../drafts.js';
import { reasonOf, TrawlError } from '../errors.js';
import { textOfFile, whyUnreadable } from '../text-file.js';
import { parseEnvFile } from './env-file.js';

/** Assignments to write to a `.env`: values by name; null removes a name. */
export type Assignments = Readonly<Record<string, string | null>>;

/** The text of a `.env`; empty if there is no such file. */
export function dotEnvText(path: string): string {
  try {
    return textOfFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new TrawlError('SETTINGS_INVALID', `${path} cannot be read: ${whyUnreadable(error)}.`, {
      hint: 'Make it a text file that this user can read, or move it away.',
      cause: error,
    });
  }
}

/**
 * The assignments in a `.env`; none if there is no such file.
 * @throws TrawlError SETTINGS_INVALID, which names every line that is not one: dropping it could mean another store
 */
export function dotEnvValues(path: string): Readonly<Record<string, string>> {
  const { values, problems } = parseEnvFile(dotEnvText(path));
  if (problems.length === 0) return values;
  throw new TrawlError('SETTINGS_INVALID', `${path} cannot be understood: ${problems.join('; ')}.`, {
    hint: 'Write NAME=VALUE, with a value in single quotes if it has quotation marks or a #, or begin the line with # to make it a comment.',
  });
}

/**
 * Returns the text with these assignments, each at the place of its name or at the end. All else stays unchanged.
 * @throws TrawlError SETTINGS_INVALID if no notation of `.env` reads back as a value.
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

/** Matches the assignments to a name. A quoted value may span several lines. */
function lineOf(name: string): RegExp {
  return new RegExp(
    `^[ \\t]*(?:export[ \\t]+)?${name}[ \\t]*=[ \\t]*(?:"[^"]*"|'[^']*'|\`[^\`]*\`)?[^\\n]*(?:\\n|$)`,
    'gm',
  );
}

/** Returns the simplest notation that reads back as the value. */
function quoted(name: string, value: string): string {
  for (const form of [value, `'${value}'`, `"${value}"`, `\`${value}\``]) {
    const { values, problems } = parseEnvFile(`${name}=${form}\nNEXT=1`);
    if (problems.length === 0 && values[name] === value && values.NEXT === '1') return form;
  }
  throw new TrawlError('SETTINGS_INVALID', `The value of ${name} cannot be written into a .env file.`, {
    hint: `Put it into a separate file, and the path of that file into ${name}_FILE.`,
  });
}

/** Checks that nothing but the assignments has changed: a name may occur inside another one's value. */
function requireAssigned(before: string, after: string, assignments: Assignments): void {
  const wanted: Record<string, string | undefined> = { ...parseEnvFile(before).values };
  for (const [name, value] of Object.entries(assignments)) {
    if (value === null) delete wanted[name];
    else wanted[name] = value;
  }
  const { values: found } = parseEnvFile(after);
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

/** Replaces the file atomically, readable by its owner only. If it is a link, replaces the file that it points to. */
export function writeDotEnv(path: string, text: string): void {
  const target = realPath(path);
  removeDeadDrafts(target, 'new');
  const draft = draftBeside(target, 'new');
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
      hint: 'Free some space there, or give this user write permission for that folder.',
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
