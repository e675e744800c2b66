import { z } from 'zod';
import type { Secret } from '../secret.js';

/** Sinks stand in the Environment Variables table beside the collectors, as `sink:NAME`. */
export const sinkPrefix = 'sink:';

/**
 * One setting of a source, stated once: `trawl env`, `trawl check`, the errors and docs/settings.md are made from it.
 */
export interface SettingDefinition {
  /** Its name in the Environment Variables table, for example `asaTeam`. */
  key: string;
  /** Its environment variable, for example `ASA_TEAM`. */
  env: string;
  meaning: string;
  /** What a right value looks like, in words. */
  expected: string;
  /** The text used where it is not set; a setting without a default is required, unless one of the next two says otherwise. */
  default?: string;
  /** Has no value where it is not set. */
  optional?: boolean;
  /**
   * Of the settings that share this name exactly one must be set. Where the table sets one of them, the environment's
   * others do not count: so a collector can sign in by other means than the environment does.
   */
  oneOf?: string;
  /** A secret is never typed into the table: `<key>File` and `<key>Env` point to it there, `<ENV>_FILE` in the environment. */
  secret?: boolean;
  /** Decides where the collector sends its secrets, or which one it sends: not to be set through Temporal. */
  guarded?: boolean;
  /** The schema's own messages say what is wrong, and show nothing of the value: errors then repeat them. */
  explained?: boolean;
  schema: z.ZodType<string | number, string>;
}

/** Texts, numbers and secrets by key. */
export type Values = Readonly<Record<string, string | number | Secret>>;

/** What has settings: a source, or a sink. */
export interface Settled {
  readonly settings: readonly SettingDefinition[];
  /** What is wrong with settings that are right each by themselves, a sentence for each; wrong ones are left out of `values`. */
  check?(values: Values): string[];
}

/** What the resolver must know of a source. */
export interface SourceSettings extends Settled {
  readonly kind: string;
}

/** A collector's settings, checked. */
export interface CollectorSettings {
  readonly collector: string;
  readonly source: string;
  readonly values: Values;
}

/** How many events a page holds: `searchCount` of the article, up to what the source allows. */
export function searchCountSetting(max: number): SettingDefinition {
  return {
    key: 'searchCount',
    env: 'SEARCH_COUNT',
    meaning: 'Events asked for with one request',
    expected: `a whole number from 1 to ${max}`,
    default: String(max),
    schema: z
      .string()
      .regex(/^\d{1,9}$/)
      .transform(Number)
      .refine((count) => count >= 1 && count <= max),
  };
}

/** An http or https URL without credentials, query or fragment; a trailing slash is left out. */
export const baseUrlSchema = z
  .string()
  .refine((text) => {
    if (!URL.canParse(text) || /[?#]/.test(text)) return false;
    const url = new URL(text);
    const plain = url.username === '' && url.password === '';
    return plain && (url.protocol === 'https:' || url.protocol === 'http:');
  })
  .transform((text) => text.replace(/\/+$/, ''));

/** Whether it, or another of those it is one of, must be set: where one of these is set, the collector is meant to exist. */
export function isRequired({ default: text, optional }: SettingDefinition): boolean {
  return text === undefined && !optional;
}

/** What a row of docs/settings.md says where there is no default. */
export function withoutDefault(definition: SettingDefinition): string {
  if (definition.oneOf !== undefined) return `one of ${definition.oneOf}`;
  return definition.optional ? 'none' : 'required';
}

/** Text without line breaks or other control characters, up to `max` characters. */
export function plainText(max = 200) {
  return z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\u0000-\u001f\u007f]+$/);
}
