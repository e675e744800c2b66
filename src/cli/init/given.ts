import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { TrawlError } from '../../errors.js';
import type { SettingDefinition } from '../../settings/definition.js';
import type { Source } from '../../sources/source.js';

/** Settings for `.env`, by environment variable. */
export type Given = Record<string, string>;

export interface GivenOptions {
  set?: string[];
  secretFile?: string[];
  secretStdin?: string;
}

/**
 * What the flags say. No secret is among them: a command line is seen by every user of the machine.
 * @throws TrawlError INPUT_INVALID, SECRET_REFUSED
 */
export async function givenByFlags(source: Source, options: GivenOptions): Promise<Given> {
  const given: Given = {};
  for (const assignment of options.set ?? []) {
    const [name, value] = parts('--set', assignment);
    const definition = definitionOf(source, name);
    if (definition.secret) {
      throw new TrawlError(
        'SECRET_REFUSED',
        `${name} is a secret, and other users of this machine see a command line.`,
        {
          hint: `Give the file that holds it (--secret-file ${name}=PATH), or --secret-stdin ${name}. The key that was typed is in the shell's history now.`,
        },
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
      throw wrong('--secret-stdin takes the secret from another program, and there is a terminal');
    given[definition.env] = checked(definition, (await readAll(process.stdin)).trim());
  }
  return given;
}

/** The setting's text, as it goes into `.env`. @throws TrawlError INPUT_INVALID, which repeats no secret. */
export function checked(definition: SettingDefinition, text: string): string {
  const problem = problemOf(definition, text);
  if (problem !== undefined) throw wrong(problem);
  return text;
}

/** What is wrong with a text; undefined where nothing is. */
export function problemOf(definition: SettingDefinition, text: string): string | undefined {
  return definition.schema.safeParse(text).success ? undefined : `${definition.env} must be ${definition.expected}`;
}

function parts(flag: string, assignment: string): [string, string] {
  const at = assignment.indexOf('=');
  if (at > 0) return [assignment.slice(0, at), assignment.slice(at + 1)];
  throw wrong(`${flag} takes NAME=${flag === '--set' ? 'VALUE' : 'PATH'}`);
}

function definitionOf(source: Source, name: string): SettingDefinition {
  const definition = source.settings.find(({ env }) => env === name);
  if (definition) return definition;
  throw wrong(`${name} is no setting of ${source.kind} (known: ${source.settings.map(({ env }) => env).join(', ')})`);
}

function secretOf(source: Source, name: string): SettingDefinition {
  const definition = definitionOf(source, name);
  if (definition.secret) return definition;
  throw wrong(`${name} is no secret: use --set ${name}=VALUE`);
}

function wrong(problem: string): TrawlError {
  return new TrawlError('INPUT_INVALID', `${problem}.`, { hint: 'See "trawl init --help".' });
}
