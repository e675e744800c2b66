import { createHash } from 'node:crypto';
import { Secret } from '../secret.js';
import type { Values } from './definition.js';

/** Hash that changes with the settings of a source or sink, including their secrets, without revealing them. */
export function fingerprintOf(kind: string, values: Values): string {
  const texts = Object.entries(values).map(([key, value]) => [key, value instanceof Secret ? value.reveal() : value]);
  return createHash('sha256')
    .update(JSON.stringify([kind, texts]))
    .digest('hex');
}
