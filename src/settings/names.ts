import type { Environment, SettingsTable } from '../environment.js';
import { TrawlError } from '../errors.js';
import { instead } from '../similar.js';
import { isRequired, type SettingDefinition, sinkPrefix } from './definition.js';
import { isSet, quote } from './texts.js';

/** The part of a kind of source that says whether the environment sets it up. */
export interface NamedKind {
  readonly kind: string;
  readonly settings: readonly Pick<SettingDefinition, 'env' | 'default' | 'optional'>[];
}

/** The existing collectors: every name in the table, and each kind of source that the environment configures. */
export function collectorNames(kinds: readonly NamedKind[], table: SettingsTable, env: Environment): string[] {
  const names = new Set(
    Object.keys(table).filter((name) => !name.startsWith(sinkPrefix) && Object.keys(table[name] ?? {}).length > 0),
  );
  for (const { kind, settings } of kinds) {
    const own = settings.filter(isRequired);
    if (own.some((definition) => isSet(env[definition.env]) || isSet(env[`${definition.env}_FILE`]))) {
      names.add(kind);
    }
  }
  return [...names].sort();
}

/** The kind of source of a collector; empty if nothing says it, as after its settings were removed. */
export function sourceOf(name: string, kinds: readonly NamedKind[], table: SettingsTable): string {
  return table[name]?.source ?? kinds.find(({ kind }) => kind === name)?.kind ?? '';
}

/** @throws TrawlError COLLECTOR_UNKNOWN if the name is not among the known ones; not retried. */
export function requireKnown(name: string, known: readonly string[]): void {
  if (known.includes(name)) return;
  throw new TrawlError('COLLECTOR_UNKNOWN', `There is no collector ${quote(name)}${instead(name, known)}.`, {
    hint: '"trawl status" lists all collectors.',
  });
}
