import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';

/** Keys by their id; the first one encrypts, all of them decrypt. */
export type PayloadKeys = ReadonlyMap<string, KeyObject>;

const keyBytes = 32;
const keyId = /^[A-Za-z0-9_.-]{1,64}$/;

export const keysForm = 'ID:KEY, or several separated by commas; a KEY is 32 bytes in base64';

/** Parses TRAWL_PAYLOAD_KEYS; undefined if the text is malformed. */
export function parseKeys(text: string): PayloadKeys | undefined {
  const keys = new Map<string, KeyObject>();
  for (const part of text.split(/[\s,]+/).filter(Boolean)) {
    const at = part.indexOf(':');
    const [id, encoded] = [part.slice(0, at), part.slice(at + 1)];
    const bytes = Buffer.from(encoded, 'base64');
    const isWhole = bytes.toString('base64').replace(/=+$/, '') === encoded.replace(/=+$/, '');
    if (at < 1 || !keyId.test(id) || keys.has(id) || bytes.length !== keyBytes || !isWhole) return undefined;
    keys.set(id, createSecretKey(bytes));
  }
  return keys.size > 0 ? keys : undefined;
}

/** Makes a new key in the form of the setting. */
export function newKey(id: string): string {
  return `${id}:${randomBytes(keyBytes).toString('base64')}`;
}
