import { skipPrimitive, skipSpace, skipString } from './json-slices.js';

/**
 * Matches the last escape of a key, and a few values that look like one. A false match only costs the slower parser.
 */
const escapedKey = /\\.[^"\\]*"\s*:/s;

/**
 * `JSON.parse` for foreign JSON whose keys are written out again. From Node.js 24 on, `JSON.parse` reads the key `"\n"`
 * as `"\\"` if it has read the latter before in an object of the same shape, in this text or in any other
 * (https://github.com/nodejs/node/issues/63785). So one event of a vendor could change how another is read.
 *
 * @throws SyntaxError as `JSON.parse` does.
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return escapedKey.test(text) ? read(text) : value;
}

type Container = unknown[] | Record<string, unknown>;

/** Parses each key and each leaf separately. Does not recurse, since the text may be nested to any depth. */
function read(text: string): unknown {
  const open: { container: Container; key: string }[] = [];
  let at = skipSpace(text, 0);
  for (;;) {
    const first = text[at]!;
    const inside = open.at(-1);
    if (first === ',') {
      at = skipSpace(text, at + 1);
      if (inside && !Array.isArray(inside.container)) at = readKey(inside, text, at);
      continue;
    }
    let value: unknown;
    if (first === '}' || first === ']') {
      value = open.pop()!.container;
      at += 1;
    } else if (first === '{' || first === '[') {
      const container: Container = first === '{' ? {} : [];
      const opened = { container, key: '' };
      if (inside) put(inside, container);
      open.push(opened);
      at = skipSpace(text, at + 1);
      if (first === '{' && text[at] === '"') at = readKey(opened, text, at);
      continue;
    } else {
      const end = first === '"' ? skipString(text, at) : skipPrimitive(text, at);
      value = JSON.parse(text.slice(at, end));
      if (inside) put(inside, value);
      at = end;
    }
    if (open.length === 0) return value;
    at = skipSpace(text, at);
  }
}

/** Reads the key at `at` and returns the position of its value. */
function readKey(inside: { key: string }, text: string, at: number): number {
  const end = skipString(text, at);
  inside.key = JSON.parse(text.slice(at, end)) as string;
  return skipSpace(text, skipSpace(text, end) + 1);
}

function put({ container, key }: { container: Container; key: string }, value: unknown): void {
  if (Array.isArray(container)) container.push(value);
  else if (key !== '__proto__') container[key] = value;
  else Object.defineProperty(container, key, { value, enumerable: true, configurable: true, writable: true });
}
