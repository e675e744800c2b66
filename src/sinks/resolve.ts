import type { Environment, SettingsTable } from '../environment.js';
import { TrawlError } from '../errors.js';
import { expectedName, isName } from '../names.js';
import { type SettingDefinition, type Settled, sinkPrefix } from '../settings/definition.js';
import { checkRows, isSet, quote, resolveValues } from '../settings/values.js';
import { sinkSettingDefinitions } from './settings.js';
import type { Sink, SinkSettings } from './sink.js';

/** `SINK_ARCHIVE_` of `archive`: the prefix of its environment variables. */
function variablePrefix(name: string): string {
  return `SINK_${name.toUpperCase().replaceAll('-', '_')}_`;
}

/** A kind of sink with the variables of one sink. */
function settledFor(name: string, sink: Sink): Settled {
  const prefix = variablePrefix(name);
  const all = [...sink.settings, ...sinkSettingDefinitions];
  const settings: SettingDefinition[] = all.map((setting) => ({
    ...setting,
    env: `${prefix}${setting.env}`,
  }));
  return { settings, ...(sink.check ? { check: sink.check.bind(sink) } : {}) };
}

/** The setting of one sink, known also where others are wrong; 0 where it is not set. */
export function waitMinutesOf(name: string, table: SettingsTable, env: Environment): number {
  const text = table[`${sinkPrefix}${name}`]?.waitMinutes ?? env[`${variablePrefix(name)}WAIT_MINUTES`];
  return Number.parseInt(text ?? '0', 10) || 0;
}

/** The sinks that are set up, by table or environment. */
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

/**
 * The settings of one sink: its rows of the table first, then the environment, then the defaults.
 * @throws TrawlError SETTINGS_INVALID, which names every problem at once; not retried.
 */
export function resolveSink(
  name: string,
  sinks: readonly Sink[],
  table: SettingsTable,
  env: Environment,
): SinkSettings {
  const { kind: rowKind, ...own } = table[`${sinkPrefix}${name}`] ?? {};
  const variable = `${variablePrefix(name)}KIND`;
  const kind = rowKind ?? env[variable];
  const known = sinkNames(table, env);
  if (!isSet(kind)) {
    throw new TrawlError(
      'SETTINGS_INVALID',
      `There is no sink ${quote(name)}${known.length > 0 ? ` (there are: ${known.join(', ')})` : ''}.`,
      {
        hint: `Make it with "trawl env set ${sinkPrefix}${name} kind=KIND …", or by ${variable}. Kinds: ${kindsOf(sinks)}.`,
      },
    );
  }
  const sink = sinks.find((candidate) => candidate.kind === kind);
  if (!sink) {
    throw new TrawlError('SETTINGS_INVALID', `Sink ${name} has the kind ${quote(kind)}, which does not exist.`, {
      hint: `Use one of: ${kindsOf(sinks)}.`,
    });
  }
  const { values, problems } = resolveValues(settledFor(name, sink), `a sink of kind ${kind}`, own, env);
  if (problems.length > 0) {
    throw new TrawlError('SETTINGS_INVALID', `Sink ${name}: ${problems.join('; ')}.`, {
      hint: `Set them with "trawl env set ${sinkPrefix}${name} KEY=VALUE", or by ${variablePrefix(name)}….`,
    });
  }
  return { sink: name, kind, values };
}

/**
 * Checks rows of a sink that are about to be written to the table. Where secrets go is never set through Temporal, and
 * neither is where events go.
 * @throws TrawlError SECRET_REFUSED or SETTINGS_INVALID; neither is retried.
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
      kind === undefined ? `Sink ${short} has no kind yet.` : `There is no kind of sink ${quote(kind)}.`,
      { hint: `Set kind to one of: ${kindsOf(sinks)}.` },
    );
  }
  checkRows(name, settledFor(short, sink), `a sink of kind ${sink.kind}`, own, { guarded: true });
}

function kindsOf(sinks: readonly Sink[]): string {
  return sinks.map(({ kind }) => kind).join(', ');
}
