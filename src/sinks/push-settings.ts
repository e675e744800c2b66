import { z } from 'zod';
import { baseUrlSchema, type SettingDefinition } from '../settings/definition.js';

/** Settings that several kinds of sinks which push have. */
export function baseUrlSetting(meaning: string): SettingDefinition {
  return {
    key: 'url',
    env: 'URL',
    meaning,
    expected: 'an http or https URL without a query',
    guarded: true,
    schema: baseUrlSchema,
  };
}

export function countSetting(
  own: Pick<SettingDefinition, 'key' | 'env' | 'meaning'>,
  [least, most]: readonly [number, number],
  otherwise: number,
): SettingDefinition {
  return {
    ...own,
    expected: `a whole number from ${least} to ${most}`,
    default: String(otherwise),
    schema: z
      .string()
      .regex(/^\d{1,9}$/)
      .transform(Number)
      .refine((count) => count >= least && count <= most),
  };
}

export function yesNoSetting(
  own: Pick<SettingDefinition, 'key' | 'env' | 'meaning'> & { guarded?: boolean },
  otherwise: 'yes' | 'no',
): SettingDefinition {
  return { ...own, expected: 'yes or no', default: otherwise, schema: z.enum(['yes', 'no']) };
}

export const gzipSetting = yesNoSetting(
  { key: 'gzip', env: 'GZIP', meaning: 'Whether requests are compressed with gzip' },
  'yes',
);

/** What may stand in a header: printable ASCII. */
export const headerText = z
  .string()
  .min(1)
  .max(4096)
  .regex(/^[\u0020-\u007e]+$/);

/** A word of printable ASCII without spaces. */
export function word(max: number) {
  return z
    .string()
    .min(1)
    .max(max)
    .regex(/^[\u0021-\u007e]+$/);
}
