import { isJsonObject } from '../json-values.js';
import type { Shape } from '../schemas/ocsf/attributes.js';

interface Fitted {
  /** The part that fits the shape; undefined if nothing does. */
  value: unknown;
  /** The rest, unchanged. */
  rest: unknown;
}

const nothing: Fitted = { value: undefined, rest: undefined };

/**
 * Splits a value into the part that fits a column's shape and the rest: values of another type, members that the shape
 * lacks, lists with an item that does not fit.
 */
export function fitted(value: unknown, shape: Shape): Fitted {
  if (value === undefined || value === null) return nothing;
  if (typeof shape === 'string') {
    const scalar = scalarOf(value, shape);
    return scalar === undefined ? { value: undefined, rest: value } : { value: scalar, rest: undefined };
  }
  if (isList(shape)) return fittedList(value, shape[0]);
  if (!isJsonObject(value)) return { value: undefined, rest: value };
  return fittedObject(value, shape);
}

function fittedObject(object: Record<string, unknown>, shape: Exclude<Shape, string | readonly [Shape]>): Fitted {
  const rest: [string, unknown][] = [];
  let kept: Record<string, unknown> | undefined;
  for (const name of Object.keys(object)) {
    const part = Object.hasOwn(shape, name)
      ? fitted(object[name], shape[name]!)
      : { value: undefined, rest: object[name] };
    if (part.value !== undefined) {
      kept ??= {};
      kept[name] = part.value;
    }
    if (part.rest !== undefined) rest.push([name, part.rest]);
  }
  // A member may be called __proto__, which assignment would lose.
  return { value: kept, rest: rest.length === 0 ? undefined : Object.fromEntries(rest) };
}

/** A list goes into its column completely or not at all, so that no item changes its position. */
function fittedList(value: unknown, of: Shape): Fitted {
  if (!Array.isArray(value)) return { value: undefined, rest: value };
  const items = value.map((item) => fitted(item, of));
  const fits = items.every((item) => item.value !== undefined && item.rest === undefined);
  return fits ? { value: items.map((item) => item.value), rest: undefined } : { value: undefined, rest: value };
}

function scalarOf(value: unknown, shape: 'text' | 'int32' | 'int64' | 'boolean'): unknown {
  if (shape === 'text') return typeof value === 'string' ? value.toWellFormed() : undefined;
  if (shape === 'boolean') return typeof value === 'boolean' ? value : undefined;
  return integerOf(value, shape === 'int32' ? 32 : 64) ?? undefined;
}

/** A number if it fits into 32 bits, else a bigint; null if the value is not an integer of this many bits. */
function integerOf(value: unknown, bits: 32 | 64): number | bigint | null {
  if (typeof value !== 'bigint' && !(typeof value === 'number' && Number.isInteger(value))) return null;
  const exact = BigInt(value);
  if (exact !== BigInt.asIntN(bits, exact)) return null;
  return bits === 32 ? Number(exact) : exact;
}

export function isList(shape: Shape): shape is readonly [Shape] {
  return Array.isArray(shape);
}
