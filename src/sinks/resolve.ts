import type { Environment, SettingsTable } from '../environment.js';
import { TrawlError } from '../errors.js';
import { expectedName, isName } from '../names.js';
import {
  type Configurable,
  type ConfigurableKind,
  joinedSettings,
  prefixedSettings,
  sinkPrefix,
  type Values,
} from '../settings/definition.js';
import { checkRows } from '../settings/table-rows.js';
import { isSet, quote } from '../settings/texts.js';
import { boundProblems, resolveValues } from '../settings/values.js';
import { instead } from '../similar.js';
import { sinkNames, unknownSink } from './names.js';
import { type CommonSettings, commonSettings } from './settings.js';
import type { Sink } from './sink.js';

/** The prefix of a sink's environment variables: `SINK_ARCHIVE_` for `archive`. */
export function variablePrefix(name: string): string {
  return `SINK_${name.toUpperCase().replaceAll('-', '_')}_`;
}

/** Validated settings of a sink: those of its kind, and those common to every sink. */
export interface SinkSettings<Own extends Values = Values> {
  /** For example `archive`; collectors name it in their setting `offload`. */
  readonly sink: string;
  readonly kind: string;
  readonly values: Own & CommonSettings;
}

/** A kind of sink, with the variable names of one sink. */
export function withVariables<Own extends Values>(name: string, sink: Sink<Own>): Configurable<Own & CommonSettings> {
  return {
    settings: prefixedSettings(joinedSettings(sink.settings, commonSettings), variablePrefix(name)),
    check: (values) => sink.check?.(values) ?? [],
  };
}

/** `waitMinutes` of one sink, even if its other settings are invalid; 0 if not set. */
export function waitMinutesOf(name: string, table: SettingsTable, env: Environment): number {
  const settings = prefixedSettings(commonSettings, variablePrefix(name));
  const { values } = resolveValues({ settings }, 'a sink', table[`${sinkPrefix}${name}`] ?? {}, env);
  return values.waitMinutes ?? 0;
}

/**
 * Resolves the settings of one sink: its rows in the table take precedence over the environment, then the defaults.
 * @throws TrawlError SETTINGS_INVALID, naming all problems at once; not retried
 */
export function resolveSink<Own extends Values>(
  name: string,
  sinks: readonly Sink<Own>[],
  table: SettingsTable,
  env: Environment,
): SinkSettings<Own> {
  const { sink, kind, own } = sinkKind(name, sinks, table, env);
  const { values, problems } = resolveValues(withVariables(name, sink), `a sink of kind ${kind}`, own, env);
  if (problems !== null) {
    throw new TrawlError('SETTINGS_INVALID', `Sink ${name}: ${problems.join('; ')}.`, {
      hint: `Set them with "trawl env set ${sinkPrefix}${name} KEY=VALUE", or with ${variablePrefix(name)}….`,
    });
  }
  return { sink: name, kind, values };
}

/** The kind of a sink, and its other rows. @throws TrawlError SETTINGS_INVALID */
export function sinkKind<Kind extends ConfigurableKind>(
  name: string,
  sinks: readonly Kind[],
  table: SettingsTable,
  env: Environment,
): { sink: Kind; kind: string; own: Readonly<Record<string, string>> } {
  const { kind: rowKind, ...own } = table[`${sinkPrefix}${name}`] ?? {};
  const variable = `${variablePrefix(name)}KIND`;
  const kind = rowKind ?? env[variable];
  const known = sinkNames(table, env);
  if (!isSet(kind)) {
    throw unknownSink(name, known, ` or ${variable}. Kinds: ${kindsOf(sinks)}`);
  }
  const sink = sinks.find((candidate) => candidate.kind === kind);
  if (!sink) {
    throw new TrawlError(
      'SETTINGS_INVALID',
      `Sink ${name} has the unknown kind ${quote(kind)}${instead(
        kind,
        sinks.map((one) => one.kind),
      )}.`,
      {
        hint: `Use one of: ${kindsOf(sinks)}.`,
      },
    );
  }
  return { sink, kind, own };
}

/**
 * Validates rows of a sink before they are written to the table. Destinations of secrets and of events cannot be set
 * through Temporal.
 * @throws TrawlError SECRET_REFUSED or SETTINGS_INVALID; neither is retried
 */
export function checkSinkRows(
  name: string,
  rows: Readonly<Record<string, string>>,
  stored: Readonly<Record<string, string>>,
  sinks: readonly Sink[],
): void {
  const short = name.slice(sinkPrefix.length);
  if (!isName('sink', short)) {
    throw new TrawlError('SETTINGS_INVALID', `${quote(short)} cannot be the name of a sink.`, {
      hint: `Use ${expectedName('sink')}.`,
    });
  }
  const { kind: wanted, ...own } = rows;
  const kind = wanted ?? stored.kind;
  const sink = sinks.find((candidate) => candidate.kind === kind);
  if (!sink) {
    throw new TrawlError(
      'SETTINGS_INVALID',
      kind === undefined ? `Sink ${short} has no kind yet.` : `Unknown kind of sink ${quote(kind)}.`,
      { hint: `Set kind to one of: ${kindsOf(sinks)}.` },
    );
  }
  checkRows(name, withVariables(short, sink), `a sink of kind ${sink.kind}`, own, 'store');
}

/** The settings that a sink can have, whatever its kind and name. */
export function everySinkSetting(sinks: readonly Sink[]): Configurable[] {
  return sinks.map((sink) => ({ settings: joinedSettings(sink.settings, commonSettings) }));
}

/** Says what the bounds of this process refuse in a sink's rows (`boundProblems`); nothing if its kind is unknown. */
export function sinkBoundProblems(
  name: string,
  sinks: readonly Sink[],
  table: SettingsTable,
  env: Environment,
): string[] {
  const rows = table[`${sinkPrefix}${name}`] ?? {};
  const sink = sinks.find(({ kind }) => kind === (rows.kind ?? env[`${variablePrefix(name)}KIND`]));
  return sink ? boundProblems(withVariables(name, sink), rows, env) : [];
}

function kindsOf(sinks: readonly ConfigurableKind[]): string {
  return sinks.map(({ kind }) => kind).join(', ');
}
