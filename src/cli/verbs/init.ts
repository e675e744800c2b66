import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { TrawlError } from '../../errors.js';
import { outputOf } from '../../processes.js';
import { isRequired, type SettingDefinition } from '../../settings/definition.js';
import { type Assignments, assigned, dotEnvText, writeDotEnv } from '../../settings/dot-env.js';
import { sourceOf, sources } from '../../sources/registry.js';
import type { Source } from '../../sources/source.js';
import { Context } from '../context.js';
import { askChoice, askSetting, askWhether, Cancelled } from '../init/dialogue.js';
import { type Given, type GivenOptions, givenByFlags } from '../init/given.js';
import { print, tell } from '../output.js';
import { check } from './check.js';

export interface InitOptions extends GivenOptions {
  force?: boolean;
  check: boolean;
}

const interruptedCode = 130;

/**
 * `trawl init [SOURCE]`: writes a source's settings into `.env`, checks them, and says how to start. On a terminal it
 * asks for settings that the flags leave out.
 * @throws TrawlError INPUT_INVALID if something is missing and there is no terminal.
 */
export async function init(context: Context, kind: string | undefined, options: InitOptions): Promise<number> {
  try {
    const source = await sourceFor(kind);
    const path = join(process.cwd(), '.env');
    const before = dotEnvText(path);
    const given = await givenByFlags(source, options);
    const asked = await completed(context, source, given);
    const assignments = withoutOthers({ ...given, ...asked });
    const after = assigned(before, assignments);
    if (!(await mayReplace(before, context, given, options.force === true))) {
      tell('Nothing was written.');
      return 1;
    }
    writeDotEnv(path, after);
    await print(`${path}: ${Object.keys({ ...given, ...asked }).join(', ') || 'unchanged'}; readable only by you\n`);
    for (const note of notesOn(path, context, assignments)) tell(note);
    const code = options.check ? await checkAnew(source.kind) : 0;
    await print(code === 0 ? howToStart(source.kind) : `Correct what failed above, then: trawl check ${source.kind}\n`);
    return code;
  } catch (error) {
    if (!(error instanceof Cancelled)) throw error;
    tell('Nothing was written.');
    return interruptedCode;
  }
}

async function sourceFor(kind: string | undefined): Promise<Source> {
  if (kind !== undefined) return sourceOf(kind);
  const kinds = sources.map((source) => source.kind);
  if (!process.stdin.isTTY) throw missing(`Specify which source: ${kinds.join(', ')}.`);
  const choices = sources.map(({ kind: value, settings }) => ({
    value,
    label: `${value} (${settings.find(isRequired)?.meaning})`,
  }));
  return sourceOf(await askChoice('What do you want to collect from?', choices));
}

/** Asks for the required settings that neither the flags nor the environment provide. */
async function completed(context: Context, source: Source, given: Given): Promise<Given> {
  const { env } = context.settings;
  const isSet = (definition: SettingDefinition) =>
    [definition.env, `${definition.env}_FILE`].some((name) => given[name] ?? env[name]);
  const needed = source.settings.filter(isRequired);
  const open = needed.filter(
    (one) => !isSet(one) && !needed.some((other) => one.oneOf && other.oneOf === one.oneOf && isSet(other)),
  );
  if (!process.stdin.isTTY || Object.keys(given).length > 0) {
    if (open.length > 0) throw missing(`${source.kind} needs ${wanted(open)}.`);
    return {};
  }
  const asked: Given = {};
  for (const definition of await chosen(needed)) {
    const present = env[definition.env];
    const file = env[`${definition.env}_FILE`];
    if (file !== undefined && present === undefined) {
      tell(`${definition.env} comes from ${file}.`);
      continue;
    }
    const value = await askSetting(definition, present);
    if (value !== present) asked[definition.env] = value;
  }
  return asked;
}

