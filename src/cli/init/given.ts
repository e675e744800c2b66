import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import type { SettingDefinition } from '../../settings/definition.js';
import { problemOf } from '../../settings/values.js';
import { instead } from '../../similar.js';
import type { Source } from '../../sources/source.js';
import { WrongCall } from '../wrong-call.js';

/** Settings for `.env`, by environment variable. */
export type Given = Record<string, string>;

export interface GivenOptions {
  set?: string[];
  secretFile?: string[];
  secretStdin?: string;
}

/**
 * Settings from the flags. Secrets are refused: every user of the machine can see a command line.
 * @throws WrongCall INPUT_INVALID, SECRET_REFUSED
 */
export async function givenByFlags(source: Source, options: GivenOptions): Promise<Given> {
  const given: Given = {};
  for (const assignment of options.set ?? []) {
    const [name, value] = parts('--set', assignment);
    const definition = definitionOf(source, name);
    if (definition.secret) {
      throw new WrongCall(
        `${name} is a secret, and other users of this machine can see a command line.`,
        `Name a file that contains it (--secret-file ${name}=PATH), or use --secret-stdin ${name}. The key that was typed is now in the shell's history.`,
        undefined,
        'SECRET_REFUSED',
      );
    }
    given[name] = checked(definition, value);
  }
  for (const assignment of options.secretFile ?? []) {
    const [name, path] = parts('--secret-file', assignment);
    secretOf(source, name);
    if (!existsSync(path)) throw wrong(`--secret-file ${name}: there is no file ${path}`);
    given[`${name}_FILE`] = resolve(path);
  }
  if (options.secretStdin !== undefined) {
    const definition = secretOf(source, options.secretStdin);
    if (process.stdin.isTTY)
      throw wrong('--secret-stdin reads the secret from another program, but standard input is a terminal');
    given[definition.env] = checked(definition, (await readAll(process.stdin)).trim());
  }
  return given;
}

/** Returns the text if it is valid. @throws WrongCall, which does not repeat the text. */
export function checked(definition: SettingDefinition, text: string): string {
  const problem = problemOf(definition, definition.env, text);
  if (problem !== undefined) throw wrong(problem);
  return text;
}

function parts(flag: string, assignment: string): [string, string] {
  const at = assignment.indexOf('=');
  if (at > 0) return [assignment.slice(0, at), assignment.slice(at + 1)];
  throw wrong(`${flag} takes NAME=${flag === '--set' ? 'VALUE' : 'PATH'}`);
}

function definitionOf(source: Source, name: string): SettingDefinition {
  const definition = source.settings.find(({ env }) => env === name);
  if (definition) return definition;
  throw wrong(
    `unknown setting ${name} of ${source.kind}${instead(
      name,
      source.settings.map(({ env }) => env),
    )}`,
  );
}

function secretOf(source: Source, name: string): SettingDefinition {
  const definition = definitionOf(source, name);
  if (definition.secret) return definition;
  throw wrong(`${name} is not a secret: use --set ${name}=VALUE`);
}

function wrong(problem: string): WrongCall {
  return new WrongCall(`${problem}.`, 'See "trawl init --help".');
}
