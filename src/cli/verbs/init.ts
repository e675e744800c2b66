import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { TrawlError } from '../../errors.js';
import { expectedName, isName } from '../../names.js';
import { outputOf } from '../../processes.js';
import { type Assignments, assigned, dotEnvText, writeDotEnv } from '../../settings/dot-env.js';
import { sources } from '../../sources/registry.js';
import { Context } from '../context.js';
import { completed, sourceFor } from '../init/asked.js';
import { askWhether, Cancelled } from '../init/dialogue.js';
import { type Given, type GivenOptions, givenByFlags } from '../init/given.js';
import { setUpNamed } from '../init/named.js';
import { print, tell } from '../output.js';
import { WrongCall } from '../wrong-call.js';
import { check } from './check.js';

export interface InitOptions extends GivenOptions {
  /** Of a collector besides the one that has the source's name. */
  name?: string;
  force?: boolean;
  own?: boolean;
  check: boolean;
}

const interruptedCode = 130;

/**
 * `trawl init [SOURCE]`: writes a source's settings into `.env`, checks them, and says how to start. With `--name`, they go
 * to the table, so that a second team of a source is set up beside the first. On a terminal it asks for settings that the
 * flags leave out.
 * @throws WrongCall if something is missing and there is no terminal.
 */
export async function init(context: Context, kind: string | undefined, options: InitOptions): Promise<number> {
  try {
    if (options.name !== undefined) requireName(options.name);
    const source = await sourceFor(kind);
    const given = await givenByFlags(source, options);
    if (options.name !== undefined && options.name !== source.kind) {
      // Variables of the environment are those of the collector that has the source's name.
      const all = { ...given, ...(await completed(source, given, {})) };
      const code = await setUpNamed(context, source, options.name, all, options);
      return code === 0 ? await checked(options.name, options) : code;
    }
    const path = join(process.cwd(), '.env');
    const before = dotEnvText(path);
    const asked = await completed(source, given, context.settings.env);
    const assignments = withoutOthers({ ...given, ...asked });
    const after = assigned(before, assignments);
    if (!(await mayReplace(before, context, given, options.force === true))) {
      tell('Nothing was written.');
      return 1;
    }
    writeDotEnv(path, after);
    await print(`${path}: ${Object.keys({ ...given, ...asked }).join(', ') || 'unchanged'}; readable only by you\n`);
    for (const note of notesOn(path, context, assignments)) tell(note);
    return await checked(source.kind, options);
  } catch (error) {
    if (!(error instanceof Cancelled)) throw error;
    tell('Nothing was written.');
    return interruptedCode;
  }
}

async function checked(name: string, options: InitOptions): Promise<number> {
  const code = options.check ? await checkAnew(name) : 0;
  await print(code === 0 ? howToStart(name) : `Correct what failed above, then: trawl check ${name}\n`);
  return code;
}

function requireName(name: string): void {
  if (!isName('collector', name))
    throw new WrongCall(
      `--name ${JSON.stringify(name)} cannot be the name of a collector.`,
      `Use ${expectedName('collector')}, for example --name acme-prod.`,
    );
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
