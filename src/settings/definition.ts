import type { z } from 'zod';
import type { Secret } from '../secret.js';

/** Sinks stand in the Environment Variables table beside the collectors, as `sink:NAME`. */
export const sinkPrefix = 'sink:';

/** What the text of a setting can stand for. */
type SettingValue = string | number | boolean | readonly string[];

/**
 * One setting, stated once: `trawl env`, `trawl check`, the errors, the type of its value and docs/settings.md are made
 * from it.
 */
export interface Setting {
  /** Its environment variable, for example `ASA_TEAM`. */
  env: string;
  meaning: string;
  /** What a right value looks like, in words. */
  expected: string;
  /** The text used where it is not set; a setting without a default is required, unless one of the next two says otherwise. */
  default?: string;
  /** Has no value where it is not set. */
  optional?: true;
  /**
   * Of the settings that share this name exactly one must be set. Where the table sets one of them, the environment's
   * others do not count: so a collector can sign in by other means than the environment does.
   */
  oneOf?: string;
  /** A secret is never typed into the table: `<key>File` and `<key>Env` point to it there, `<ENV>_FILE` in the environment. */
  secret?: true;
  /** Decides where the collector sends its secrets, or which one it sends: not to be set through Temporal. */
  guarded?: boolean;
  /** The schema's own messages say what is wrong, and show nothing of the value: errors then repeat them. */
  explained?: true;
  schema: z.ZodType<SettingValue, string>;
}

/** A setting with its name in the Environment Variables table, for example `asaTeam`. */
export interface SettingDefinition extends Setting {
  key: string;
}

/** Settings by their names in the table. */
export type SettingsByKey = Readonly<Record<string, Setting>>;

/** Values of settings, checked: by name. */
export type Values = Readonly<Record<string, SettingValue | Secret | undefined>>;

declare const valuesType: unique symbol;

/** The settings of a source, of a sink or of every collector, in order; the type knows the values that they give. */
export type Settings<Own extends Values = Values> = readonly SettingDefinition[] & { readonly [valuesType]: Own };

type ValueOf<One extends Setting> = One extends { secret: true }
  ? Secret
  : 'secret' extends keyof One
    ? Secret | z.output<One['schema']>
    : z.output<One['schema']>;

/** Those that surely have a value: by a default, or since they are required. */
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

/** The values that settings give, by their names; those that need not be set may be absent. */
export type ValuesOf<Given> =
  Given extends Settings<infer Own> ? Own : Given extends SettingsByKey ? Flat<ValuesBy<Given>> : never;

export function defineSettings<const By extends SettingsByKey>(settings: By): Settings<ValuesOf<By>> {
  return settingsOf(Object.entries(settings).map(([key, setting]) => ({ ...setting, key })));
}

export function joinedSettings<A extends Values, B extends Values>(a: Settings<A>, b: Settings<B>): Settings<A & B> {
  return settingsOf([...a, ...b]);
}

/** The same settings with this before the names of their environment variables. */
export function prefixedSettings<Own extends Values>(settings: Settings<Own>, prefix: string): Settings<Own> {
  return settingsOf(settings.map((setting) => ({ ...setting, env: `${prefix}${setting.env}` })));
}

function settingsOf<Own extends Values>(definitions: readonly SettingDefinition[]): Settings<Own> {
  return definitions as Settings<Own>;
}

/** What has settings. */
export interface Configurable<Own extends Values = Values> {
  readonly settings: Settings<Own>;
  /** What is wrong with settings that are right each by themselves, a sentence for each; wrong ones are left out of `values`. */
  check?(values: Partial<Own>): string[];
}

/** A kind of source, or a kind of sink. */
export interface ConfigurableKind<Own extends Values = Values> extends Configurable<Own> {
  readonly kind: string;
}

/** Whether it, or another of those it is one of, must be set: where one of these is set, the collector is meant to exist. */
export function isRequired({ default: text, optional }: Setting): boolean {
  return text === undefined && !optional;
}

/** What a row of docs/settings.md says where there is no default. */
export function withoutDefault(setting: Setting): string {
  if (setting.oneOf !== undefined) return `one of ${setting.oneOf}`;
  return setting.optional ? 'none' : 'required';
}
