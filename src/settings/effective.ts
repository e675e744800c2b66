import type { Environment, SettingsTable } from '../environment.js';
import { shownValue } from './change.js';
import { collectorRows, sourceOfCollector, withOffloading } from './collector.js';
import type { Configurable, ConfigurableKind } from './definition.js';
import { placeOf } from './table-keys.js';
import { isGiven } from './values.js';

/** A setting as it is in force, without a check of its value. */
export interface EffectiveSetting {
  setting: string;
  /** Null if it is not set, or not shown. */
  value: string | null;
  /** True for a secret that is set. */
  hidden: boolean;
  origin: 'table' | 'variable' | 'default' | 'not set' | 'name';
  /** The row or the variable that it comes from; null if there is none. */
  from: string | null;
  /** Where the secret itself is: a file or a variable. */
  pointsTo: string | null;
}

/** The settings of a source or sink as they are in force, in the order of their definitions. */
export function effectiveSettings(
  source: Configurable,
  rows: Readonly<Record<string, string>>,
  env: Environment,
): EffectiveSetting[] {
  return source.settings.map((definition) => {
    const { key, oneOf, secret } = definition;
    // Of settings that exclude each other, the table's choice hides what the environment has.
    const isHiddenByOther = oneOf !== undefined && !isGiven(definition, source, rows, env);
    const place = isHiddenByOther ? undefined : placeOf(definition, rows, env);
    if (!place) return { setting: key, value: null, hidden: false, origin: 'not set', from: null, pointsTo: null };
    const isHidden = secret === true || (place.at !== 'default' && place.pointer !== undefined);
    return {
      setting: key,
      value: isHidden ? null : shownValue([{ definition }], place.text),
      hidden: isHidden,
      origin: place.at === 'row' ? 'table' : place.at,
      from: place.at === 'default' ? null : place.name,
      // Not shown if it does not look like a place: someone may have put the secret itself there.
      pointsTo:
        place.at === 'default' || !place.pointer
          ? null
          : shownValue([{ definition, pointer: place.pointer }], place.text),
    };
  });
}

/** The kind of a source or sink: from the table, from a variable, or else the collector's name is that of its source. */
export function kindInForce(
  setting: string,
  kind: string,
  row: string | undefined,
  variable?: string,
): EffectiveSetting {
  const other = variable === undefined ? ('name' as const) : ('variable' as const);
  const from = row === undefined ? (variable ?? null) : setting;
  return { setting, value: kind, hidden: false, origin: row === undefined ? other : 'table', from, pointsTo: null };
}

/**
 * A collector's settings as they are in force, its source first.
 * @throws TrawlError COLLECTOR_UNKNOWN or SETTINGS_INVALID
 */
export function effectiveCollector(
  name: string,
  sources: readonly ConfigurableKind[],
  table: SettingsTable,
  env: Environment,
): EffectiveSetting[] {
  const source = sourceOfCollector(name, sources, table, env);
  const { source: row, ...own } = collectorRows(table, name);
  return [kindInForce('source', source.kind, row), ...effectiveSettings(withOffloading(source), own, env)];
}
