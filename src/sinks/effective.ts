import type { Environment, SettingsTable } from '../environment.js';
import { sinkPrefix } from '../settings/definition.js';
import { type EffectiveSetting, effectiveSettings, kindInForce } from '../settings/effective.js';
import { sinkKind, variablePrefix, withVariables } from './resolve.js';
import type { Sink } from './sink.js';

/** A sink's settings as they are in force, its kind first. @throws TrawlError SETTINGS_INVALID if its kind is unknown */
export function effectiveSink(
  name: string,
  sinks: readonly Sink[],
  table: SettingsTable,
  env: Environment,
): EffectiveSetting[] {
  const { sink, kind, own } = sinkKind(name, sinks, table, env);
  const row = table[`${sinkPrefix}${name}`]?.kind;
  const first = kindInForce('kind', kind, row, `${variablePrefix(name)}KIND`);
  return [first, ...effectiveSettings(withVariables(name, sink), own, env)];
}
