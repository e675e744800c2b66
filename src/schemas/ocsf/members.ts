import { parseJson } from '../../json-parse.js';
import { skipString } from '../../json-slices.js';
import { isJsonObject, textOf } from '../../json-values.js';
import type { Json } from './json.js';
import { cleanText } from './values.js';

/** The members of an event, or of an object in it. What is read counts as mapped; `rest` is what nobody read. */
export class Members {
  readonly #values: Json;
  readonly #read = new Set<string>();
  readonly #nested = new Map<string, Members>();

  constructor(values: unknown) {
    this.#values = isJsonObject(values) ? values : {};
  }

  /** The first of these members that is a text with something in it, or another plain value. */
  text(...names: string[]): string | undefined {
    return this.textThat(() => true, ...names);
  }

  /** As `text`, but only a text that passes; others count as not read. */
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
   * The first of these members that names something, and the text: the first one of a list. A list of several counts
   * as not read, since only one of its texts is.
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

  /** The texts of a list, or the one text that stands in its place. Does not count as read. */
  texts(name: string): string[] {
    const value = this.#own(name);
    if (Array.isArray(value)) return value.map(plainText).filter((text) => text !== undefined);
    const text = plainText(value);
    return text === undefined ? [] : [text];
  }

  /** A member as it is, without counting as read. */
  peek(name: string): unknown {
    return this.#own(name);
  }

  /** Counts members as read that are told elsewhere, or not at all. */
  pass(...names: string[]): this {
    for (const name of names) this.#read.add(name);
    return this;
  }

  /** The members of an object in it; none where it is no object, which then counts as not read. */
  nested(name: string): Members {
    const known = this.#nested.get(name);
    if (known) return known;
    const value = this.#own(name);
    const members = new Members(value);
    if (isJsonObject(value)) this.#nested.set(name, members);
    return members;
  }

  /** The members that nobody read and that say something: not those that are null or the empty text. */
  rest(): Json {
    return Object.fromEntries(this.entries());
  }

  /** As `rest`, by name and value: a member may be called __proto__. */
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

/** A text or another plain value that says something. */
export function plainText(value: unknown): string | undefined {
  const text = textOf(value);
  return text ? cleanText(text) : undefined;
}

function isNothing(value: unknown): boolean {
  return value === null || value === '' || (isJsonObject(value) && Object.keys(value).length === 0);
}

const depthMax = 24;

/** A value of JSON that every reader takes, and that `JSON.stringify` writes without running out of stack. */
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
 * `parseJson`, in which numbers that a double would change are texts: an id of 19 digits stays the id. Undefined where
 * the text is no JSON.
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
