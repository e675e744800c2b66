import { isIP } from 'node:net';
import type { Json } from './json.js';

/** Maximum length of `string_t` in OCSF 1.3.0, in characters. */
export const textMax = 65_535;

/** Makes a text valid for records: without lone surrogates, and no longer than OCSF allows. */
export function cleanText(text: string): string {
  const wellFormed = text.isWellFormed() ? text : text.toWellFormed();
  return wellFormed.length <= textMax ? wellFormed : wellFormed.slice(0, cutAt(wellFormed));
}

/** The index at which to cut a text, not within a surrogate pair. */
export function cutAt(text: string): number {
  const last = text.charCodeAt(textMax - 1);
  return last >= 0xd800 && last <= 0xdbff ? textMax - 1 : textMax;
}

/** `ip_t` of OCSF 1.3.0 has at most 40 characters. */
export function isIpText(text: string): boolean {
  return text.length <= 40 && isIP(text) !== 0;
}

const hostname = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/i;

export function isHostname(text: string): boolean {
  return text.length <= 253 && hostname.test(text);
}

const email = /^[a-z0-9!#$%&'*+/=?^_`{|}~.-]+@[a-z0-9-]+\.[a-z0-9.-]+$/i;

export function isEmail(text: string): boolean {
  return text.length <= 254 && email.test(text);
}

/** The object without undefined members. */
export function defined(object: Json): Json {
  const names = Object.keys(object);
  if (names.every((name) => object[name] !== undefined)) return object;
  // Not with `delete`, which slows down every later use of the object.
  const result: Json = {};
  for (const name of names) if (object[name] !== undefined) result[name] = object[name];
  return result;
}

/** Like `defined`, but undefined if nothing is left. */
export function something(object: Json): Json | undefined {
  const left = defined(object);
  return Object.keys(left).length === 0 ? undefined : left;
}
