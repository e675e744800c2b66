import type { Environment } from '../../environment.js';
import { isRequired, type SettingDefinition } from '../../settings/definition.js';
import { sourceKinds } from '../../sources/kinds.js';
import { sourceOf } from '../../sources/registry.js';
import type { Source } from '../../sources/source.js';
import { tell } from '../output.js';
import { WrongCall } from '../wrong-call.js';
import { askChoice, askSetting } from './dialogue.js';
import type { Given } from './given.js';

/** The source that the call names, or that the user chooses. @throws WrongCall without a terminal to ask on */
export async function sourceFor(kind: string | undefined): Promise<Source> {
  if (kind !== undefined) return sourceOf(kind);
  const titles = sourceKinds.map(({ kind: value, title }) => ({ value, label: `${title} (${value})` }));
  if (!process.stdin.isTTY)
    throw missing(`Specify which source: ${sourceKinds.map((one) => `${one.kind} (${one.title})`).join(', ')}.`);
  return sourceOf(await askChoice('What do you want to collect from?', titles));
}

/**
 * The required settings that neither the flags nor the environment provide. On a terminal it asks for them; without any
 * flag, it asks for all required settings, and shows what the environment has.
 * @throws WrongCall if something is missing and there is no terminal
 */
export async function completed(source: Source, given: Given, env: Environment): Promise<Given> {
  const isSet = (definition: SettingDefinition) =>
    [definition.env, `${definition.env}_FILE`].some((name) => given[name] ?? env[name]);
  const needed = source.settings.filter(isRequired);
  const open = needed.filter(
    (one) => !isSet(one) && !needed.some((other) => one.oneOf && other.oneOf === one.oneOf && isSet(other)),
  );
  if (!process.stdin.isTTY) {
    if (open.length > 0) throw missing(`${source.kind} needs ${wanted(open)}.`);
    return {};
  }
  const asked: Given = {};
  for (const definition of await chosen(Object.keys(given).length > 0 ? open : needed)) {
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

function missing(problem: string): WrongCall {
  return new WrongCall(problem, 'Run it on a terminal to be asked, or see the flags in "trawl init --help".');
}

function wanted(open: readonly SettingDefinition[]): string {
  return open
    .map(({ env, secret, oneOf }) => {
      const flag = secret ? `--secret-file ${env}=PATH or --secret-stdin ${env}` : `--set ${env}=VALUE`;
      return oneOf === undefined ? `${env} (${flag})` : `${env} (${flag}; one of ${oneOf})`;
    })
    .join(', ');
}
