import type { Environment, SettingsTable } from '../environment.js';
import { TrawlError } from '../errors.js';
import { sinkPrefix } from '../settings/definition.js';
import { isSet, quote } from '../settings/texts.js';
import { instead } from '../similar.js';

/** Names of the sinks configured in the table or the environment. */
export function sinkNames(table: SettingsTable, env: Environment): string[] {
  const names = new Set<string>();
  for (const [name, rows] of Object.entries(table))
    if (name.startsWith(sinkPrefix) && Object.keys(rows).length > 0) names.add(name.slice(sinkPrefix.length));
  for (const [name, value] of Object.entries(env)) {
    const [, own] = /^SINK_([A-Z0-9_]+)_KIND$/.exec(name) ?? [];
    if (own !== undefined && isSet(value)) names.add(own.toLowerCase().replaceAll('_', '-'));
  }
  return [...names].sort();
}

/** @param how other ways to create it */
export function unknownSink(name: string, known: readonly string[], how = ''): TrawlError {
  return new TrawlError('SETTINGS_INVALID', `Unknown sink ${quote(name)}${instead(name, known)}.`, {
    hint: `Create it with "trawl env set ${sinkPrefix}${name} kind=KIND …"${how}.`,
  });
}
