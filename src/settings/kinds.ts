import { z } from 'zod';
import { wholeNumber } from '../whole-number.js';
import type { Setting } from './definition.js';

type Own = Pick<Setting, 'env' | 'meaning' | 'guarded' | 'throughTemporal'>;

/** The range of a whole number, both ends included. */
type Range = readonly [least: number, most: number];

export function wholeNumberSetting(own: Own, [least, most]: Range, otherwise: number) {
  return {
    ...own,
    expected: `a whole number from ${least} to ${most}`,
    default: String(otherwise),
    schema: wholeNumberSchema([least, most]),
  };
}

export function wholeNumberSchema([least, most]: Range) {
  return z
    .string()
    .refine((text) => wholeNumber(text, least, most) !== undefined)
    .transform(Number);
}

/** Accepts one of the words; the first is the default. */
export function wordSetting<const Words extends readonly [string, ...string[]]>(own: Own, words: Words) {
  return { ...own, expected: `one of ${words.join(', ')}`, default: words[0], schema: z.enum(words) };
}

export function yesNoSetting(own: Own, otherwise: 'yes' | 'no') {
  const schema = z.enum(['yes', 'no']).transform((word) => word === 'yes');
  return { ...own, expected: 'yes or no', default: otherwise, schema };
}

export function trueFalseSetting(own: Own, otherwise: 'true' | 'false') {
  const schema = z.enum(['true', 'false']).transform((word) => word === 'true');
  return { ...own, expected: 'true or false', default: otherwise, schema };
}

/** Number of events on a page: the article's `searchCount`, up to the source's limit. */
export function searchCountSetting(most: number) {
  return wholeNumberSetting(
    { env: 'SEARCH_COUNT', meaning: 'Number of events per request', throughTemporal: true },
    [1, most],
    most,
  );
}

/** Base URL of requests. It is guarded, since it decides where secrets go. */
export function baseUrlSetting(own: Pick<Setting, 'env' | 'meaning'>, vendorHosts: readonly string[] = []) {
  return {
    ...own,
    expected: 'an http or https URL without a query',
    guarded: true,
    address: { vendorHosts },
    schema: baseUrlSchema,
  };
}

/** An http or https URL without credentials, query or fragment; trailing slashes are removed. */
export const baseUrlSchema = z
  .string()
  .refine((text) => isPlainUrl(text) && !/[?#]/.test(text))
  .transform((text) => text.replace(/\/+$/, ''));

/** True for an http or https URL without a user or a password in it. */
export function isPlainUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { username, password, protocol } = new URL(text);
  return username === '' && password === '' && (protocol === 'https:' || protocol === 'http:');
}

/** Text without line breaks or other control characters, up to `max` characters. */
export function plainText(max = 200) {
  return z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\u0000-\u001f\u007f]+$/);
}