/** Asks which one to use of settings that exclude each other. */
async function chosen(needed: readonly SettingDefinition[]): Promise<SettingDefinition[]> {
  const all: SettingDefinition[] = [];
  for (const definition of needed) {
    const group = needed.filter(({ oneOf }) => oneOf !== undefined && oneOf === definition.oneOf);
    if (group.length === 0) all.push(definition);
    if (group[0] !== definition) continue;
    const choices = group.map(({ env, meaning }) => ({ value: env, label: meaning }));
    const name = await askChoice('How does it sign in?', choices);
    all.push(group.find(({ env }) => env === name)!);
  }
  return all;
}

/** Removes settings that exclude the new ones: a secret's text or its file, another way to sign in. */
function withoutOthers(given: Given): Assignments {
  const assignments: Record<string, string | null> = { ...given };
  for (const name of Object.keys(given)) {
    const plain = name.replace(/_FILE$/, '');
    const group = sources.flatMap(({ settings }) => settings).find(({ env }) => env === plain)?.oneOf;
    const rivals = sources.flatMap(({ settings }) =>
      settings.filter(({ env, oneOf }) => env === plain || (group !== undefined && oneOf === group)),
    );
    for (const { env } of rivals)
      for (const other of [env, `${env}_FILE`]) if (!(other in given)) assignments[other] = null;
  }
  return assignments;
}

/** Asks before replacing values. Those from the dialogue are already confirmed there. */
async function mayReplace(before: string, context: Context, given: Given, force: boolean): Promise<boolean> {
  const replaced = Object.entries(given)
    .filter(([name, value]) => (context.settings.env[name] ?? value) !== value && before.includes(name))
    .map(([name]) => name);
  if (replaced.length === 0 || force) return true;
  if (process.stdin.isTTY) return askWhether(`Replace ${replaced.join(', ')} in .env?`);
  throw new TrawlError('INPUT_INVALID', `Nothing was written: .env already has a different ${replaced.join(', ')}.`, {
    hint: 'Replace it with --force.',
  });
}

function notesOn(path: string, { settings: { env } }: Context, assignments: Assignments): string[] {
  const notes: string[] = [];
  const hidden = Object.entries(assignments).filter(([name, value]) => (process.env[name] || value) !== value);
  if (hidden.length > 0)
    notes.push(
      `${hidden.map(([name]) => name).join(', ')}: the environment has a different value, which takes precedence over .env.`,
    );
  if (lstatSync(path).isSymbolicLink()) notes.push(`${path} is a link: the file that it points to was changed.`);
  if (wouldBeCommitted(path))
    notes.push('git does not ignore .env: add it to .gitignore before a secret is committed.');
  if (env.TRAWL_STORE?.includes('@'))
    notes.push('TRAWL_STORE contains a password: with TRAWL_STORE_FILE it can stay in a file.');
  return notes;
}

function wouldBeCommitted(path: string): boolean {
  try {
    outputOf('git', ['check-ignore', '-q', path]);
    return false;
  } catch (error) {
    // Status 128: not in a repository.
    return (error as { status?: number }).status === 1;
  }
}

/** Runs the check with the new settings. */
async function checkAnew(name: string): Promise<number> {
  const context = new Context();
  try {
    return await check(context, [name], {});
  } finally {
    await context.close();
  }
}

function howToStart(name: string): string {
  return `
Start it on this machine, with everything it needs:    trawl up
or collect once, now:                                  trawl collect ${name}
or, if a worker and a Temporal server are running:     trawl start ${name}
Then see how it is doing:                              trawl status
`;
}

function missing(problem: string): TrawlError {
  return new TrawlError('INPUT_INVALID', problem, {
    hint: 'Run it on a terminal to be asked, or see the flags in "trawl init --help".',
  });
}

function wanted(open: readonly SettingDefinition[]): string {
  return open
    .map(({ env, secret, oneOf }) => {
      const flag = secret ? `--secret-file ${env}=PATH or --secret-stdin ${env}` : `--set ${env}=VALUE`;
      return oneOf === undefined ? `${env} (${flag})` : `${env} (${flag}; one of ${oneOf})`;
    })
    .join(', ');
}
