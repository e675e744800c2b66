import { createHash } from 'node:crypto';
import { Secret } from '../secret.js';
import type { Values } from './definition.js';

/** Tells the settings of a source or sink from others, by their secrets as well, and keeps none of them. */
export function fingerprintOf(kind: string, values: Values): string {
  const texts = Object.entries(values).map(([key, value]) => [key, value instanceof Secret ? value.reveal() : value]);
  return createHash('sha256')
    .update(JSON.stringify([kind, texts]))
    .digest('hex');
}
