import type { Environment } from '../environment.js';
import type { Configurable } from './definition.js';
import { pointers } from './table-keys.js';
import { isSet } from './texts.js';

/**
 * Makes a function that names the settings of a text the way this collector's are set: a hint says ASA_KEY_ID, but a
 * person who has set `asaKeyId` in the table would look for it in vain.
 */
export function namedAsSet(
  source: Configurable,
  rows: Readonly<Record<string, string>>,
  env: Environment,
): (text: string) => string {
  const names = new Map(
    source.settings.map(({ key, env: variable, secret }) => {
      const inTable = [key, ...(secret ? Object.keys(pointers).map((pointer) => key + pointer) : [])];
      const row = inTable.find((name) => rows[name] !== undefined);
      if (row !== undefined) return [variable, `${row} in the table`];
      const inFile = secret && !isSet(env[variable]) && isSet(env[`${variable}_FILE`]);
      return [variable, inFile ? `${variable}_FILE` : variable];
    }),
  );
  return (text) => text.replace(/\b[A-Z][A-Z0-9_]*\b/g, (word) => names.get(word) ?? word);
}
