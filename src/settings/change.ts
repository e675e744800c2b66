import { isAbsolute } from 'node:path';
import { counted } from '../counted.js';
import type { SettingsChange } from '../environment.js';
import type { Configurable } from './definition.js';
import { type TableKey, tableKeys } from './table-keys.js';

/** A longer value is cut off in the execution log. */
const shownMax = 4_000;

/** Names the kind of a collector's source, or of a sink. */
const kindKeys: ReadonlySet<string> = new Set(['source', 'kind']);

/**
 * A change of settings for `Store.setSettings`, which logs it.
 * @param origin who makes it, and how
 * @param key unique to this change
 * @param kinds whose settings they may be: an old value may be one of another kind
 */
export function settingsChange(origin: string, key: string, kinds: readonly Configurable[]): SettingsChange {
  const keys = kinds.map(tableKeys);
  return {
    origin,
    key,
    shown: (name, value) => {
      const entries = keys.flatMap((known) => known.get(name) ?? []);
      if (kindKeys.has(name)) return quoted(value);
      const text = shownValue(entries, value);
      return text === null ? 'a value that is not shown' : quoted(text);
    },
  };
}

/**
 * A value as it may be shown; null if it may not.
 * @param entries what its name may stand for
 */
export function shownValue(entries: readonly TableKey[], value: string): string | null {
  if (entries.length === 0 || !entries.every((entry) => isPublic(entry, value))) return null;
  return entries.some(mayBeSecret) ? withoutPath(value) : value;
}

/** A secret may be in the table if someone wrote it there by other means, or by mistake instead of its location. */
function isPublic({ definition, pointer }: TableKey, value: string): boolean {
  if (pointer === 'File') return isAbsolute(value);
  if (pointer === 'Env') return /^[A-Z][A-Z0-9_]*$/.test(value);
  return definition.secret !== true;
}

/** True for a value that may have a key in its path or query, such as the URL of a webhook. */
function mayBeSecret({ definition, pointer }: TableKey): boolean {
  return definition.secret === 'possible' && pointer === undefined;
}

function withoutPath(value: string): string {
  if (!URL.canParse(value)) return 'not a URL';
  const { protocol, host, pathname, search } = new URL(value);
  return `${protocol}//${host}${pathname === '/' && search === '' ? '' : '/…'}`;
}

function quoted(text: string): string {
  return JSON.stringify(
    text.length > shownMax ? `${text.slice(0, shownMax)}… (${counted(text.length, 'character')})` : text,
  );
}
