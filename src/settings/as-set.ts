import type { Environment } from '../environment.js';
import type { Configurable } from './definition.js';
import { placeOf } from './table-keys.js';

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
    source.settings.map((definition) => {
      const place = placeOf(definition, rows, env);
      if (!place || place.at === 'default') return [definition.env, definition.env];
      return [definition.env, place.at === 'row' ? `${place.name} in the table` : place.name];
    }),
  );
  return (text) => text.replace(/\b[A-Z][A-Z0-9_]*\b/g, (word) => names.get(word) ?? word);
}
