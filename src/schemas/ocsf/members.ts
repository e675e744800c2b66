import { parseJson } from '../../json-parse.js';
import { skipString } from '../../json-slices.js';
import { isJsonObject, textOf } from '../../json-values.js';
import type { Json } from './json.js';
import { cleanText } from './values.js';

/** The members of an event, or of an object in it. Members that are read count as mapped; `rest` returns the others. */
export class Members {
  readonly #values: Json;
  readonly #read = new Set<string>();
  readonly #nested = new Map<string, Members>();

  constructor(values: unknown) {
    this.#values = isJsonObject(values) ? values : {};
  }

  /** Reads the first of these members that is a non-empty text or another plain value. */
  text(...names: string[]): string | undefined {
    return this.textThat(() => true, ...names);
  }

  /** Like `text`, but skips texts that do not pass; those do not count as read. */
  textThat(passes: (text: string) => boolean, ...names: string[]): string | undefined {
    for (const name of names) {
      const found = plainText(this.#own(name));
      if (found === undefined || !passes(found)) continue;
      this.#read.add(name);
      return found;
    }
    return undefined;
  }

  /**
   * Reads the first of these members that has a text, or the first text of a list. A list with several texts does not
   * count as read, since only one of them is returned.
   */
  first(...names: string[]): { text: string; alone: boolean } | undefined {
    for (const name of names) {
      const value = this.#own(name);
      const texts = Array.isArray(value) ? value.map(plainText).filter((text) => text !== undefined) : [];
      const found = Array.isArray(value) ? texts[0] : plainText(value);
      if (found === undefined) continue;
      const alone = !Array.isArray(value) || value.length === 1;
      if (alone) this.#read.add(name);
      return { text: found, alone };
    }
    return undefined;
  }

  /** The texts of a list, or a single text. Does not count as read. */
  texts(name: string): string[] {
    const value = this.#own(name);
    if (Array.isArray(value)) return value.map(plainText).filter((text) => text !== undefined);
    const text = plainText(value);
    return text === undefined ? [] : [text];
  }

  /** A member unchanged. Does not count as read. */
  peek(name: string): unknown {
    return this.#own(name);
  }

  /** Marks members as read that are mapped elsewhere, or left out on purpose. */
  pass(...names: string[]): this {
    for (const name of names) this.#read.add(name);
    return this;
  }

  /** The members of a nested object; none if the value is not an object, which then does not count as read. */
  nested(name: string): Members {
    const known = this.#nested.get(name);
    if (known) return known;
    const value = this.#own(name);
    const members = new Members(value);
    if (isJsonObject(value)) this.#nested.set(name, members);
    return members;
  }

  /** The members that were not read, without null and empty ones. */
  rest(): Json {
    return Object.fromEntries(this.entries());
  }

  /** Like `rest`, as pairs of name and value, since a member may be called __proto__. */
  entries(): [string, unknown][] {
    const entries: [string, unknown][] = [];
    for (const name of Object.keys(this.#values)) {
      if (this.#read.has(name)) continue;
      const nested = this.#nested.get(name);
      const value = nested ? nested.rest() : clean(this.#values[name], 0);
      if (!isNothing(value)) entries.push([cleanText(name), value]);
    }
    return entries;
  }

  #own(name: string): unknown {
    return Object.hasOwn(this.#values, name) ? this.#values[name] : undefined;
  }
}

/** A plain value as text; undefined if it is empty or not plain. */
export function plainText(value: unknown): string | undefined {
  const text = textOf(value);
  return text ? cleanText(text) : undefined;
}

function isNothing(value: unknown): boolean {
  return value === null || value === '' || (isJsonObject(value) && Object.keys(value).length === 0);
}

const depthMax = 24;

/** Turns a value into JSON that every reader accepts and that does not overflow the stack of `JSON.stringify`. */
export function clean(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return value.isWellFormed() ? value : value.toWellFormed();
  // 1e400 is valid JSON, and -0 is written as 0.
  if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === depthMax) return '[nested too deeply: raw_data has it]';
  if (Array.isArray(value)) return value.map((element) => clean(element, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [cleanText(name), clean(inner, depth + 1)]));
}

/**
 * Like `parseJson`, but numbers that a double would change become texts, so that an id of 19 digits stays intact.
 * Undefined if the text is not JSON.
 */
export function parseExactly(text: string): unknown {
  try {
    const value = parseJson(text);
    return longNumber.test(text) ? parseJson(withLongNumbersQuoted(text)) : value;
  } catch {
    return undefined;
  }
}

const longNumber = /\d[\d.]{15}/;

function withLongNumbersQuoted(text: string): string {
  let result = '';
  for (let at = 0; at < text.length; ) {
    const quote = text.indexOf('"', at);
    const between = text.slice(at, quote === -1 ? text.length : quote);
    result += longNumber.test(between) ? between.replace(/-?\d[\d.]{15,}(?:[eE][+-]?\d+)?/g, exact) : between;
    if (quote === -1) break;
    at = skipString(text, quote);
    result += text.slice(quote, at);
  }
  return result;
}

function exact(number: string): string {
  return String(Number(number)) === number ? number : `"${number}"`;
}
