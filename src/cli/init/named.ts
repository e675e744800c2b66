import { join } from 'node:path';
import { TrawlError } from '../../errors.js';
import { checkTableRows, collectorBoundProblems } from '../../settings/collector.js';
import type { SettingDefinition } from '../../settings/definition.js';
import { assigned, dotEnvText, writeDotEnv } from '../../settings/dot-env.js';
import { sources } from '../../sources/registry.js';
import type { Source } from '../../sources/source.js';
import type { Context } from '../context.js';
import { print, tell } from '../output.js';
import { envSet, envUnset } from '../verbs/env-set.js';
import { WrongCall } from '../wrong-call.js';
import { askWhether } from './dialogue.js';
import type { Given } from './given.js';

interface NamedOptions {
  force?: boolean;
  own?: boolean;
}

/** What is written for a collector: rows of the table, and secrets into `.env`, by variables that only its rows name. */
interface Wanted {
  rows: Record<string, string>;
  secrets: Record<string, string>;
}

/**
 * Sets up a collector with a name of its own. Its settings go to the table, which never holds a secret: it names the file,
 * or the variable in `.env`.
 * @returns 0, or 1 if the user does not want to replace what is there
 * @throws TrawlError SETTINGS_INVALID, INPUT_INVALID; nothing is written then
 */
export async function setUpNamed(
  context: Context,
  source: Source,
  name: string,
  given: Given,
  { force = false, own = false }: NamedOptions,
): Promise<number> {
  const { rows, secrets } = wantedFor(name, source, given);
  const store = await context.storeIfAny(context.settings.realStore);
  const table = (await store?.settings()) ?? {};
  const stored = table[name] ?? {};
  checkTableRows(name, rows, stored, sources, 'store');
  const problems = collectorBoundProblems(name, sources, { ...table, [name]: rows }, context.environment());
  if (problems.length > 0)
    throw new TrawlError('SETTINGS_INVALID', `Nothing was written: ${problems.join('; ')}.`, {
      hint: Object.keys(rows).some((key) => key.endsWith('File'))
        ? 'A secret that is typed, or read by --secret-stdin, goes into .env instead.'
        : 'Then call this again.',
    });
  requireOwnVariables(name, secrets, table);
  const path = join(process.cwd(), '.env');
  const before = dotEnvText(path);
  const after = assigned(before, secrets);
  const changed = Object.keys(rows).filter((key) => (stored[key] ?? rows[key]) !== rows[key]);
  const replaced = [...changed, ...Object.keys(secrets).filter((one) => before.includes(one) && before !== after)];
  if (replaced.length > 0 && !force && !(await mayReplace(name, replaced))) {
    tell('Nothing was written.');
    return 1;
  }
  const assignments = Object.entries(rows).map(([key, value]) => `${key}=${value}`);
  const code = await envSet(context, name, assignments, { own });
  if (code !== 0) return code;
  const rivals = rivalsOf(source, rows).filter((key) => key in stored);
  if (rivals.length > 0) await envUnset(context, name, rivals, { own: true });
  await print(`${name}: ${Object.keys(rows).join(', ')}; in the table of ${context.settings.realStore.name}\n`);
  if (Object.keys(secrets).length > 0) {
    writeDotEnv(path, after);
    await print(`${path}: ${Object.keys(secrets).join(', ')}; readable only by you\n`);
    tell('A worker that runs already reads .env only when it starts: restart it.');
  }
  return 0;
}

function wantedFor(name: string, source: Source, given: Given): Wanted {
  const wanted: Wanted = { rows: { source: source.kind }, secrets: {} };
  for (const [variable, value] of Object.entries(given)) {
    const isFile = variable.endsWith('_FILE') && !source.settings.some(({ env }) => env === variable);
    const definition = source.settings.find(({ env }) => env === (isFile ? variable.slice(0, -5) : variable))!;
    if (isFile) wanted.rows[`${definition.key}File`] = value;
    else if (definition.secret) {
      const own = variableFor(name, definition);
      wanted.secrets[own] = value;
      wanted.rows[`${definition.key}Env`] = own;
    } else wanted.rows[definition.key] = value;
  }
  return wanted;
}

/** A variable that rows of the table may name. */
function variableFor(name: string, { env }: SettingDefinition): string {
  return `TRAWL_SECRET_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}_${env}`;
}

/** Names that differ only in dots and dashes have the same variables. */
function requireOwnVariables(
  name: string,
  secrets: Readonly<Record<string, string>>,
  table: Readonly<Record<string, Readonly<Record<string, string>>>>,
): void {
  for (const [other, rows] of Object.entries(table)) {
    const shared = other === name ? undefined : Object.values(rows).find((value) => Object.hasOwn(secrets, value));
    if (shared !== undefined)
      throw new WrongCall(
        `${name} would keep its secret in ${shared}, which is that of ${other}.`,
        'Choose a name that differs in more than dots and dashes, or use --secret-file.',
      );
  }
}

/** Rows that exclude the new ones: another place of a secret, or another way to sign in. */
function rivalsOf(source: Source, rows: Readonly<Record<string, string>>): string[] {
  const keysOf = ({ key, secret }: SettingDefinition) => (secret ? [`${key}File`, `${key}Env`] : [key]);
  const isNew = (definition: SettingDefinition) => keysOf(definition).some((key) => key in rows);
  return source.settings
    .filter(
      (one) => isNew(one) || source.settings.some((other) => one.oneOf && one.oneOf === other.oneOf && isNew(other)),
    )
    .flatMap(keysOf)
    .filter((key) => !(key in rows));
}

async function mayReplace(name: string, replaced: readonly string[]): Promise<boolean> {
  if (process.stdin.isTTY) return askWhether(`Replace ${replaced.join(', ')} of ${name}?`);
  throw new TrawlError(
    'INPUT_INVALID',
    `Nothing was written: ${name} already has a different ${replaced.join(', ')}.`,
    {
      hint: 'Replace it with --force.',
    },
  );
}
