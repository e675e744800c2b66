import { textOf } from '../json-values.js';

/** A member as text; empty if it is absent, null or not a plain value. */
export function memberText(value: unknown): string {
  return textOf(value) ?? '';
}
