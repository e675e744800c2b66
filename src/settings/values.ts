import type { z } from 'zod';
import type { Environment } from '../environment.js';
import { Secret } from '../secret.js';
import { instead } from '../similar.js';
import { textOfFile, whyUnreadable } from '../text-file.js';
import type { Configurable, Setting, SettingDefinition, Values } from './definition.js';
import { needsShell, oddCharacter, oddInKey, oddInPassword } from './odd-characters.js';
import { secretFile } from './secret-files.js';
import { foreignProblem, hostProblem } from './secret-hosts.js';
import { otherSinkOf, variableProblem } from './secret-variables.js';
import { placeOf, tableKeys } from './table-keys.js';
import { isSet, quote } from './texts.js';

/** All values, or the valid ones and the problems of the others: sentences without a full stop. */
type Resolved<Own extends Values> =
  | { values: Own; problems: null }
  | { values: Partial<Own>; problems: readonly string[] };

/**
 * Resolves values from the rows of the table, then from the environment, then from the defaults.
 * @param what names the owner of the settings, for messages.
 */
export function resolveValues<Own extends Values>(
  source: Configurable<Own>,
  what: string,
  rows: Readonly<Record<string, string>>,
  env: Environment,
): Resolved<Own> {
  const problems: string[] = [];
  const values: Record<string, Values[string]> = {};
  const keys = tableKeys(source);
  for (const key of Object.keys(rows))
    if (!keys.has(key)) problems.push(`unknown setting ${key} of ${what}${instead(key, keys.keys())}`);
  const groups = new Map<string, SettingDefinition[]>();
  for (const definition of source.settings) {
    const { optional, oneOf } = definition;
    const set = isGiven(definition, source, rows, env);
    if (oneOf !== undefined) groups.set(oneOf, [...(groups.get(oneOf) ?? []), ...(set ? [definition] : [])]);
    if (!set && (optional || oneOf !== undefined)) continue;
    const found = settingText(definition, source, rows, env);
    if ('problem' in found) {
      problems.push(found.problem);
      continue;
    }
    const odd = oddIn(definition, found.text);
    const parsed = definition.schema.safeParse(found.text);
    if (odd !== undefined) problems.push(`${found.from} must be ${definition.expected}: it has ${odd}`);
    else if (!parsed.success) {
      problems.push(`${found.from} must be ${definition.expected}${whyNot(definition, found.text, parsed.error)}`);
    } else {
      values[definition.key] = definition.secret ? new Secret(String(parsed.data)) : parsed.data;
    }
  }
  for (const [oneOf, set] of groups) {
    if (set.length > 1)
      problems.push(`only one of ${oneOf} may be set, not ${set.map(({ env: name }) => name).join(' and ')}`);
    if (set.length === 0) problems.push(`one of ${oneOf} is missing: ${meanings(source, oneOf)}`);
  }
  // The type Own derives from the same definitions.
  const found = values as Partial<Own>;
  problems.push(...(source.check?.(found) ?? []));
  problems.push(...redirectedSecrets(source, rows, env), ...hostProblems(source, rows, env, true));
  return problems.length === 0 ? { values: found as Own, problems: null } : { values: found, problems };
}

type Found = { text: string; from: string } | { problem: string };

function settingText(
  definition: SettingDefinition,
  source: Configurable,
  rows: Readonly<Record<string, string>>,
  env: Environment,
): Found {
  const { key, env: variable, secret, meaning, expected } = definition;
  const place = placeOf(definition, rows, env);
  if (!place) {
    const names = secret ? `${variable} (or ${variable}_FILE)` : variable;
    return { problem: `${names} is missing: ${meaning} (${expected})` };
  }
  if (place.at === 'default') return { text: place.text, from: key };
  const { at, name, text, pointer } = place;
  if (pointer === 'Env') return variableText(definition, source, text, env);
  if (pointer === 'File') return at === 'row' ? tableFileText(text, name, env) : fileText(text, name);
  if (at !== 'row' || !definition.secretFile) return { text, from: name };
  const file = secretFile(text, name, env);
  return 'problem' in file ? file : { text: file.real, from: name };
}

/** The value of a variable that the table names. */
function variableText(definition: SettingDefinition, source: Configurable, variable: string, env: Environment): Found {
  const problem = variableProblem(definition, source, variable);
  if (problem !== undefined) return { problem };
  const text = env[variable];
  if (isSet(text)) return { text, from: variable };
  return { problem: `the environment variable that ${definition.key}Env names is not set for this process` };
}

/** True if the table or the environment sets the setting. */
export function isGiven(
  definition: SettingDefinition,
  source: Configurable,
  rows: Readonly<Record<string, string>>,
  env: Environment,
): boolean {
  if (hasRow(definition, rows)) return true;
  if (chosenInTable(definition, source, rows)) return false;
  return isSet(env[definition.env]) || (definition.secret !== undefined && isSet(env[`${definition.env}_FILE`]));
}

function hasRow(definition: SettingDefinition, rows: Readonly<Record<string, string>>): boolean {
  return rows[definition.key] !== undefined || hasPointer(definition, rows);
}

/** True if the table sets another setting of the same `oneOf`. */
function chosenInTable(
  { key, oneOf }: SettingDefinition,
  source: Configurable,
  rows: Readonly<Record<string, string>>,
): boolean {
  return oneOf !== undefined && source.settings.some((d) => d.oneOf === oneOf && d.key !== key && hasRow(d, rows));
}

