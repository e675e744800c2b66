import type { Environment, SettingsTable } from '../environment.js';
import { TrawlError } from '../errors.js';
import { expectedName, isName } from '../names.js';
import { instead } from '../similar.js';
import { namedAsSet } from './as-set.js';
import { type Configurable, type ConfigurableKind, joinedSettings, type Values } from './definition.js';
import { collectorNames } from './names.js';
import { type OffloadSettings, offloadProblems, offloadSettings } from './offload.js';
import { tableKeys } from './table-keys.js';
import { checkRows, closedToTemporal, isOpen } from './table-rows.js';
import { quote } from './texts.js';
import type { Route } from './through-temporal.js';
import { boundProblems, resolveValues } from './values.js';

/** A collector's validated settings: those of its source and those that every collector has. */
export interface CollectorSettings<Own extends Values = Values> {
  readonly collector: string;
  /** Kind of source. */
  readonly source: string;
  readonly values: Own & OffloadSettings;
  /** Names the settings of a text the way this collector's are set; see `namedAsSet`. */
  asSet(text: string): string;
}

/** Adds the settings that every collector has to those of a source. */
export function withOffloading<Own extends Values>(source: ConfigurableKind<Own>): Configurable<Own & OffloadSettings> {
  return {
    settings: joinedSettings(source.settings, offloadSettings),
    check: (values) => [...(source.check?.(values) ?? []), ...offloadProblems(values)],
  };
}

/** The settings that a collector can have, whatever its source. */
export function everySetting(sources: readonly ConfigurableKind[]): Configurable[] {
  return sources.map(withOffloading);
}

/** A collector's rows in the table; empty if it has none. */
export function collectorRows(table: SettingsTable, collector: string): Readonly<Record<string, string>> {
  return table[collector] ?? {};
}

/**
 * Resolves the settings of one collector: from its rows in the table, then the environment, then the defaults.
 *
 * @throws TrawlError COLLECTOR_UNKNOWN or SETTINGS_INVALID, which lists every problem; neither is retried.
 */
export function resolveCollector<Own extends Values>(
  name: string,
  sources: readonly ConfigurableKind<Own>[],
  table: SettingsTable,
  env: Environment,
): CollectorSettings<Own> {
  const source = sourceOfCollector(name, sources, table, env);
  const { source: _, ...own } = collectorRows(table, name);
  const definition = withOffloading(source);
  const { values, problems } = resolveValues(definition, `source ${source.kind}`, own, env);
  if (problems !== null) throw invalidSettings(name, problems);
  return { collector: name, source: source.kind, values, asSet: namedAsSet(definition, own, env) };
}

/**
 * Finds the source of one collector, by its rows in the table or else by its name. Reads no other setting: stored events
 * can be written, sent and cleared even if the source's own settings are invalid or its secrets are gone.
 *
 * @throws TrawlError COLLECTOR_UNKNOWN or SETTINGS_INVALID; neither is retried.
 */
export function sourceOfCollector<Kind extends ConfigurableKind>(
  name: string,
  sources: readonly Kind[],
  table: SettingsTable,
  env: Environment,
): Kind {
  const { source: wanted } = collectorRows(table, name);
  const source = sources.find(({ kind }) => kind === (wanted ?? name));
  if (source) return source;
  throw unknownCollector(name, wanted, sources, collectorNames(sources, table, env));
}

/**
 * Resolves only the settings that every collector has: how its events are offloaded and how long they are kept.
 * @throws TrawlError COLLECTOR_UNKNOWN or SETTINGS_INVALID; neither is retried.
 */
export function resolveOffloading(
  name: string,
  sources: readonly ConfigurableKind[],
  table: SettingsTable,
  env: Environment,
): OffloadSettings {
  sourceOfCollector(name, sources, table, env);
  const offloading = { settings: offloadSettings, check: offloadProblems };
  const keys = tableKeys(offloading);
  const own = Object.entries(collectorRows(table, name)).filter(([key]) => keys.has(key));
  const { values, problems } = resolveValues(offloading, 'offloading', Object.fromEntries(own), env);
  if (problems !== null) throw invalidSettings(name, problems);
  return values;
}

/**
 * Says what the bounds of this process refuse in a collector's rows (`boundProblems`).
 * @throws TrawlError COLLECTOR_UNKNOWN or SETTINGS_INVALID; neither is retried.
 */
export function collectorBoundProblems(
  name: string,
  sources: readonly ConfigurableKind[],
  table: SettingsTable,
  env: Environment,
): string[] {
  const source = sourceOfCollector(name, sources, table, env);
  return boundProblems(withOffloading(source), collectorRows(table, name), env);
}

function invalidSettings(name: string, problems: readonly string[]): TrawlError {
  return new TrawlError('SETTINGS_INVALID', `Collector ${name}: ${problems.join('; ')}.`, {
    hint: `Set them in .env, in the environment, or with "trawl env set ${name} KEY=VALUE", then run "trawl check ${name}".`,
  });
}

/**
 * Checks rows that are about to be written to the table (U02).
 *
 * @param route how they come. Through Temporal, anyone who can start a workflow could send a secret elsewhere or leave
 *   events out, so only some settings are allowed.
 * @throws TrawlError SECRET_REFUSED, NOT_THROUGH_TEMPORAL or SETTINGS_INVALID; none is retried.
 */
export function checkTableRows(
  name: string,
  rows: Readonly<Record<string, string>>,
  stored: Readonly<Record<string, string>>,
  sources: readonly ConfigurableKind[],
  route: Route,
): void {
  if (!isName('collector', name)) {
    throw new TrawlError('SETTINGS_INVALID', `${quote(name)} cannot be the name of a collector.`, {
      hint: `Use ${expectedName('collector')}.`,
    });
  }
  const kind = rows.source ?? stored.source ?? name;
  const source = sources.find((candidate) => candidate.kind === kind);
  if (!source) throw unknownCollector(name, rows.source ?? stored.source, sources, []);
  const { source: own, ...others } = rows;
  const every = withOffloading(source);
  checkRows(name, every, `source ${source.kind}`, others, route);
  if (own !== undefined && !isOpen({}, route)) throw closedToTemporal(name, ['source'], every, route);
}

function unknownCollector(
  name: string,
  kind: string | undefined,
  sources: readonly ConfigurableKind[],
  known: readonly string[],
): TrawlError {
  const kinds = sources.map((source) => source.kind).join(', ');
  if (kind !== undefined) {
    return new TrawlError(
      'SETTINGS_INVALID',
      `Collector ${name} has the unknown source ${quote(kind)}${instead(
        kind,
        sources.map((source) => source.kind),
      )}.`,
      {
        hint: `Use one of: ${kinds}.`,
      },
    );
  }
  return new TrawlError('COLLECTOR_UNKNOWN', `There is no collector ${quote(name)}${instead(name, known)}.`, {
    hint: `Name an existing one, or create it with "trawl env set NAME source=SOURCE …" (sources: ${kinds}).`,
  });
}
