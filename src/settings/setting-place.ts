import type { Environment } from '../environment.js';
import type { SettingDefinition } from './definition.js';
import { isSet } from './texts.js';

/** Where the value of a setting comes from. With `pointer`, the text there says in turn where a secret is. */
type SettingPlace =
  | { at: 'row'; name: string; text: string; pointer?: 'File' | 'Env' }
  | { at: 'variable'; name: string; text: string; pointer?: 'File' }
  | { at: 'default'; text: string };

/** The place of a setting: a row of the table, else a variable of the environment, else the default; undefined if none. */
export function placeOf(
  definition: SettingDefinition,
  rows: Readonly<Record<string, string>>,
  env: Environment,
): SettingPlace | undefined {
  const { key, env: variable, secret } = definition;
  for (const pointer of secret ? (['Env', 'File'] as const) : []) {
    const row = rows[`${key}${pointer}`];
    if (row !== undefined) return { at: 'row', name: `${key}${pointer}`, text: row, pointer };
  }
  const row = secret === true ? undefined : rows[key];
  if (row !== undefined) return { at: 'row', name: key, text: row };
  const text = env[variable];
  if (isSet(text)) return { at: 'variable', name: variable, text };
  const file = secret ? env[`${variable}_FILE`] : undefined;
  if (isSet(file)) return { at: 'variable', name: `${variable}_FILE`, text: file, pointer: 'File' };
  return definition.default === undefined ? undefined : { at: 'default', text: definition.default };
}
