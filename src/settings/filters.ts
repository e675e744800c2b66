import type { Environment, SettingsTable } from '../environment.js';
import { collectorRows, sourceOfCollector } from './collector.js';
import type { ConfigurableKind, SettingDefinition } from './definition.js';

/** A setting that leaves events out. */
export interface Filter {
  setting: string;
  value: string;
  /** Where it is set. */
  from: 'table' | 'environment';
}

/** The filters in force for a collector, even if its other settings are invalid; none if its source is unknown. */
export function filtersInForce(
  collector: string,
  sources: readonly ConfigurableKind[],
  table: SettingsTable,
  env: Environment,
): Filter[] {
  const rows = collectorRows(table, collector);
  return settingsOf(collector, sources, table, env)
    .filter(({ filter }) => filter)
    .flatMap((definition): Filter[] => {
      const row = rows[definition.key];
      const value = row ?? env[definition.env] ?? '';
      if (value.trim() === '' || value === definition.default) return [];
      return [{ setting: definition.key, value, from: row === undefined ? 'environment' : 'table' }];
    });
}

function settingsOf(
  collector: string,
  sources: readonly ConfigurableKind[],
  table: SettingsTable,
  env: Environment,
): readonly SettingDefinition[] {
  try {
    return sourceOfCollector(collector, sources, table, env).settings;
  } catch {
    return [];
  }
}
