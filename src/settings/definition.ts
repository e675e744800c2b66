import type { z } from 'zod';
import type { Secret } from '../secret.js';

/** The Environment Variables table lists sinks beside the collectors, as `sink:NAME`. */
export const sinkPrefix = 'sink:';

/** Types that the text of a setting is parsed to. */
type SettingValue = string | number | boolean | readonly string[];

/**
 * One setting, defined once: `trawl env`, `trawl check`, the errors, the type of its value and docs/settings.md all
 * derive from it.
 */
export interface Setting {
  /** Environment variable, for example `ASA_TEAM`. */
  env: string;
  meaning: string;
  /** Describes a valid value. */
  expected: string;
  /** Text used if the setting is not set. Without a default it is required, unless it is `optional` or has `oneOf`. */
  default?: string;
  /** Has no value if it is not set. */
  optional?: true;
  /**
   * Exactly one of the settings that share this name must be set. If the table sets one, the others are not read from
   * the environment, so that a collector can sign in by other means than those in the environment.
   */
  oneOf?: string;
  /**
   * A secret is never stored in the table, unless it is only a possible one, such as a URL that may have a key in its path
   * or query; a change of it is logged without these.
   * `<key>File` and `<key>Env` point to it, or `<ENV>_FILE` in the environment.
   */
  secret?: true | 'possible';
  /** Decides where the collector sends its secrets, or which one it sends; cannot be set through Temporal. */
  guarded?: boolean;
  /**
   * May be set through Temporal by default, since it changes neither which events are collected nor where they go. Without
   * this mark it needs access to the store, or TRAWL_TEMPORAL_SETTINGS=all.
   */
  throughTemporal?: true;
  /** Leaves events out; `trawl status` shows it while it is in force. */
  filter?: true;
  /** Secrets are sent to this address: if the table names it, its host must be allowed (see `secret-hosts.ts`). */
  address?: Address;
  /** Path of a file with a secret, read where it is used: if the table names it, its folder must be allowed. */
  secretFile?: true;
  /** The schema's messages say what is wrong without showing the value, so errors repeat them. */
  explained?: true;
  /**
   * Which characters can be meant: `key` is printable ASCII without spaces and quotation marks, `password` is all that can
   * be typed, `any` is whatever the schema takes. The default excludes what comes from copying, such as invisible characters.
   */
  characters?: 'key' | 'password' | 'any';
  schema: z.ZodType<SettingValue, string>;
}

/** Text that names the receiver of secrets. */
export interface Address {
  /** Hosts of the vendor, as in TRAWL_SECRET_HOSTS. They need no permission, but https. */
  readonly vendorHosts: readonly string[];
}

/** A setting with its name in the Environment Variables table, for example `asaTeam`. */
export interface SettingDefinition extends Setting {
  key: string;
  /** The name of the environment variable without the prefix of one sink; absent if it has none. */
  ofEverySink?: string;
}

/** Settings by their names in the table. */
type SettingsByKey = Readonly<Record<string, Setting>>;

/** Validated values of settings, by name. */
export type Values = Readonly<Record<string, SettingValue | Secret | undefined>>;

declare const valuesType: unique symbol;

/** The settings of a source, of a sink or of every collector, in order. The type knows the types of their values. */
export type Settings<Own extends Values = Values> = readonly SettingDefinition[] & { readonly [valuesType]: Own };

type ValueOf<One extends Setting> = One extends { secret: true | 'possible' }
  ? Secret
  : 'secret' extends keyof One
    ? Secret | z.output<One['schema']>
    : z.output<One['schema']>;

/** Keys that always have a value: they have a default or are required. */
type SureKey<By extends SettingsByKey> = {
  [Key in keyof By]: By[Key] extends { default: string }
    ? Key
    : 'optional' extends keyof By[Key]
      ? never
      : 'oneOf' extends keyof By[Key]
        ? never
        : Key;
}[keyof By];

type ValuesBy<By extends SettingsByKey> = {
  readonly [Key in SureKey<By>]: ValueOf<By[Key]>;
} & { readonly [Key in Exclude<keyof By, SureKey<By>>]?: ValueOf<By[Key]> };

type Flat<Type> = { [Key in keyof Type]: Type[Key] };

/** The values of settings, by name. Those that need not be set may be absent. */
export type ValuesOf<Given> =
  Given extends Settings<infer Own> ? Own : Given extends SettingsByKey ? Flat<ValuesBy<Given>> : never;

export function defineSettings<const By extends SettingsByKey>(settings: By): Settings<ValuesOf<By>> {
  return settingsOf(Object.entries(settings).map(([key, setting]) => ({ ...setting, key })));
}

export function joinedSettings<A extends Values, B extends Values>(a: Settings<A>, b: Settings<B>): Settings<A & B> {
  return settingsOf([...a, ...b]);
}

/** The same settings, with a prefix before the names of their environment variables. */
export function prefixedSettings<Own extends Values>(settings: Settings<Own>, prefix: string): Settings<Own> {
  return settingsOf(
    settings.map((setting) => ({ ...setting, env: `${prefix}${setting.env}`, ofEverySink: setting.env })),
  );
}

function settingsOf<Own extends Values>(definitions: readonly SettingDefinition[]): Settings<Own> {
  return definitions as Settings<Own>;
}

/** Something with settings. */
export interface Configurable<Own extends Values = Values> {
  readonly settings: Settings<Own>;
  /** Returns problems of settings that are each valid but do not fit together. Invalid ones are absent in `values`. */
  check?(values: Partial<Own>): string[];
}

/** A kind of source, or a kind of sink. */
export interface ConfigurableKind<Own extends Values = Values> extends Configurable<Own> {
  readonly kind: string;
}

/** True if the setting, or another of its `oneOf`, must be set. Setting one of these makes a collector exist. */
export function isRequired({ default: text, optional }: Pick<Setting, 'default' | 'optional'>): boolean {
  return text === undefined && !optional;
}

/** Stands in docs/settings.md in place of a default. */
export function withoutDefault(setting: Setting): string {
  if (setting.oneOf !== undefined) return `one of ${setting.oneOf}`;
  return setting.optional ? 'none' : 'required';
}