function meanings(source: Configurable, oneOf: string): string {
  const members = source.settings.filter((definition) => definition.oneOf === oneOf);
  return members.map(({ meaning, expected }) => `${meaning} (${expected})`).join(', or ');
}

function whyNot(definition: SettingDefinition, text: string, error: z.ZodError): string {
  if (definition.explained) return `: ${error.issues.map(({ message }) => message).join('; ')}`;
  return definition.secret || definition.guarded ? '' : `, not ${quote(text)}`;
}

function fileText(path: string, from: string): Found {
  try {
    return { text: textOfFile(path).trim(), from: `the content of the file that ${from} names` };
  } catch (error) {
    // The path is not repeated: someone may have put the secret itself there by mistake.
    const shell = needsShell(path) ? '; neither ~ nor variables are expanded' : '';
    return { problem: `${from} names a file that cannot be read (${whyUnreadable(error)}${shell})` };
  }
}

/** Reads a file that the table names. */
function tableFileText(path: string, from: string, env: Environment): Found {
  const file = secretFile(path, from, env);
  return 'problem' in file ? file : fileText(file.real, from);
}

/** Says what the bounds of this process refuse in rows of the table, without reading a secret. */
export function boundProblems(
  source: Configurable,
  rows: Readonly<Record<string, string>>,
  env: Environment,
): string[] {
  const problems = hostProblems(source, rows, env, false);
  for (const [key, { definition, pointer }] of tableKeys(source)) {
    const row = rows[key];
    if (row === undefined) continue;
    const isFile = pointer === 'File' || definition.secretFile;
    const file = isFile ? secretFile(row, key, env) : undefined;
    if (file && 'problem' in file) problems.push(file.problem);
    const problem = pointer === 'Env' ? variableProblem(definition, source, row) : undefined;
    if (problem !== undefined) problems.push(problem);
  }
  return problems;
}

/**
 * Addresses that a secret of this collector or sink is not sent to. An address that may be a secret itself goes nowhere
 * else.
 * @param readsFiles false to leave out an address that the table has in a file
 */
function hostProblems(
  source: Configurable,
  rows: Readonly<Record<string, string>>,
  env: Environment,
  readsFiles: boolean,
): string[] {
  const sent = source.settings.filter(
    (definition) => definition.secret && !definition.address && isGiven(definition, source, rows, env),
  );
  if (sent.length === 0) return [];
  return source.settings.flatMap((definition) => {
    if (!definition.address) return [];
    const row = [definition.key, `${definition.key}File`, `${definition.key}Env`].find(
      (key) => rows[key] !== undefined,
    );
    if (row === `${definition.key}File` && !readsFiles) return [];
    const found = settingText(definition, source, rows, env);
    if ('problem' in found) return [];
    const own = row === undefined ? undefined : hostProblem({ row, definition, text: found.text }, env);
    if (own !== undefined) return [own];
    return sent.flatMap(({ key }) => {
      const variable = rows[`${key}Env`];
      const other = variable === undefined ? undefined : otherSinkOf(source, variable);
      return (other && foreignProblem({ row: `${key}Env`, definition, text: found.text }, other, env)) ?? [];
    });
  });
}

/** A secret from the environment is not sent to a host that only the table names. */
function redirectedSecrets(source: Configurable, rows: Readonly<Record<string, string>>, env: Environment): string[] {
  const moved = source.settings.filter((definition) => {
    if (!definition.guarded) return false;
    const row = rows[definition.key];
    const variable = env[definition.env] || (definition.secret && env[`${definition.env}_FILE`]);
    const own = isSet(variable) ? variable : definition.default;
    if (own !== undefined && hasPointer(definition, rows)) return true;
    return row !== undefined && own !== undefined && row.replace(/\/+$/, '') !== own.replace(/\/+$/, '');
  });
  if (moved.length === 0) return [];
  return source.settings
    .filter((d) => d.secret && !hasPointer(d, rows) && !moved.includes(d))
    .filter((d) => !chosenInTable(d, source, rows) && (isSet(env[d.env]) || isSet(env[`${d.env}_FILE`])))
    .map(
      (d) =>
        `${moved.map((m) => m.key).join(', ')} in the table differs from the environment, so ${d.env} is not sent there: set ${d.key}File or ${d.key}Env for this collector`,
    );
}

/** True if the table says where the secret is. */
function hasPointer({ key, secret }: SettingDefinition, rows: Readonly<Record<string, string>>): boolean {
  return secret !== undefined && (rows[`${key}File`] !== undefined || rows[`${key}Env`] !== undefined);
}

/** Says what is wrong with a text, without repeating it; undefined if it is valid. */
export function problemOf(definition: SettingDefinition, from: string, text: string): string | undefined {
  const odd = oddIn(definition, text);
  if (odd === undefined && definition.schema.safeParse(text).success) return undefined;
  return `${from} must be ${definition.expected}${odd === undefined ? '' : `: it has ${odd}`}`;
}

/** Names what a text has that cannot be meant, such as a no-break space in a key; undefined if there is nothing. */
function oddIn({ characters }: Setting, text: string): string | undefined {
  if (characters === 'any') return undefined;
  if (characters === 'password') return oddInPassword(text);
  return characters === 'key' ? oddInKey(text) : oddCharacter(text);
}
