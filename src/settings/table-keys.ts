import type { Environment } from '../environment.js';
import type { Configurable, SettingDefinition } from './definition.js';
import { isSet } from './texts.js';

/** What a name in the table stands for: a setting, or where a secret is. */
export interface TableKey {
  definition: SettingDefinition;
  pointer?: keyof typeof pointers;
}

/** Forms of a pointer to a secret. Most secrets do not look like the name of a variable. */
export const pointers = { File: /^[^\u0000-\u001f]{1,4096}$/, Env: /^[A-Za-z_][A-Za-z0-9_]{0,199}$/ };

/** The names allowed in the table: settings, and for secrets the pointers to them. */
export function tableKeys(source: Configurable): Map<string, TableKey> {
  const keys = new Map<string, TableKey>();
  for (const definition of source.settings) {
    keys.set(definition.key, { definition });
    if (definition.secret) {
      keys.set(`${definition.key}File`, { definition, pointer: 'File' });
      keys.set(`${definition.key}Env`, { definition, pointer: 'Env' });
    }
  }
  return keys;
}

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
