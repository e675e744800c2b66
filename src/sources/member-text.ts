import { textOf } from '../json-values.js';

/** A member as text: absent, null and anything that is no plain value prints as nothing. */
export function memberText(value: unknown): string {
  return textOf(value) ?? '';
}
