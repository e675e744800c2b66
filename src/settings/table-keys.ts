import type { Configurable, SettingDefinition } from './definition.js';

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
